import Foundation
import SidelightCore

/// Rhythms, quiet times, and when an app may draw attention.
extension Journal {
    /// When an app may show its one notice, by the time zone of this device.
    public func notices() async throws(JournalError) -> Notices {
        try await calling { try await core.notices() }
    }

    /// Says whether the person of this device wants notices here. They do not until they say so.
    public func wantNotices(_ wanted: Bool) async throws(JournalError) {
        try await calling { try await core.wantNotices(wanted: wanted) }
    }

    /// The rhythms of this person, and those that the partner shared; the newest first.
    public func rhythms() async throws(JournalError) -> [RhythmShown] {
        try await calling { try await core.rhythms() }
    }

    /// Pauses every rhythm of this person, or goes on with them, on all of their devices. Quiet
    /// times hold all the same.
    public func pauseRhythms(_ paused: Bool) async throws(JournalError) {
        try await calling { try await core.pauseRhythms(paused: paused) }
    }
}

/// What one's own entries say of what has helped.
extension Journal {
    /// What this person's own entries of the last year say of what has helped and of what goes
    /// together. Nothing is said that was not said often, and nothing of the partner. It is
    /// computed here when somebody asks, and kept nowhere.
    public func recall() async throws(JournalError) -> [Recollection] {
        try await calling { try await core.recall() }
    }

    /// Never recalls this again on this device.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` for what is no id of a recollection.
    public func dismiss(_ id: String) async throws(JournalError) {
        try await calling { try await core.dismiss(id: id) }
    }

    /// Takes every dismissal on this device back.
    public func dismissNothing() async throws(JournalError) {
        try await calling { try await core.dismissNothing() }
    }
}

extension Reader {
    /// When an app may show its one notice, as ``Journal/notices()``.
    public func notices() async throws(JournalError) -> Notices {
        try await calling { try await core.notices() }
    }
}

extension Notices {
    /// From when on one may be shown because something came, by this device's clock: this moment,
    /// or the end of a quiet time. None if it is always quiet.
    public var next: Date? { nextMs.map(Date.init(milliseconds:)) }

    /// When one is to be shown next to remind of a rhythm; none within a week.
    public var reminder: Date? { reminderMs.map(Date.init(milliseconds:)) }
}

extension RhythmShown: Identifiable {}
extension Recollection: Identifiable {}
