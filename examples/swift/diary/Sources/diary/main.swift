// A small journal for the command line, made of the public package alone.

import DiaryModel
import Foundation
import Sidelight

let usage = """
    diary HOME begin NAME [RELAY]   begin a diary, with a relay's address if there is one
    diary HOME write TEXT           write for oneself
    diary HOME share TEXT           write for both
    diary HOME put                  write entries from standard input, one line of JSON each
    diary HOME list                 the newest 1,000, one line of JSON each
    diary HOME show ID              the text of one, as it is
    diary HOME sync                 send and receive
    diary HOME invite               a link for a partner
    diary HOME link                 a link for a further device of one's own
    diary HOME join LINK            take up a partner's link
    diary HOME join-own LINK NAME   become a further device
    diary HOME pairing              what to compare, or how it stands
    diary HOME confirm              they are the same
    diary HOME nap                  sleep in the middle of a sync until standard input ends, then
                                    show the newest text
    """

@MainActor func run(_ arguments: [String]) async throws {
    guard arguments.count >= 2 else { throw JournalError(.invalid, detail: usage) }
    let folder = URL(filePath: arguments[0])
    // A phone has a Keychain; a file is what every machine has.
    let keys = FileKeyStore(folder.appending(path: "storage.key"))
    let home = folder.appending(path: "journal")
    let words = Array(arguments[2...])

    if case ("join-own", 2) = (arguments[1], words.count) {
        let diary = try await DiaryModel.joinOwn(
            in: home, keys: keys, link: words[0], deviceName: words[1])
        return await diary.close()
    }
    var person: NewPerson?
    if case ("begin", 1...2) = (arguments[1], words.count) {
        person = NewPerson(name: words[0], relay: words.dropFirst().first)
    }
    let diary = try await DiaryModel.open(in: home, keys: keys, beginning: person)
    do {
        try await act(arguments[1], words, in: diary)
    } catch {
        await diary.close()
        throw error
    }
    await diary.close()
}

@MainActor func act(_ command: String, _ words: [String], in diary: DiaryModel) async throws {
    switch (command, words.count) {
    case ("begin", 1...2): break
    case ("write", 1): print(try await diary.write(words[0], shared: false))
    case ("share", 1): print(try await diary.write(words[0], shared: true))
    case ("sync", 0):
        let report = try await diary.sync()
        for problem in report.problems { print(problem) }
        print("sent \(report.sent), received \(report.received), waiting \(report.waiting)")
    case ("invite", 0): print(try await diary.invite())
    case ("link", 0): print(try await diary.linkDevice())
    case ("join", 1): try await diary.join(words[0])
    case ("confirm", 0): try await diary.confirm(same: true)
    case ("pairing", 0): print(standing(of: diary.pairing))
    case ("nap", 0):
        try await diary.nap {
            // Not kept back, as `print` may.
            FileHandle.standardOutput.write(Data("asleep\n".utf8))
            while readLine() != nil {}
        }
        print(diary.entries.first?.text ?? "")
    case ("put", 0):
        while let line = readLine() {
            let drafted = try Line(reading: line)
            print(try await diary.write(drafted.draft()))
        }
    case ("list", 0):
        for entry in try await diary.newest(1_000) where !entry.takenBack {
            print(try Line(entry).written())
        }
    case ("show", 1):
        let text = try await diary.entry(words[0]).text
        FileHandle.standardOutput.write(Data(text.utf8))
    default: throw JournalError(.invalid, detail: usage)
    }
}

func standing(of pairing: Pairing?) -> String {
    guard let pairing else { return "none" }
    switch pairing.stage {
    case .waitingForPartner: return "waiting for the other side"
    case .compare: return pairing.comparison.map(\.name).joined(separator: ", ")
    case .waitingForConfirmation: return "confirmed here"
    case .done: return "paired with \(pairing.partnerName ?? "an own device")"
    case .ended(_, let detail): return detail
    }
}

do {
    try await run(Array(CommandLine.arguments.dropFirst()))
} catch {
    let sentence = (error as? JournalError)?.detail ?? "\(error)"
    FileHandle.standardError.write(Data("\(sentence)\n".utf8))
    exit(1)
}
