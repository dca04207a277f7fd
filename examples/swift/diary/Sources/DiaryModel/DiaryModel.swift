import Foundation
import Sidelight

#if canImport(Darwin)
    import Observation
#endif

/// What a diary shows, and what can be done in it: the same for a command line and a phone.
#if canImport(Darwin)
    @Observable
#endif
@MainActor public final class DiaryModel {
    /// The newest entries.
    public private(set) var entries: [Entry] = []
    /// The pairing under way, or the last one.
    public private(set) var pairing: Pairing?
    /// What to tell the person: a sentence that says what happened and what to do.
    public private(set) var problem: String?

    private let journal: Journal

    private init(_ journal: Journal) {
        self.journal = journal
    }

    /// Opens the diary in `folder`, or begins one there for `person` if there is none.
    public static func open(
        in folder: URL, keys: any KeyStore, beginning person: NewPerson? = nil
    ) async throws(JournalError) -> DiaryModel {
        let diary: DiaryModel
        do {
            diary = DiaryModel(try await Journal.open(at: folder, keys: keys))
        } catch {
            guard error.kind == .notFound, let person else { throw error }
            diary = DiaryModel(
                try await Journal.create(at: folder, keys: keys, person: person))
        }
        try await diary.load()
        return diary
    }

    /// Makes this device one more of somebody who has a diary.
    public static func joinOwn(
        in folder: URL, keys: any KeyStore, link: String, deviceName: String
    ) async throws(JournalError) -> DiaryModel {
        DiaryModel(
            try await Journal.joinOwn(at: folder, keys: keys, link: link, deviceName: deviceName))
    }

    /// Keeps what is shown up to date, until its task ends or the diary is closed.
    public func keepUpToDate() async {
        let events = journal.events()
        await telling { () async throws(JournalError) in try await self.load() }
        for await event in events {
            switch event {
            case .entryChanged, .entryRemoved, .pairingChanged, .lagged:
                await telling { () async throws(JournalError) in try await self.load() }
            case .syncChanged(_, let detail): problem = detail
            case .warning(let warning): problem = warning.text
            }
        }
    }

    /// Writes an entry; a private one, unless it is shared.
    @discardableResult
    public func write(_ text: String, shared: Bool) async throws(JournalError) -> String {
        try await write(Draft(text: text, shared: shared))
    }

    /// Writes an entry of any kind.
    @discardableResult
    public func write(_ draft: Draft) async throws(JournalError) -> String {
        let id = try await journal.write(draft)
        try await load()
        return id
    }

    /// As many of the newest entries, for who wants more than is shown.
    public func newest(_ limit: Int) async throws(JournalError) -> [Entry] {
        try await journal.page(limit: limit).entries
    }

    /// One entry, by its id or the beginning of it.
    public func entry(_ id: String) async throws(JournalError) -> Entry {
        try await journal.entry(id)
    }

    /// Sends and receives.
    @discardableResult
    public func sync() async throws(JournalError) -> SyncReport {
        let report = try await journal.syncNow(deadline: .seconds(30))
        try await load()
        return report
    }

    /// A link for a partner.
    public func invite() async throws(JournalError) -> String {
        try await journal.invite().link
    }

    /// A link for a further device of this person's own.
    public func linkDevice() async throws(JournalError) -> String {
        try await journal.link().link
    }

    /// Takes up a partner's link.
    public func join(_ link: String) async throws(JournalError) {
        try await journal.join(link)
        try await load()
    }

    /// Says whether both sides show the same emoji.
    public func confirm(same: Bool) async throws(JournalError) {
        try await journal.confirm(same: same)
        try await load()
    }

    /// Before the app sleeps.
    public func suspend() async {
        await telling { () async throws(JournalError) in try await self.journal.suspend() }
    }

    /// When it is back.
    public func resume() async {
        await telling { () async throws(JournalError) in
            try await self.journal.resume()
            try await self.load()
        }
    }

    /// Goes to sleep in the middle of a sync, as an app does that leaves the screen, and wakes
    /// after `sleeping`.
    public func nap(_ sleeping: () -> Void) async throws(JournalError) {
        let events = journal.events()
        let syncing = Task { [journal] in
            _ = try? await journal.syncNow(deadline: .seconds(600))
        }
        for await case .syncChanged in events { break }
        try await journal.suspend()
        await syncing.value
        sleeping()
        try await journal.resume()
        try await load()
    }

    /// Closes everything.
    public func close() async {
        await journal.shutdown()
    }

    /// Does something and shows its error, if the person can do something about it.
    public func telling(_ work: () async throws(JournalError) -> Void) async {
        do {
            try await work()
            problem = nil
        } catch {
            if error.kind != .cancelled { problem = error.detail }
        }
    }

    private func load() async throws(JournalError) {
        entries = try await journal.page(limit: 50).entries
        pairing = try await journal.pairing()
    }
}
