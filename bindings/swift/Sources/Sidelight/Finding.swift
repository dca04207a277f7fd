import Foundation
import SidelightCore

/// Searching.
extension Journal {
    /// Looks for entries, the newest first. Words are beginnings of words, in any order; those in
    /// quotation marks follow one another as they stand. Case and diacritics do not matter.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` for a cursor, kind or day that is none,
    /// and for more than 64 words.
    public func search(_ request: SearchRequest) async throws(JournalError) -> Page {
        try await calling { try await core.search(request: request) }
    }

    /// Looks for entries by their words alone.
    public func search(
        _ words: String, limit: Int = 50, before cursor: String? = nil
    ) async throws(JournalError) -> Page {
        try await search(
            SearchRequest(words: words, limit: Int32(clamping: limit), before: cursor))
    }

    /// Brings the search index up to date, which a journal otherwise does by itself when it has
    /// been left alone for a moment: for an app that is about to be suspended.
    ///
    /// - Returns: whether nothing is left to do; false if `deadline` was over before.
    @discardableResult
    public func prepareSearch(
        deadline: Duration = .seconds(5)
    ) async throws(JournalError) -> Bool {
        let deadlineMs = deadline.milliseconds
        return try await stopping { token in
            try await core.prepareSearch(deadlineMs: deadlineMs, cancel: token)
        }
    }
}

/// What belongs together.
extension Journal {
    /// An entry and what answers it.
    public func thread(_ id: String) async throws(JournalError) -> EntryThread {
        try await calling { try await core.thread(id: id) }
    }

    /// What an entry said after each of its last changes, up to 100, the oldest first; the last is
    /// what it says now. Who may read an entry may read this: an amendment takes nothing back. Only
    /// ``erase(_:)`` does, and takes all of it.
    public func history(_ id: String) async throws(JournalError) -> [Amendment] {
        try await calling { try await core.history(id: id) }
    }

    /// Whether ``onThisDay(_:limit:before:)`` shows anything: not until the person of this device
    /// wants it to, and only on this device.
    public func wantsOnThisDay() async throws(JournalError) -> Bool {
        try await calling { try await core.wantsOnThisDay() }
    }

    /// Turns ``onThisDay(_:limit:before:)`` on or off.
    public func wantOnThisDay(_ wanted: Bool) async throws(JournalError) {
        try await calling { try await core.wantOnThisDay(wanted: wanted) }
    }

    /// Entries about the same day of earlier years than `day`, the newest first. For when somebody
    /// asks: nothing is brought up by itself, least of all on a bad day.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` as long as it is not wanted.
    public func onThisDay(
        _ day: Day = Day(Date()), limit: Int = 50, before cursor: String? = nil
    ) async throws(JournalError) -> Page {
        try await calling {
            try await core.onThisDay(day: day, limit: Int32(clamping: limit), before: cursor)
        }
    }
}

/// Reading beside whoever writes.
extension Reader {
    /// Looks for entries, as ``Journal/search(_:)`` does.
    public func search(_ request: SearchRequest) async throws(JournalError) -> Page {
        try await calling { try await core.search(request: request) }
    }

    /// An entry and what answers it.
    public func thread(_ id: String) async throws(JournalError) -> EntryThread {
        try await calling { try await core.thread(id: id) }
    }

    /// What an entry said after each of its last changes, as ``Journal/history(_:)``.
    public func history(_ id: String) async throws(JournalError) -> [Amendment] {
        try await calling { try await core.history(id: id) }
    }
}
