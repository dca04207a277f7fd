//! Whether a record is valid, by what it follows and nothing else.

use sidelight_crypto::{check_sealing_key, verify};
use sidelight_format::{
    DeviceKeys, RosterAction, RosterRecord, RosterStatement, SealingKey, VerifyingKey, limits,
};

use super::merge::Set;
use super::{BadRoster, Doubt, Entry, Roster};

impl Roster {
    /// Checks a record against what it follows, and nothing else.
    pub(super) fn verify(&self, record: &RosterRecord, hash: [u8; 32]) -> Result<Entry, BadRoster> {
        let statement = &record.statement;
        if statement.person != self.person {
            return Err(BadRoster::Person);
        }
        if statement.previous.len() > limits::ROSTER_PREVIOUS_MAX
            || !statement.previous.is_sorted_by(|a, b| a < b)
            || !name_fits(&statement.action)
        {
            return Err(BadRoster::Limits);
        }
        let before: Vec<usize> = statement
            .previous
            .iter()
            .map(|hash| self.place(hash).ok_or(BadRoster::Orphan))
            .collect::<Result<_, _>>()?;
        if statement.sequence != self.sequence_after(&before) {
            return Err(BadRoster::Limits);
        }
        let mut ancestors = Set::default();
        for place in before {
            ancestors.insert(place);
            ancestors.extend(&self.entries[place].ancestors);
        }
        let by_recovery = if statement.previous.is_empty() {
            self.allow_first(statement)?;
            false
        } else {
            self.allow(statement, &ancestors)?
        };
        let room = match by_recovery {
            true => limits::ROSTER_MAX,
            false => limits::ROSTER_MAX - limits::ROSTER_RECOVERY_ROOM,
        };
        if self.entries.len() >= room {
            return Err(BadRoster::Full);
        }
        verify(&statement.signer, statement, &record.signature)
            .map_err(|_| BadRoster::Signature)?;
        for key in keys_of(&statement.action) {
            check_sealing_key(key).map_err(|_| BadRoster::Key)?;
        }
        Ok(Entry {
            record: record.clone(),
            hash,
            ancestors,
            by_recovery,
        })
    }

    fn allow_first(&self, statement: &RosterStatement) -> Result<(), BadRoster> {
        match &statement.action {
            RosterAction::Begin { device, .. }
                if self.entries.is_empty() && device.signing == statement.signer =>
            {
                Ok(())
            }
            _ => Err(BadRoster::First),
        }
    }

    /// Whether what it follows allows a change, and whether the recovery key signed it.
    fn allow(&self, statement: &RosterStatement, ancestors: &Set) -> Result<bool, BadRoster> {
        let state = self.evaluate(ancestors);
        let on_list = |device: &VerifyingKey| {
            let mut listings = state.listings.iter();
            listings.any(|place| self.listed(*place).is_some_and(|it| it.signing == *device))
        };
        let by_recovery = statement.signer == state.recovery.unwrap_or(self.recovery);
        if !by_recovery && !on_list(&statement.signer)
            || by_recovery && state.doubt == Some(Doubt::Recovery)
        {
            return Err(BadRoster::Signer);
        }
        let new = |device: &DeviceKeys| {
            let mut before = ancestors.iter().filter_map(|place| self.listed(place));
            !before.any(|it| it.signing == device.signing || it.sealing == device.sealing)
        };
        let words = |place: usize| match &self.entries[place].record.statement.action {
            RosterAction::Begin { recovery, .. } | RosterAction::Recovery { recovery, .. } => {
                Some(recovery)
            }
            _ => None,
        };
        let allowed = match &statement.action {
            RosterAction::Add { .. } if state.listings.len() >= limits::DEVICES_MAX => {
                return Err(BadRoster::Full);
            }
            RosterAction::Add { device, .. } => new(device),
            RosterAction::Remove { device } => {
                on_list(device) && (by_recovery || state.listings.len() > 1)
            }
            RosterAction::Begin { .. } | RosterAction::Recovery { .. } if !by_recovery => {
                return Err(BadRoster::Signer);
            }
            RosterAction::Begin {
                device, recovery, ..
            } => new(device) && words(state.recovery_at) == Some(recovery),
            // A recovery key that was replaced once does not come back.
            RosterAction::Recovery {
                signing, recovery, ..
            } => {
                *signing != self.recovery
                    && ancestors.iter().all(|place| {
                        words(place) != Some(recovery)
                            && self.replacement(place).is_none_or(|(to, _)| to != signing)
                    })
            }
        };
        allowed.then_some(by_recovery).ok_or(BadRoster::Action)
    }
}

fn name_fits(action: &RosterAction) -> bool {
    match action {
        RosterAction::Begin { name, .. } | RosterAction::Add { name, .. } => {
            name.len() <= limits::NAME_LEN_MAX && !name.chars().any(char::is_control)
        }
        RosterAction::Remove { .. } | RosterAction::Recovery { .. } => true,
    }
}

fn keys_of(action: &RosterAction) -> impl Iterator<Item = &SealingKey> {
    let (device, recovery) = match action {
        RosterAction::Begin {
            device, recovery, ..
        } => (Some(&device.sealing), Some(recovery)),
        RosterAction::Add { device, .. } => (Some(&device.sealing), None),
        RosterAction::Remove { .. } => (None, None),
        RosterAction::Recovery { recovery, .. } => (None, Some(recovery)),
    };
    device.into_iter().chain(recovery)
}
