//! Erasing: taking back what was written.

use crate::records::Erased;
use crate::{Error, Journal, convert};

impl Journal {
    /// Erases entries, all or none: at once on this device, online or not, and elsewhere as soon
    /// as it is heard there. What it reached is returned for each, in the same order.
    ///
    /// - One's own entry goes, with all its changes, from every own device, from every device of
    ///   the partner's that keeps to the rules, and from the relay. Nothing brings it back. Where
    ///   it was shared, [`Page`](crate::Page)s go on to say that something was taken back that
    ///   day, and no more; a private one leaves nothing.
    /// - Of an entry that is kept together, one's own copy goes, from own devices alone. The
    ///   partner keeps theirs: nobody erases it for them, and what each wrote in it stays with
    ///   the other. The same holds for entries of a journal that was left.
    /// - A copy that was shared is an entry of its own: erasing it leaves the private one, and
    ///   the reverse.
    ///
    /// What the partner has photographed, exported or kept with a changed program stays theirs;
    /// no program can promise more.
    ///
    /// # Errors
    /// Not found; Invalid for an entry that only the partner may take back; Storage.
    pub async fn erase(&self, ids: Vec<String>) -> Result<Vec<Erased>, Error> {
        self.call(move |driver| {
            let erased = driver.act(|device, outside| {
                let ids = ids.iter().map(|id| convert::entry_id(device.store(), id));
                let ids = ids.collect::<Result<Vec<_>, _>>()?;
                device.erase(&ids, outside)
            })?;
            Ok(erased.into_iter().map(convert::erased).collect())
        })
        .await
    }
}
