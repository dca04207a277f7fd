import Foundation
import Sidelight
import SidelightTestingCore

/// A place for one device's journal, in memory. It outlives the journal: what was written is
/// there when it is opened again.
public struct MemoryHome: Sendable {
    private let core: SidelightTestingCore.MemoryHome

    /// An empty one. Its journal goes by `clock`; by the system's, if there is none.
    public init(clock: TestClock? = nil) {
        core = SidelightTestingCore.MemoryHome(clock: clock?.core)
    }

    /// Begins a journal here, as `Journal.create` does.
    public func create(person: NewPerson) async throws(JournalError) -> Sidelight.Journal {
        Sidelight.Journal(try await calling { try await core.create(person: person) })
    }

    /// Opens the journal here, as `Journal.open` does.
    public func open() async throws(JournalError) -> Sidelight.Journal {
        Sidelight.Journal(try await calling { try await core.open() })
    }
}

/// A clock that stands still until it is set. Journals read it in whole seconds.
public struct TestClock: Sendable {
    let core: SidelightTestingCore.TestClock

    /// One that shows `date`.
    public init(_ date: Date = Date()) {
        core = SidelightTestingCore.TestClock(nowMs: Int64(date.timeIntervalSince1970 * 1_000))
    }

    /// Sets it, forwards or back.
    public func set(_ date: Date) {
        core.set(nowMs: Int64(date.timeIntervalSince1970 * 1_000))
    }

    /// Lets time go by.
    public func advance(by time: Duration) {
        core.advance(ms: time.milliseconds)
    }

    /// What it shows.
    public var now: Date { Date(timeIntervalSince1970: Double(core.nowMs()) / 1_000) }
}

/// A key store in memory that can be locked, as a phone is.
public struct InMemoryKeyStore: Sidelight.KeyStore, Crossing {
    private let vault = SidelightTestingCore.LockableKeyStore()
    package let core: any SidelightCore.KeyStore

    /// Empty and open.
    public init() {
        core = vault.keys()
    }

    /// Locks it, or unlocks it.
    public func setLocked(_ locked: Bool) {
        vault.setLocked(locked: locked)
    }
}

/// Fails as nothing else can be made to: by a panic inside the library, which is
/// ``/Sidelight/JournalError/Kind-swift.enum/internal``.
public func failInternally() async throws(Sidelight.JournalError) {
    try await calling { try await SidelightTestingCore.failInternally() }
}

/// Reads a page of `limit` entries `times` times, in Rust alone.
///
/// - Returns: what the middle one of them took, in nanoseconds: what the same call from Swift is
///   compared with.
public func pageInRust(
    _ journal: Sidelight.Journal, limit: Int, times: Int
) async throws(Sidelight.JournalError) -> Int64 {
    try await calling {
        try await pageInRustNs(
            journal: journal.core, limit: Int32(clamping: limit), times: Int32(clamping: times))
    }
}
