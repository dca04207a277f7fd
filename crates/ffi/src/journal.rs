//! An open journal.

use std::sync::Arc;

use crate::events::Pump;

use crate::mirror::Take;
use crate::task::{duration, run, run_until};
use crate::{
    CancelToken, Day, Draft, Entry, Erased, EventStream, ExchangeProgress, ExportOptions,
    ExportReport, FieldEdit, ImportOptions, ImportReport, Invited, JournalError, KeyStore,
    NewPerson, OwnDevice, Page, PageRequest, Pairing, Status, SyncReport, TextEdit, Today,
};

/// One device's journal.
///
/// Calls wait for nobody's main thread and may be made from any; the journal does them one after
/// another. Cancelling the wait for a call does not stop the call; a token does, where one is
/// taken. End it with `shutdown`; one that is only let go ends by itself some time later.
#[derive(Debug, uniffi::Object)]
pub struct Journal {
    journal: sidelight::Journal,
    pump: Pump,
}

impl Journal {
    /// One that is open.
    ///
    /// # Errors
    /// Storage, if the system gives no thread.
    pub fn of(journal: sidelight::Journal) -> Result<Arc<Self>, sidelight::Error> {
        let pump = Pump::start(&journal)?;
        Ok(Arc::new(Self { journal, pump }))
    }

    /// What it is made of.
    #[doc(hidden)] // for sidelight-ffi-testing
    pub fn journal(&self) -> sidelight::Journal {
        self.journal.clone()
    }
}

impl crate::mirror::Give<Arc<Journal>> for Arc<Journal> {
    fn give(self) -> Self {
        self
    }
}

/// Beginning and ending.
#[uniffi::export]
impl Journal {
    /// Begins a journal in the folder `home`, with a new storage key unless `keys` has one.
    ///
    /// Fails as Invalid for a name or address that is none, or if a journal has begun there
    /// already; KeysLocked; Storage.
    #[uniffi::constructor]
    pub async fn create(
        home: String,
        keys: Arc<dyn KeyStore>,
        person: NewPerson,
    ) -> Result<Arc<Self>, JournalError> {
        let keys = crate::keys::keys(keys);
        run(async move {
            Self::of(sidelight::Journal::create(home.into(), keys, person.back()).await?)
        })
        .await
    }

    /// Opens the journal in the folder `home`.
    ///
    /// Fails as NotFound if none has begun there; KeysLocked; UpdateNeeded; Storage.
    #[uniffi::constructor]
    pub async fn open(home: String, keys: Arc<dyn KeyStore>) -> Result<Arc<Self>, JournalError> {
        let keys = crate::keys::keys(keys);
        run(async move { Self::of(sidelight::Journal::open(home.into(), keys).await?) }).await
    }

    /// Makes this device one more of a person who has a journal, in the folder `home`, which has
    /// none, by the link that another device of theirs shows (`link`). It is nobody's until both
    /// sides have compared and confirmed; then everything comes with the next sync.
    /// `device_name` is what it is called on the person's own devices.
    ///
    /// Fails as Invalid for a name or link that is none, is expired or for something else, or if
    /// a journal has begun there already; KeysLocked; UpdateNeeded; Storage.
    #[uniffi::constructor]
    pub async fn join_own(
        home: String,
        keys: Arc<dyn KeyStore>,
        link: String,
        device_name: String,
    ) -> Result<Arc<Self>, JournalError> {
        let keys = crate::keys::keys(keys);
        run(async move {
            Self::of(sidelight::Journal::join_own(home.into(), keys, link, device_name).await?)
        })
        .await
    }

    /// Finishes what is under way, then closes every connection, socket, file and lock: phones
    /// kill an app that keeps one while it sleeps. Other calls fail until `resume`.
    pub async fn suspend(&self) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.suspend().await }).await
    }

    /// Ends `suspend`: opens the files again, and new sockets if it was live. It stays suspended
    /// if it fails, as `open` may.
    pub async fn resume(&self) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.resume().await }).await
    }

    /// Finishes what is under way and closes everything; when it returns, everything is closed.
    /// Later calls are Cancelled. Again does nothing.
    pub async fn shutdown(&self) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move {
            journal.shutdown().await;
            Ok::<_, sidelight::Error>(())
        })
        .await
    }

    /// The journal's events from now on: listen first, then load what is shown.
    pub fn listen(&self) -> EventStream {
        self.pump.listen()
    }

    /// What a person should know of this device.
    pub async fn status(&self) -> Result<Status, JournalError> {
        let journal = self.journal();
        run(async move { journal.status().await }).await
    }
}

/// Keeping in sync.
#[uniffi::export]
impl Journal {
    /// Names the relay for the private space and for coming invitations, if there was none.
    ///
    /// Fails as Invalid if there is one, or the address is none; Storage.
    #[uniffi::method(default(ticket = None))]
    pub async fn use_relay(
        &self,
        address: String,
        ticket: Option<String>,
    ) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.use_relay(address, ticket).await }).await
    }

    /// Moves this person's journals to another relay: at once, offline, needing nobody. Own
    /// devices and the partner are led over where they still read; what is here is brought along
    /// with the next syncs, and the former relay asked to drop what this person wrote.
    ///
    /// With `lost` the former relay is given up for good: nothing is sent to it or asked of it.
    /// Then the partner names the same relay in the same way, and both meet there.
    ///
    /// Fails as Invalid if everything is there already, while a pairing is under way, or if the
    /// address is none; Removed; Storage.
    #[uniffi::method(default(ticket = None, lost = false))]
    pub async fn move_to_relay(
        &self,
        address: String,
        ticket: Option<String>,
        lost: bool,
    ) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.move_to_relay(address, ticket, lost).await }).await
    }

    /// Connects, sends what waits and receives what is there, until all is in sync or
    /// `deadline_ms` milliseconds are over. While live it uses the connections that there are. A
    /// pairing that completes meanwhile is gone on with.
    ///
    /// Fails as Offline if no relay is reached; Refused if one refuses something, or another one
    /// answers in its place; Invalid without a relay; Storage; Cancelled by `cancel`, by
    /// `suspend` and `shutdown`. Nothing is lost by any: what waits is kept, and what came is
    /// here.
    #[uniffi::method(default(cancel = None))]
    pub async fn sync_now(
        &self,
        deadline_ms: i64,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<SyncReport, JournalError> {
        let journal = self.journal();
        let deadline = duration(deadline_ms)?;
        run_until(cancel, async move { journal.sync_now(deadline).await }).await
    }

    /// Keeps connections open from now on: what is written leaves at once, what the partner
    /// writes arrives at once, and lost connections come back by themselves.
    pub async fn go_live(&self) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.go_live().await }).await
    }

    /// Ends `go_live`.
    pub async fn go_quiet(&self) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.go_quiet().await }).await
    }
}

/// People and devices.
#[uniffi::export]
impl Journal {
    /// Invites a partner, for at most `lifetime_ms` milliseconds: the link to show to them and
    /// nobody else. The pairing goes on with every sync; an invitation that nobody took up is
    /// spent.
    ///
    /// Fails as Invalid without a relay, while a pairing waits for an answer, or when there is a
    /// partner; Storage.
    pub async fn invite(&self, lifetime_ms: i64) -> Result<Invited, JournalError> {
        let journal = self.journal();
        let lifetime = duration(lifetime_ms)?;
        run(async move { journal.invite(lifetime).await }).await
    }

    /// Takes an invitation up, by its link. The pairing goes on with every sync.
    ///
    /// Fails as Invalid for a link that is none, is cut off, expired, spent here or one's own, or
    /// when there is a partner; UpdateNeeded; Storage.
    pub async fn join(&self, link: String) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.join(link).await }).await
    }

    /// The pairing under way, or the last one.
    pub async fn pairing(&self) -> Result<Option<Pairing>, JournalError> {
        let journal = self.journal();
        run(async move { journal.pairing().await }).await
    }

    /// Says whether both sides show the same seven emoji. Nothing is shared before both have.
    ///
    /// Fails as Invalid if there is nothing to compare; Storage.
    pub async fn confirm(&self, same: bool) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.confirm(same).await }).await
    }

    /// Calls the pairing off; its invitation is spent.
    ///
    /// Fails as Invalid if there is none; Storage.
    pub async fn cancel_pairing(&self) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.cancel_pairing().await }).await
    }

    /// Invites a further device of this person, for at most `lifetime_ms` milliseconds: the link
    /// to open there with `join_own`, and to show to nobody else. Ask the person to unlock
    /// before: whoever is linked reads everything. It goes on like a pairing; every own device
    /// is told.
    ///
    /// Fails as Removed; Invalid without a relay, while a pairing waits for an answer, or when
    /// there are as many devices as can be; Storage.
    pub async fn link(&self, lifetime_ms: i64) -> Result<Invited, JournalError> {
        let journal = self.journal();
        let lifetime = duration(lifetime_ms)?;
        run(async move { journal.link(lifetime).await }).await
    }

    /// Looks at what came in volumes, and packs what is new, which a journal otherwise does by
    /// itself when it has been left alone for a moment: for a background task while the phone is
    /// charged, and before `confirm` takes a further device in. What is packed and synchronised by
    /// then, the new device has soon. Other calls get in between. Says whether nothing is left to
    /// do; false if `deadline_ms` milliseconds were over before.
    ///
    /// Fails as Storage; Cancelled by `cancel`.
    #[uniffi::method(default(cancel = None))]
    pub async fn prepare_volumes(
        &self,
        deadline_ms: i64,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<bool, JournalError> {
        let journal = self.journal();
        let deadline = duration(deadline_ms)?;
        run_until(
            cancel,
            async move { journal.prepare_volumes(deadline).await },
        )
        .await
    }

    /// The person's own devices, in the order in which they came. The partner never sees them.
    pub async fn devices(&self) -> Result<Vec<OwnDevice>, JournalError> {
        let journal = self.journal();
        run(async move { journal.devices().await }).await
    }

    /// Removes an own device, named by its id or the beginning of it: at once, offline, needing
    /// nobody. It opens nothing that is written from now on by a device that has heard of it;
    /// what it has it keeps. Gives the id.
    ///
    /// Fails as Removed; NotFound; Invalid for this very device, or if several begin like that;
    /// Storage.
    pub async fn remove_device(&self, id: String) -> Result<String, JournalError> {
        let journal = self.journal();
        run(async move { journal.remove_device(id).await }).await
    }

    /// Gives the person new keys and both spaces new epochs, at once and offline: what is written
    /// from now on is sealed to the new keys only.
    ///
    /// Fails as Invalid while a pairing is under way or the partner's keys are in doubt; Storage.
    pub async fn rotate(&self) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.rotate().await }).await
    }

    /// Leaves the shared journal: at once, offline, needing nobody. Both keep what they had;
    /// nothing later is sealed to the other, and another pairing can begin. Unless `quietly`, the
    /// partner is told at the next sync; quietly, what was not sent yet is never sent, and to the
    /// partner it looks like writing nothing.
    ///
    /// Fails as NotPaired; Storage.
    pub async fn leave(&self, quietly: bool) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.leave(quietly).await }).await
    }
}

/// Writing.
#[uniffi::export]
impl Journal {
    /// Writes an entry, and gives its id when it is durable on this device, online or not.
    ///
    /// Fails as Invalid; NotPaired for a shared entry without a partner; Storage.
    pub async fn write(&self, draft: Draft) -> Result<String, JournalError> {
        let journal = self.journal();
        let draft = draft.take()?;
        run(async move { journal.write(draft).await }).await
    }

    /// Writes entries, all or none; their ids in the same order. One whose source was imported
    /// before gives the id that it got then.
    ///
    /// Fails as `write` does.
    pub async fn write_many(&self, drafts: Vec<Draft>) -> Result<Vec<String>, JournalError> {
        let journal = self.journal();
        let drafts = drafts.take()?;
        run(async move { journal.write_many(drafts).await }).await
    }

    /// Copies private entries into the shared journal, each under a new id, as far as its kind
    /// may be shared; one that was shared before gives the copy that there is. Gives the ids of
    /// the copies. This is the only way from private to shared.
    ///
    /// Fails as NotFound; Invalid for an entry that is shared, is for its author alone, or says
    /// nothing that could be shared; NotPaired; Storage.
    pub async fn share(&self, ids: Vec<String>) -> Result<Vec<String>, JournalError> {
        let journal = self.journal();
        run(async move { journal.share(ids).await }).await
    }

    /// Edits the text of an entry, all edits or none. Positions are those of the text of
    /// `version`, the one that the person saw, in Unicode scalar values; none means the current
    /// one. What others wrote meanwhile stays. Gives the version with the edits.
    ///
    /// Fails as NotFound; Invalid for a position past the end, a text that would be empty or too
    /// long, or an entry that is not one's own to change; Storage.
    pub async fn edit(
        &self,
        id: String,
        version: Option<String>,
        edits: Vec<TextEdit>,
    ) -> Result<String, JournalError> {
        let journal = self.journal();
        let edits = edits.take()?;
        run(async move { journal.edit(id, version, edits).await }).await
    }

    /// Makes `text` the text of an entry, by one splice: what the old and the new text have in
    /// common at the beginning and at the end stays as it is. So what the partner types elsewhere
    /// in it at the same time stays, too. Gives the version with the text.
    ///
    /// Fails as `edit` does.
    pub async fn set_text(&self, id: String, text: String) -> Result<String, JournalError> {
        let journal = self.journal();
        run(async move { journal.set_text(id, text).await }).await
    }

    /// Moves an entry to another day. Gives the version with it.
    ///
    /// Fails as `edit` does.
    pub async fn set_date(&self, id: String, date: Day) -> Result<String, JournalError> {
        let journal = self.journal();
        let date = date.take()?;
        run(async move { journal.set_date(id, date).await }).await
    }

    /// Edits fields of an entry, all edits or none. `version` is what the person saw: what others
    /// said since counts as said at the same time, and may win over these edits; none means that
    /// the person saw everything. Gives the version with the edits.
    ///
    /// Fails as `edit` does; Invalid, too, for a field or value that the kind does not have.
    pub async fn edit_fields(
        &self,
        id: String,
        version: Option<String>,
        edits: Vec<FieldEdit>,
    ) -> Result<String, JournalError> {
        let journal = self.journal();
        let edits = edits.into_iter().map(FieldEdit::back).collect();
        run(async move { journal.edit_fields(id, version, edits).await }).await
    }

    /// Erases entries, all or none: at once on this device, online or not, and elsewhere as soon
    /// as it is heard there. What it reached is given for each, in the same order. What the
    /// partner has photographed, exported or kept with a changed program stays theirs.
    ///
    /// Fails as NotFound; Invalid for an entry that only the partner may take back; Storage.
    pub async fn erase(&self, ids: Vec<String>) -> Result<Vec<Erased>, JournalError> {
        let journal = self.journal();
        run(async move { journal.erase(ids).await }).await
    }
}

/// Reading.
#[uniffi::export]
impl Journal {
    /// Some entries, the newest first.
    ///
    /// Fails as Invalid for a cursor that is none; Storage.
    pub async fn page(&self, request: PageRequest) -> Result<Page, JournalError> {
        let journal = self.journal();
        let request = request.back();
        run(async move { journal.page(request).await }).await
    }

    /// One entry, by its id or by four or more digits that no other begins with.
    ///
    /// Fails as NotFound; Invalid for what names none or several; Storage.
    pub async fn entry(&self, id: String) -> Result<Entry, JournalError> {
        let journal = self.journal();
        run(async move { journal.entry(id).await }).await
    }

    /// What matters now.
    pub async fn today(&self) -> Result<Today, JournalError> {
        let journal = self.journal();
        run(async move { journal.today().await }).await
    }
}

/// Coming and going.
#[uniffi::export]
impl Journal {
    /// Writes entries into the folder `dir`, unencrypted, so mind where; offline, and nobody is
    /// told. As JSON into `sidelight.json`, as a page into `sidelight.html`, each in place of an
    /// earlier one; as Markdown into the folder `sidelight-markdown`, which must not be there
    /// yet. Nothing half-written is left, whatever happens.
    ///
    /// Fails as Storage if the folder cannot be written, or is full; NotFound or Invalid for
    /// what `only` names; Invalid if there is such a folder, and while another export is under
    /// way; Cancelled by `cancel`.
    #[uniffi::method(default(cancel = None))]
    pub async fn export(
        &self,
        dir: String,
        options: ExportOptions,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<ExportReport, JournalError> {
        let journal = self.journal();
        let options = options.back();
        run_until(
            cancel,
            async move { journal.export(dir.into(), options).await },
        )
        .await
    }

    /// How far the export under way is; none if there is none.
    pub fn export_progress(&self) -> Option<ExchangeProgress> {
        self.journal
            .export_progress()
            .map(crate::mirror::Give::give)
    }

    /// Imports a journal from elsewhere: what Sidelight itself exported as JSON, Day One (its
    /// zip, or the JSON in it), Daylio, jrnl, or a folder of Markdown files; plain or gzip.
    /// Entries are private unless `options` say otherwise. Importing again brings nothing twice.
    /// Photos, recordings, places and the like stay behind. One that is interrupted keeps what
    /// it has written; importing again goes on.
    ///
    /// Fails as Invalid for a file that is no such export, is damaged or larger than 256 MiB, and
    /// while another import is under way; UpdateNeeded; NotFound; Cancelled by `cancel`; as
    /// `write` does.
    #[uniffi::method(default(cancel = None))]
    pub async fn import_from(
        &self,
        path: String,
        options: ImportOptions,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<ImportReport, JournalError> {
        let journal = self.journal();
        let options = options.back();
        run_until(
            cancel,
            async move { journal.import(path.into(), options).await },
        )
        .await
    }

    /// How far the import under way is; none if there is none.
    pub fn import_progress(&self) -> Option<ExchangeProgress> {
        self.journal
            .import_progress()
            .map(crate::mirror::Give::give)
    }
}
