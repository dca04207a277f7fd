//! BIP-39's English vectors, as Trezor publishes them (`vectors.json` of python-mnemonic), in the
//! direction that recovery opens: words to entropy; and back.

use serde_json::Value;
use sidelight_crypto::{RECOVERY_WORDS, RecoveryWords, WordsError};
use sidelight_format::Secret;

use crate::{field, field_array, list, report};

#[test]
fn bip39_english_words() {
    let all: Value = serde_json::from_str(include_str!("bip39.json")).unwrap();
    let mut ours = 0;
    for vector in list(&all) {
        let words = vector["words"].as_str().unwrap();
        let entropy = field(vector, "entropy");
        let opened = bip39::Mnemonic::parse_in(bip39::Language::English, words).unwrap();
        assert_eq!(opened.to_entropy(), entropy);
        let count = words.split(' ').count();
        if count != RECOVERY_WORDS {
            assert_eq!(
                RecoveryWords::parse(words),
                Err(WordsError::Count { found: count })
            );
            continue;
        }
        ours += 1;
        let secret = Secret::new(field_array(vector, "entropy"));
        assert_eq!(RecoveryWords::parse(words).unwrap().entropy(), secret);
        let back: Vec<_> = RecoveryWords::of(&secret).expose().collect();
        assert_eq!(back.join(" "), words);
    }
    assert_eq!((list(&all).len(), ours), (24, 8));
    report(
        "BIP-39 English: 24 opened (words to entropy), of which the 8 with 24 words through \
         `RecoveryWords`, and back; the seeds are not used here, so not checked",
    );
}
