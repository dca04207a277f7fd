//! Pairing and writing, as persons do it.

use sidelight::device::{Device, Draft, PairingView};
use sidelight::{Error, ErrorKind};
use sidelight_format::{Edit, EntryDate, EntryId, InvitationLink, Kind};

use super::{ADA, BO, Story};

/// A day of January 2026.
pub fn day(day: u8) -> EntryDate {
    EntryDate::new(2026, 1, day, 60).expect("January has 31 days")
}

/// A private moment of 1 January.
pub fn draft(text: &str) -> Draft {
    Draft {
        kind: Kind::moment(),
        text: text.to_owned(),
        date: day(1),
        together: false,
        shared: false,
        fields: Vec::new(),
        source: None,
    }
}

/// A shared moment that only its writer may change.
pub fn shared(text: &str) -> Draft {
    Draft {
        shared: true,
        ..draft(text)
    }
}

/// A shared moment that both may change.
pub fn together(text: &str) -> Draft {
    Draft {
        together: true,
        ..shared(text)
    }
}

/// One splice.
pub fn splice(at: u32, delete: u32, insert: &str) -> [Edit; 1] {
    [Edit::Splice {
        at,
        delete,
        insert: insert.to_owned(),
    }]
}

impl Story {
    /// Ada and Bo, paired, and nothing on the way.
    pub fn of_a_couple(seed: u64) -> Self {
        let mut story = Self::new(seed, &["Ada", "Bo"]);
        story.pair();
        story
    }

    /// Ada invites, Bo joins, both see the same and say so.
    pub fn pair(&mut self) {
        let link = self.invite(ADA);
        self.join(BO, &link).expect("a fresh invitation");
        self.exchange();
        for home in [ADA, BO] {
            self.confirm(home, true).expect("there are emoji");
        }
        self.settle();
        for home in [ADA, BO] {
            assert!(self.status(home).shared.is_some(), "a pairing that agrees");
        }
    }

    /// Invites for an hour.
    pub fn invite(&mut self, home: usize) -> InvitationLink {
        self.command(home, |device, outside| device.invite(3600, outside))
            .expect("whoever has no partner may invite")
    }

    /// Shows a link for an own device, for an hour.
    ///
    /// # Errors
    /// The command's.
    pub fn link(&mut self, home: usize) -> Result<InvitationLink, Error> {
        self.command(home, |device, outside| device.link(3600, outside))
    }

    /// Links a new device to `home`'s person: both compare and confirm. Gives its home.
    pub fn link_device(&mut self, home: usize, name: &str) -> usize {
        let link = self.link(home).expect("nothing else is under way");
        let new = self.join_own(&link, name).expect("a fresh link");
        self.exchange();
        assert_eq!(self.emoji(home), self.emoji(new));
        for side in [home, new] {
            self.confirm(side, true).expect("there are emoji");
        }
        self.settle();
        assert_eq!(self.status(new).person, self.status(home).person);
        new
    }

    /// Removes one device of a person from another.
    ///
    /// # Errors
    /// The command's.
    pub fn remove(&mut self, home: usize, other: usize) -> Result<(), Error> {
        let id = self.own_id(other);
        self.command(home, |device, outside| device.remove_device(&id, outside))
    }

    /// What names a home's device to the others of its person.
    pub fn own_id(&self, home: usize) -> sidelight_format::VerifyingKey {
        let seed = self.device_record(home).signing;
        sidelight_crypto::DeviceSigningKey::from_seed(&seed).verifying_key()
    }

    /// Takes an invitation up.
    ///
    /// # Errors
    /// The command's.
    pub fn join(&mut self, home: usize, link: &InvitationLink) -> Result<(), Error> {
        self.command(home, |device, outside| device.join(link, outside))
    }

    /// Answers the comparison.
    ///
    /// # Errors
    /// The command's.
    pub fn confirm(&mut self, home: usize, same: bool) -> Result<(), Error> {
        self.command(home, |device, outside| device.confirm(same, outside))
    }

    /// Calls the pairing off.
    ///
    /// # Errors
    /// The command's.
    pub fn cancel(&mut self, home: usize) -> Result<(), Error> {
        self.command(home, Device::cancel_pairing)
    }

    /// How the pairing is.
    pub fn pairing(&self, home: usize) -> PairingView {
        self.device(home).pairing().expect("there is a pairing")
    }

    /// The seven names that a side shows.
    pub fn emoji(&self, home: usize) -> Option<Vec<&'static str>> {
        let shown = self.device(home).pairing()?.comparison?;
        Some(shown.into_iter().map(|(_, name)| name).collect())
    }

    /// Writes one entry.
    pub fn write(&mut self, home: usize, draft: Draft) -> EntryId {
        self.command(home, |device, outside| device.write(&[draft], outside))
            .expect("a sound draft")[0]
            .entry
    }

    /// Splices an entry's present text.
    ///
    /// # Errors
    /// The command's.
    pub fn edit(
        &mut self,
        home: usize,
        entry: &EntryId,
        (at, delete, insert): (u32, u32, &str),
    ) -> Result<(), Error> {
        let edits = splice(at, delete, insert);
        self.command(home, |device, outside| {
            device.edit(entry, None, &edits, outside)
        })
        .map(|_| ())
    }

    /// Shares one entry; gives the copy.
    ///
    /// # Errors
    /// The command's.
    pub fn share(&mut self, home: usize, entry: &EntryId) -> Result<EntryId, Error> {
        self.command(home, |device, outside| device.share(&[*entry], outside))
            .map(|copies| copies[0])
    }

    /// What a person does next who wants to be paired, whatever happened before: Ada invites,
    /// Bo joins, both confirm. Safe to repeat at any time; commands may crash.
    pub fn pair_on(&mut self, home: usize, link: &mut Option<InvitationLink>) {
        if self.status(home).shared.is_some() {
            return;
        }
        let view = self.device(home).pairing();
        let over = view.as_ref().is_none_or(|view| view.ended.is_some());
        let unanswered = view
            .as_ref()
            .is_some_and(|view| view.comparison.is_some() && view.confirmed.is_none());
        if home == ADA && (over || link.is_none()) && !unanswered {
            let invited = self.try_command(ADA, |device, outside| device.invite(3600, outside));
            if let Some(invited) = invited {
                *link = invited.ok().or(link.take());
            }
        } else if let (true, Some(link)) = (home == BO && over, link.clone()) {
            let joined = self.try_command(BO, |device, outside| device.join(&link, outside));
            if let Some(Err(error)) = joined {
                assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
            }
        } else if !over && unanswered {
            self.try_command(home, |device, outside| device.confirm(true, outside));
        }
    }
}
