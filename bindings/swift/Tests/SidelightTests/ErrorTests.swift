import Foundation
import SidelightTesting
import Testing

@testable import Sidelight

extension Everything {
    /// Each kind, provoked as an app may. `removed` is in `PairingTests`, `keysLocked` in
    /// `KeyStoreTests`.
    @Suite struct ErrorTests {
        @Test func whatIsNotThereIsNotFound() async throws {
            let ana = try await Home("Ana")
            let id = String(repeating: "0", count: 64)
            #expect(await kind { try await ana.journal.entry(id) } == .notFound)
            let folder = try Folder()
            #expect(
                await kind { try await Journal.open(at: folder.home, keys: AppKeys()) }
                    == .notFound)
            await ana.journal.shutdown()
        }

        @Test func sharingAloneIsNotPaired() async throws {
            let ana = try await Home("Ana")
            #expect(
                await kind { try await ana.journal.write(Draft(text: "x", shared: true)) }
                    == .notPaired)
            await ana.journal.shutdown()
        }

        @Test func whatCannotBeIsInvalid() async throws {
            let ana = try await Home("Ana")
            #expect(await kind { try await ana.journal.write("") } == .invalid)
            #expect(await kind { try await ana.journal.join("no link") } == .invalid)
            #expect(await kind { try await ana.journal.syncNow(deadline: .seconds(-1)) } == .invalid)
            #expect(await kind { try await ana.journal.syncNow() } == .invalid)  // no relay
            await ana.journal.shutdown()
        }

        @Test func aRelayThatIsGoneIsOffline() async throws {
            let relay = try await LoopbackRelay.start()
            let ana = try await Home("Ana", relay: relay.address)
            await relay.stop()
            do {
                try await ana.journal.syncNow(deadline: .seconds(2))
                Issue.record("it was in sync")
            } catch {
                #expect(error.kind == .offline && error.mayPass, "\(error)")
            }
            // What was written is kept.
            let id = try await ana.journal.write("offline")
            #expect(try await ana.journal.entry(id).text == "offline")
            await ana.journal.shutdown()
        }

        @Test func anotherRelayInItsPlaceIsRefused() async throws {
            let expected = try await LoopbackRelay.start()
            let there = try await LoopbackRelay.start()
            let key = try #require(expected.address.split(separator: "#").last)
            let place = try #require(there.address.split(separator: "#").first)
            let ana = try await Home("Ana", relay: "\(place)#\(key)")
            let found = await kind { try await ana.journal.syncNow(deadline: .seconds(5)) }
            #expect(found == .refused)
            await ana.journal.shutdown()
        }

        @Test func helpOfALaterFormNeedsAnUpdate() {
            #expect(throws: JournalError.self) { try Words(json: ["no JSON"]) }
            do {
                _ = try Help(json: #"{"format": 99, "author": "x", "regions": []}"#)
                Issue.record("it was read")
            } catch {
                #expect(error.kind == .updateNeeded, "\(error)")
            }
        }

        @Test func whatDoesNotCrossIsInternalAndSaysNothingOfItself() {
            let error = JournalError(Surprise())
            #expect(error.kind == .internal)
            #expect(!error.detail.contains("secret") && error.detail.contains("report"))
        }

        @Test func everyKindComesAcross() {
            let kinds: [(SidelightCore.JournalError, JournalError.Kind)] = [
                (.NotFound(detail: "x"), .notFound), (.KeysLocked(detail: "x"), .keysLocked),
                (.NotPaired(detail: "x"), .notPaired), (.Removed(detail: "x"), .removed),
                (.Offline(detail: "x"), .offline), (.Refused(detail: "x"), .refused),
                (.UpdateNeeded(detail: "x"), .updateNeeded), (.Storage(detail: "x"), .storage),
                (.Invalid(detail: "x"), .invalid), (.Cancelled(detail: "x"), .cancelled),
                (.Internal(detail: "x"), .internal),
            ]
            #expect(kinds.count == JournalError.Kind.allCases.count)
            for (crossed, kind) in kinds {
                let error = JournalError(crossed)
                #expect(error == JournalError(kind, detail: "x"))
                #expect(error.localizedDescription == "x")
            }
        }
    }
}
