import Foundation
import SidelightCore

/// One device's journal.
///
/// Calls may be made from any actor, and never block one; the journal does them one after
/// another. Those that take a while — ``syncNow(deadline:)``, imports and exports — stop when
/// their task is cancelled, and keep what they have done; of the others, each is done once it was
/// called. Several programs may have one journal open, an app and its extension: the extension
/// takes a ``Reader``.
///
/// End it with ``shutdown()``. One that is only let go ends by itself, some time later.
public final class Journal: Sendable {
    package let core: SidelightCore.Journal

    package init(_ core: SidelightCore.Journal) {
        self.core = core
    }
}

/// Beginning and ending.
extension Journal {
    /// Begins a journal in `folder`, with a new storage key unless `keys` has one.
    ///
    /// On a phone the folder is protected until the person has unlocked the device once after it
    /// started; see ``protect(_:)``.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` for a name or address that is none, or
    /// if a journal has begun there already.
    public static func create(
        at folder: URL, keys: any KeyStore, person: NewPerson
    ) async throws(JournalError) -> Journal {
        let core = try await calling {
            try await SidelightCore.Journal.create(
                home: folder.path, keys: crossing(keys), person: person)
        }
        protect(folder)
        return Journal(core)
    }

    /// Opens the journal in `folder`.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/notFound`` if none has begun there,
    /// ``JournalError/Kind-swift.enum/keysLocked`` while the storage key cannot be had.
    public static func open(
        at folder: URL, keys: any KeyStore
    ) async throws(JournalError) -> Journal {
        let core = try await calling {
            try await SidelightCore.Journal.open(home: folder.path, keys: crossing(keys))
        }
        protect(folder)
        return Journal(core)
    }

    /// Makes this device one more of a person who has a journal, in `folder`, which has none, by
    /// the link that another device of theirs shows (``link(for:)``). It is nobody's until both
    /// sides have compared and confirmed; then everything comes with the next sync.
    ///
    /// - Parameters:
    ///   - folder: where its journal will be.
    ///   - keys: where its storage key is kept.
    ///   - link: what the other device shows.
    ///   - deviceName: what it is called on the person's own devices.
    public static func joinOwn(
        at folder: URL, keys: any KeyStore, link: String, deviceName: String
    ) async throws(JournalError) -> Journal {
        let core = try await calling {
            try await SidelightCore.Journal.joinOwn(
                home: folder.path, keys: crossing(keys), link: link, deviceName: deviceName)
        }
        protect(folder)
        return Journal(core)
    }

    /// Finishes what is under way, then closes every connection, socket, file and lock: phones
    /// kill an app that keeps one while it sleeps. Other calls fail until ``resume()``.
    public func suspend() async throws(JournalError) {
        try await calling { try await core.suspend() }
    }

    /// Ends ``suspend()``: opens the files again, and new sockets if it was live. It stays
    /// suspended if it fails, as ``open(at:keys:)`` may.
    public func resume() async throws(JournalError) {
        try await calling { try await core.resume() }
    }

    /// Finishes what is under way and closes everything; when it returns, everything is closed.
    /// Later calls are ``JournalError/Kind-swift.enum/cancelled``. Again does nothing.
    public func shutdown() async {
        // All that can fail is to start a task, without which there is nothing to end.
        try? await core.shutdown()
    }

    /// The journal's events from now on: listen first, then load what is shown.
    public func events() -> Events {
        Events(stream: core.listen())
    }

    /// What a person should know of this device.
    public func status() async throws(JournalError) -> Status {
        try await calling { try await core.status() }
    }

    /// Lets the files in `folder` be read only once the person has unlocked the device after it
    /// started, and keeps them from backups: without the storage key, which is in none, a copy is
    /// of no use. It does nothing where files have no protection. Calls that begin or open a
    /// journal do it.
    public static func protect(_ folder: URL) {
        #if os(iOS) || os(tvOS) || os(watchOS) || os(visionOS)
            let protection = [
                FileAttributeKey.protectionKey: FileProtectionType
                    .completeUntilFirstUserAuthentication
            ]
            var folder = folder
            var values = URLResourceValues()
            values.isExcludedFromBackup = true
            // A file system without these is no reason to refuse: every row is sealed anyway.
            try? FileManager.default.setAttributes(protection, ofItemAtPath: folder.path)
            try? folder.setResourceValues(values)
        #endif
    }
}

/// Keeping in sync.
extension Journal {
    /// Names the relay for the private space and for coming invitations, if there was none.
    public func useRelay(_ address: String, ticket: String? = nil) async throws(JournalError) {
        try await calling { try await core.useRelay(address: address, ticket: ticket) }
    }

    /// Moves this person's journals to another relay: at once, offline, needing nobody. Own
    /// devices and the partner are led over where they still read; what is here is brought along
    /// with the next syncs, and the former relay asked to drop what this person wrote.
    ///
    /// - Parameters:
    ///   - address: the other relay's.
    ///   - ticket: what it asks for, if it lets not everybody in.
    ///   - lost: the former relay is given up for good. Then the partner names the same relay in the
    ///     same way, and both meet there.
    public func moveToRelay(
        _ address: String, ticket: String? = nil, lost: Bool = false
    ) async throws(JournalError) {
        try await calling {
            try await core.moveToRelay(address: address, ticket: ticket, lost: lost)
        }
    }

    /// Connects, sends what waits and receives what is there, until all is in sync or `deadline`
    /// is over. A pairing that completes meanwhile is gone on with.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/offline`` if no relay is reached,
    /// ``JournalError/Kind-swift.enum/refused`` if one refuses something,
    /// ``JournalError/Kind-swift.enum/cancelled`` if the task is cancelled. Nothing is lost by
    /// any: what waits is kept, and what came is here.
    @discardableResult
    public func syncNow(
        deadline: Duration = .seconds(30)
    ) async throws(JournalError) -> SyncReport {
        let deadlineMs = deadline.milliseconds
        return try await stopping { token in
            try await core.syncNow(deadlineMs: deadlineMs, cancel: token)
        }
    }

    /// Keeps connections open from now on: what is written leaves at once, what the partner
    /// writes arrives at once, and lost connections come back by themselves.
    public func goLive() async throws(JournalError) {
        try await calling { try await core.goLive() }
    }

    /// Ends ``goLive()``.
    public func goQuiet() async throws(JournalError) {
        try await calling { try await core.goQuiet() }
    }
}

extension Duration {
    /// For the library: whole milliseconds, as many as there can be.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, over) = seconds.multipliedReportingOverflow(by: 1_000)
        guard !over else { return seconds < 0 ? .min : .max }
        let (sum, past) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return past ? .max : sum
    }
}
