//! Evidence that a third party can check.

use std::sync::Arc;

use crate::mirror::given;
use crate::task::run_until;
use crate::{CancelToken, JournalError};

given! {
    /// What a bundle of evidence proves.
    #[of(sidelight::Evidence)]
    pub struct Evidence {
        /// The id of who made it: 64 hexadecimal digits.
        pub exporter: String,
        /// How many entries it proves.
        pub entries: i64,
        /// Who wrote them.
        pub persons: Vec<EvidencePerson>,
    }
}

given! {
    /// Somebody who wrote in a bundle, or made it.
    #[of(sidelight::EvidencePerson)]
    pub struct EvidencePerson {
        /// Their id: 64 hexadecimal digits. This is what is proved.
        pub id: String,
        /// What whoever made the bundle says that they were called. Nothing proves it.
        pub name: String,
        /// How many of the entries they began.
        pub entries: i64,
    }
}

/// Checks a folder of evidence that `Journal.export` has made. It needs no key, no journal and no
/// network, and believes nothing that is not signed. With `page`, it writes what it has proved as
/// a page to read and to print; one that is there already is left alone. What it proves, and what
/// not, stands in the folder's `README.txt`.
///
/// Fails by the first thing that is wrong: as Invalid if something is not proved; NotFound if the
/// folder cannot be read; UpdateNeeded if a newer version made it; Storage if all is proved and
/// the page cannot be written; Cancelled by `cancel`.
#[uniffi::export(default(page = None, cancel = None))]
pub async fn verify_evidence(
    folder: String,
    page: Option<String>,
    cancel: Option<Arc<CancelToken>>,
) -> Result<Evidence, JournalError> {
    let page = page.map(Into::into);
    run_until(cancel, async move {
        sidelight::verify_evidence(folder.into(), page).await
    })
    .await
}
