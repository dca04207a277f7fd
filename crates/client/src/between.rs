//! Agreements and conversations: what lies in two lanes, read as one.

use sidelight_format::{EntryId, PersonId};
use sidelight_journal::kinds::{Agreed, Agreement, Assent, Conversation, Meaning, Proposal, Typed};
use sidelight_journal::search::term;
use sidelight_store::Store;
use sidelight_store::search::{Clause, Span};

use crate::convert::{self, People};
use crate::device::seek::{self, Wanted};
use crate::device::view::{self, EntryView};
use crate::reading::{self, PAGE_LEN_MAX};
use crate::records::{Draft, Entry};
use crate::{Error, Journal, Reader};

/// A proposal, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementShown {
    /// The proposal. Its text, and the day of review in its field `review`, are what is agreed.
    pub proposal: Entry,
    /// How it stands.
    pub state: AgreementState,
}

/// How an agreement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AgreementState {
    /// Both assent to what it says now.
    InForce,
    /// Somebody has yet to assent to what it says now. A change of a letter leaves every assent
    /// behind.
    Open {
        /// Whether this person assents.
        mine: bool,
        /// Whether the other does.
        theirs: bool,
    },
    /// One of the two withdrew, which needs nobody else.
    Withdrawn,
}

/// A conversation: what it is about, and turns of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationShown {
    /// The entry that began it.
    pub begun: Entry,
    /// The turns, the oldest first, up to 1,000.
    pub turns: Vec<Entry>,
    /// Whether there is a pause: one of the two has asked for it, and not ended it.
    pub paused: bool,
}

impl Journal {
    /// What was proposed and agreed, the newest first, up to 1,000.
    ///
    /// # Errors
    /// Storage.
    pub async fn agreements(&self) -> Result<Vec<AgreementShown>, Error> {
        self.call(|driver| driver.read(agreements)).await
    }

    /// Assents to a proposal as it is in `version`, which is the one that the person read.
    ///
    /// # Errors
    /// Invalid if it says something else by now, was withdrawn, or is no proposal; Not found; Not
    /// paired; Storage.
    pub async fn assent(&self, id: String, version: String) -> Result<(), Error> {
        self.call(move |driver| {
            let read = convert::version(&version)?;
            let now = driver.clock.now();
            driver.act(|device, outside| {
                let store = device.store();
                let found = Found::of(store, &convert::entry_id(store, &id)?)?;
                if found.view.version != read {
                    return Err(Error::invalid(
                        "it was changed since you read it; read it again, then say yes to that",
                    ));
                }
                if found.state() == AgreementState::Withdrawn {
                    return Err(Error::invalid(
                        "this was withdrawn; propose it anew if both of you want it again",
                    ));
                }
                let wording = found.proposal.wording();
                let (entry, edit) = if found.view.preimage.owner == found.me {
                    (Some(found.view.id), Proposal::assent_to(wording))
                } else {
                    (found.own(), Assent::again(wording))
                };
                let Some(entry) = entry else {
                    let assent = Agreement::Assent(Assent::to(found.view.id, wording));
                    let draft = Draft {
                        shared: true,
                        ..Draft::of(&assent)
                    };
                    device.write(&[convert::draft(draft, now)?], outside)?;
                    return Ok(());
                };
                device.edit(&entry, None, &[edit], outside).map(drop)
            })
        })
        .await
    }

    /// Withdraws from an agreement, or takes a proposal back: at once, needing nobody.
    ///
    /// # Errors
    /// Invalid if this person neither proposed it nor assented; Not found; Storage.
    pub async fn withdraw_from(&self, id: String) -> Result<(), Error> {
        self.call(move |driver| {
            driver.act(|device, outside| {
                let store = device.store();
                let found = Found::of(store, &convert::entry_id(store, &id)?)?;
                let entry = if found.view.preimage.owner == found.me {
                    found.view.id
                } else {
                    found.own().ok_or_else(|| {
                        Error::invalid("you have not assented to this, so nothing holds you to it")
                    })?
                };
                let edits = [Agreement::withdraw()];
                device.edit(&entry, None, &edits, outside).map(drop)
            })
        })
        .await
    }

    /// A conversation, by the entry that began it or by any turn in it.
    ///
    /// # Errors
    /// Invalid for an entry of another kind; Not found, also if what began it was taken back;
    /// Storage.
    pub async fn conversation(&self, id: String) -> Result<ConversationShown, Error> {
        self.call(move |driver| driver.read(|store| conversation(store, &id)))
            .await
    }
}

impl Reader {
    /// What was proposed and agreed, as [`Journal::agreements`].
    ///
    /// # Errors
    /// As there.
    pub async fn agreements(&self) -> Result<Vec<AgreementShown>, Error> {
        self.read(agreements).await
    }

    /// A conversation, as [`Journal::conversation`].
    ///
    /// # Errors
    /// As there.
    pub async fn conversation(&self, id: String) -> Result<ConversationShown, Error> {
        self.read(move |store| conversation(store, &id)).await
    }
}

/// A proposal and what was said to it.
struct Found {
    me: PersonId,
    view: EntryView,
    proposal: Proposal,
    answers: Vec<(EntryId, PersonId, Assent)>,
}

impl Found {
    /// The proposal of this id, or the one to which the entry of this id assents.
    fn of(store: &dyn Store, id: &EntryId) -> Result<Self, Error> {
        let mut view = heeded(store, id)?;
        if let Meaning::Agreement(Agreement::Assent(assent)) = Meaning::of(&view.rendered) {
            view = heeded(store, &assent.target())?;
        }
        Self::in_view(store, view)?
            .ok_or_else(|| Error::invalid("this is no agreement; choose one from the list of them"))
    }

    fn in_view(store: &dyn Store, view: EntryView) -> Result<Option<Self>, Error> {
        let Meaning::Agreement(Agreement::Proposal(proposal)) = Meaning::of(&view.rendered) else {
            return Ok(None);
        };
        let answers = pointing_at(store, &view.id)?
            .into_iter()
            .filter_map(|answer| match Meaning::of(&answer.rendered) {
                Meaning::Agreement(Agreement::Assent(assent)) => {
                    Some((answer.id, answer.preimage.owner, assent))
                }
                _ => None,
            });
        Ok(Some(Self {
            me: reading::me(store)?.0,
            answers: answers.collect(),
            proposal,
            view,
        }))
    }

    /// This person's own assent, whatever it assents to.
    fn own(&self) -> Option<EntryId> {
        let mut answers = self.answers.iter();
        let own = answers.find(|(_, person, _)| *person == self.me);
        own.map(|(id, ..)| *id)
    }

    fn state(&self) -> AgreementState {
        let proposer = self.view.preimage.owner;
        let answers = self
            .answers
            .iter()
            .map(|(_, person, assent)| (*person, assent));
        let stands = self.proposal.stands((self.view.id, proposer), answers);
        match stands {
            Agreed::InForce => AgreementState::InForce,
            Agreed::Withdrawn => AgreementState::Withdrawn,
            Agreed::Open {
                proposer: by_proposer,
                other,
            } => {
                let (mine, theirs) = match proposer == self.me {
                    true => (by_proposer, other),
                    false => (other, by_proposer),
                };
                AgreementState::Open { mine, theirs }
            }
        }
    }
}

fn agreements(store: &dyn Store) -> Result<Vec<AgreementShown>, Error> {
    let kind = sidelight_format::Kind::named(Agreement::KIND).expect("a name of a kind");
    let wanted = Wanted {
        clauses: vec![Clause::AnyOf(vec![Span::exactly(term::kind(&kind))])],
        heeded: true,
        ..Wanted::default()
    };
    let people = People::of(store)?;
    let mut shown = Vec::new();
    for view in seek::seek(store, &wanted, None, PAGE_LEN_MAX as usize)?.0 {
        if let Some(found) = Found::in_view(store, view)? {
            shown.push(AgreementShown {
                state: found.state(),
                proposal: people.entry(found.view),
            });
        }
    }
    Ok(shown)
}

fn conversation(store: &dyn Store, id: &str) -> Result<ConversationShown, Error> {
    let other = || Error::invalid("this is no conversation; choose an entry of one");
    let mut view = heeded(store, &convert::entry_id(store, id)?)?;
    let Meaning::Conversation(mut part) = Meaning::of(&view.rendered) else {
        return Err(other());
    };
    if let Some(about) = part.about {
        view = heeded(store, &about)?;
        let Meaning::Conversation(first) = Meaning::of(&view.rendered) else {
            return Err(other());
        };
        part = first;
    }
    let people = People::of(store)?;
    let (mut parts, mut turns) = (vec![part], Vec::new());
    for turn in pointing_at(store, &view.id)?.into_iter().rev() {
        if let Some(part) = Conversation::read(&turn.rendered) {
            parts.push(part);
            turns.push(people.entry(turn));
        }
    }
    Ok(ConversationShown {
        begun: people.entry(view),
        turns,
        paused: Conversation::is_paused(&parts),
    })
}

fn heeded(store: &dyn Store, id: &EntryId) -> Result<EntryView, Error> {
    match view::heeded(store, id)? {
        Some(view) => Ok(view),
        None => Err(reading::no_entry(store, id)?),
    }
}

/// What points at an entry and may do so, the newest first.
fn pointing_at(store: &dyn Store, id: &EntryId) -> Result<Vec<EntryView>, Error> {
    let wanted = Wanted {
        clauses: vec![Clause::AnyOf(vec![Span::exactly(term::target(id))])],
        heeded: true,
        ..Wanted::default()
    };
    Ok(seek::seek(store, &wanted, None, PAGE_LEN_MAX as usize)?.0)
}
