//! What goes in and out: plain records that own what they hold. Numbers are signed, times are
//! milliseconds since 1970.

mod entries;
mod people;
mod today;
mod travel;

pub use entries::{
    Day, Draft, Entry, Erased, ErasedFrom, Field, FieldEdit, FieldValue, Page, PageRequest, Space,
    TextEdit,
};
pub use people::{
    Emoji, Invited, NewPerson, OwnDevice, Pairing, PairingEnd, PairingStage, Partner,
    RecoveryStage, Status, SyncReport,
};
pub use today::{BidNow, BoundaryShown, ComfortShown, NeedNow, OfferNow, Today};
pub use travel::{
    ExchangeProgress, ExportFormat, ExportOptions, ExportReport, ExportScope, ImportFormat,
    ImportOptions, ImportReport, SkipReason, Skipped,
};
