//! Agreements and conversations, which lie in two lanes.

use sidelight::kinds::{Agreement, Conversation, Proposal, Said};
use sidelight::{
    AgreementState, Draft, ErrorKind, Field, FieldEdit, FieldValue, Journal, TextEdit,
};

use crate::support::{couple, relay, shared, sync};

fn said(text: &str) -> Said {
    Said::new(text).unwrap()
}

async fn both(one: &Journal, other: &Journal) {
    for journal in [one, other, one] {
        sync(journal).await;
    }
}

async fn state(journal: &Journal) -> AgreementState {
    let all = journal.agreements().await.unwrap();
    assert_eq!(all.len(), 1);
    all[0].state
}

const NOBODY: AgreementState = AgreementState::Open {
    mine: false,
    theirs: false,
};
const ONLY_THEY: AgreementState = AgreementState::Open {
    mine: false,
    theirs: true,
};
const ONLY_ME: AgreementState = AgreementState::Open {
    mine: true,
    theirs: false,
};

#[tokio::test]
async fn an_agreement_holds_for_the_exact_words_that_both_assented_to() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let (ada, bo) = (&ada.journal, &bo.journal);
    let proposal = Agreement::Proposal(Proposal::new(said("phones off at nine"), None));
    let proposal = Draft {
        shared: true,
        ..Draft::of(&proposal)
    };
    let id = ada.write(proposal).await.unwrap();
    both(ada, bo).await;
    assert_eq!((state(ada).await, state(bo).await), (ONLY_ME, ONLY_THEY));
    // Nobody withdraws what they did not say.
    let nothing = bo.withdraw_from(id.clone()).await.unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::Invalid);

    let read = bo.entry(id.clone()).await.unwrap().version;
    bo.assent(id.clone(), read.clone()).await.unwrap();
    both(bo, ada).await;
    let in_force = (AgreementState::InForce, AgreementState::InForce);
    assert_eq!((state(ada).await, state(bo).await), in_force);

    // One letter after one assent, and nobody has agreed to it.
    let edit = TextEdit {
        at: 14,
        delete: 4,
        insert: "ten".into(),
    };
    ada.edit(id.clone(), None, vec![edit]).await.unwrap();
    both(ada, bo).await;
    assert_eq!((state(ada).await, state(bo).await), (NOBODY, NOBODY));
    let stale = bo.assent(id.clone(), read).await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::Invalid);
    assert!(stale.to_string().contains("changed since"), "{stale}");
    for journal in [bo, ada] {
        let read = journal.entry(id.clone()).await.unwrap().version;
        journal.assent(id.clone(), read).await.unwrap();
    }
    both(bo, ada).await;
    assert_eq!((state(ada).await, state(bo).await), in_force);
    let thread = ada.thread(id.clone()).await.unwrap();
    assert_eq!(thread.replies.len(), 1, "it is the same assent, said anew");

    // Either withdraws alone, named by the proposal, and nobody brings it back.
    bo.withdraw_from(id.clone()).await.unwrap();
    both(bo, ada).await;
    let withdrawn = (AgreementState::Withdrawn, AgreementState::Withdrawn);
    assert_eq!((state(ada).await, state(bo).await), withdrawn);
    let read = ada.entry(id.clone()).await.unwrap().version;
    let again = ada.assent(id, read).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Invalid);
    let moment = ada.write(shared("rain")).await.unwrap();
    let read = ada.entry(moment.clone()).await.unwrap().version;
    assert!(
        ada.assent(moment, read).await.is_err(),
        "that is no proposal"
    );
}

#[tokio::test]
async fn a_conversation_has_turns_of_both_and_a_pause_while_one_of_them_asks_for_it() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let (ada, bo) = (&ada.journal, &bo.journal);
    let begin = Conversation::begin(said("Sundays")).need(said("rest"));
    let begin = Draft {
        shared: true,
        ..Draft::of(&begin)
    };
    let id = ada.write(begin).await.unwrap();
    both(ada, bo).await;
    let turn = |text: &str, paused: bool| {
        let mut fields = vec![Field {
            name: "target".into(),
            value: FieldValue::Text(id.clone()),
        }];
        fields.extend(paused.then(|| Field {
            name: "paused".into(),
            value: FieldValue::Flag(true),
        }));
        Draft {
            kind: "conversation".into(),
            fields,
            ..shared(text)
        }
    };
    bo.write(turn("I like them slow", false)).await.unwrap();
    let pause = bo.write(turn("", true)).await.unwrap();
    both(bo, ada).await;
    ada.write(turn("so do I", false)).await.unwrap();
    both(ada, bo).await;
    for journal in [ada, bo] {
        let read = journal.conversation(id.clone()).await.unwrap();
        assert!(read.paused && read.begun.text == "Sundays");
        assert_eq!(read.turns.len(), 3);
        // By a turn in it, too.
        assert_eq!(journal.conversation(pause.clone()).await.unwrap(), read);
    }
    // Whoever asked for the pause ends it, and nobody else.
    let goes_on = vec![FieldEdit::Set(Field {
        name: "paused".into(),
        value: FieldValue::Flag(false),
    })];
    let theirs = ada.edit_fields(pause.clone(), None, goes_on.clone()).await;
    assert_eq!(theirs.unwrap_err().kind(), ErrorKind::Invalid);
    bo.edit_fields(pause, None, goes_on).await.unwrap();
    both(bo, ada).await;
    assert!(!ada.conversation(id.clone()).await.unwrap().paused);
    let moment = ada.write(shared("rain")).await.unwrap();
    let other = ada.conversation(moment).await.unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Invalid);
}
