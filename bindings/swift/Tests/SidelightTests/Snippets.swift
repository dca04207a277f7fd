// What stands in the documents, compiled. `SnippetTests` holds the documents to it.

import Foundation
import Sidelight

/// A vault that an app may have.
final class Vault: @unchecked Sendable {
    var isLocked = false
    private var items: [String: Data] = [:]

    subscript(name: String) -> Data? {
        get { items[name] }
        set { items[name] = newValue }
    }
}

func begin(in folder: URL, keys: any KeyStore, relay: String?) async throws -> Journal {
    do {
        return try await Journal.open(at: folder, keys: keys)
    } catch {
        guard error.kind == .notFound else { throw error }
        let person = NewPerson(name: "Ana", relay: relay)
        return try await Journal.create(at: folder, keys: keys, person: person)
    }
}

func writeAndRead(in journal: Journal) async throws {
    let id = try await journal.write("Walked by the river.")
    try await journal.setText("Walked by the river, twice.", of: id)

    let page = try await journal.page(limit: 50)
    for entry in page.entries {
        print(entry.date, entry.authorName, entry.text)
    }
}

@MainActor final class Diary {
    private(set) var entries: [Entry] = []
    private let journal: Journal

    init(_ journal: Journal) {
        self.journal = journal
    }

    func keepUpToDate() async throws {
        let events = journal.events()
        entries = try await journal.page().entries
        for await event in events {
            switch event {
            case .entryChanged, .entryRemoved, .lagged:
                entries = try await journal.page().entries
            case .pairingChanged, .syncChanged, .warning:
                break
            }
        }
    }
}

func invite(from journal: Journal) async throws -> String {
    let invited = try await journal.invite(for: .seconds(3_600))
    try await journal.syncNow()
    return invited.link  // to show to one person and nobody else
}

func accept(_ link: String, in journal: Journal) async throws {
    try await journal.join(link)
    try await journal.syncNow()
}

func compare(
    in journal: Journal, ask: ([Emoji]) async -> Bool
) async throws {
    try await journal.syncNow()
    guard let pairing = try await journal.pairing(), pairing.stage == .compare else { return }
    try await journal.confirm(same: await ask(pairing.comparison))
    try await journal.syncNow()
}

func share(_ id: String, in journal: Journal) async throws {
    try await journal.share([id])
    try await journal.write(Draft(text: "Your tea was good.", shared: true))
    try await journal.syncNow(deadline: .seconds(20))
}

func end(_ journal: Journal) async {
    await journal.shutdown()  // everything is closed when it returns
}

func share(_ text: String, in journal: Journal, tell: (String) -> Void) async {
    do {
        try await journal.write(Draft(text: text, shared: true))
        try await journal.syncNow()
    } catch {
        switch error.kind {
        case .offline, .cancelled: break  // it is kept, and goes with the next sync
        default: tell(error.detail)
        }
    }
}

func refresh(_ journal: Journal) async -> Bool {
    do {
        try await journal.resume()
        try await journal.syncNow(deadline: .seconds(20))
        try await journal.suspend()
        return true
    } catch {
        try? await journal.suspend()
        return false
    }
}

struct VaultKeyStore: KeyStore {
    let vault: Vault

    func load() throws -> Data? {
        guard !vault.isLocked else { throw KeyStoreError.locked }
        return vault["journal"]
    }

    func save(_ key: Data) throws {
        guard !vault.isLocked else { throw KeyStoreError.locked }
        guard vault["journal"] == nil else { throw KeyStoreError.other }
        vault["journal"] = key
    }
}

func writeDown(
    for journal: Journal, show: ([String]) async -> Void, typed: () async -> String
) async throws {
    let words = try await journal.recoveryBegin()
    await show(words.words())
    try await journal.recoveryCheck(await typed())
}

func comeBack(
    in folder: URL, keys: any KeyStore, words: String, relay: String
) async throws -> Journal {
    let journal = try await Journal.recover(
        at: folder, keys: keys, words: words, relay: relay, deviceName: "new phone")
    try await journal.syncNow(deadline: .seconds(60))
    return journal  // its status says when all is here, and whether to compare again
}
