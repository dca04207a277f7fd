import Foundation
import SidelightTesting
import Testing

extension Everything {
    /// Locks, rhythms and notices, what is recalled, and what two make together.
    @Suite struct DaysTests {
        @Test func privateEntriesArePutUnderAFurtherSecretLockedAndUnlocked() async throws {
            let ana = try await Home("Ana")
            let journal = ana.journal
            let (secret, another) = ("a further secret of one's own", "another, just as long")
            try await journal.write("for myself")
            // Nobody can be locked out for good: the words come first.
            #expect(await kind { try await journal.beginPrivateSecret(secret) } == .invalid)
            let words = try await journal.recoveryBegin().words()
            try await journal.recoveryCheck(words.joined(separator: " "))
            #expect(await kind { try await journal.beginPrivateSecret("short") } == .invalid)
            #expect(try await journal.status().privateLock == PrivateLock.none)
            try await journal.beginPrivateSecret(secret)
            #expect(try await journal.status().privateLock == .open)
            try await journal.lockPrivate()
            #expect(try await journal.status().privateLock == .locked)
            #expect(try await journal.page().entries.isEmpty)
            #expect(await kind { try await journal.write("another") } == .keysLocked)
            #expect(await kind { try await journal.unlockPrivate("what was it") } == .keysLocked)
            let reader = try await Reader.open(at: ana.folder.home, keys: ana.keys)
            #expect(try await reader.page().entries.isEmpty)
            try await reader.unlockPrivate(secret)
            #expect(try await reader.page().entries.count == 1)
            try await journal.unlockPrivate(secret)
            try await journal.changePrivateSecret(secret, to: another)
            try await journal.endPrivateSecret(another)
            #expect(try await journal.status().privateLock == PrivateLock.none)
            #expect(try await journal.page().entries.count == 1)
            await journal.shutdown()
        }

        @Test func aRhythmRemindsOnceNoticesAreWantedAndNotWhileItIsPaused() async throws {
            let ana = try await Home("Ana")
            let journal = ana.journal
            #expect(try await !journal.notices().wanted)
            let weekdays: FieldValue = [
                "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
            ]
            let fields = [Field("weekdays", weekdays), Field("at", "20:00")]
            try await journal.write(Draft(text: "a walk", kind: "rhythm", fields: fields))
            #expect(try await journal.notices().reminder == nil)
            try await journal.wantNotices(true)
            let notices = try await journal.notices()
            #expect(notices.wanted && notices.now && notices.next != nil)
            #expect(notices.reminder != nil)
            let rhythm = try #require(try await journal.rhythms().first)
            #expect(rhythm.intention == "a walk" && rhythm.at == "20:00")
            #expect(rhythm.mine && rhythm.today && !rhythm.paused)
            try await journal.pauseRhythms(true)
            #expect(try await journal.rhythms().map(\.paused) == [true])
            #expect(try await journal.notices().reminder == nil)
            let reader = try await Reader.open(at: ana.folder.home, keys: ana.keys)
            #expect(try await reader.notices().wanted)
            await journal.shutdown()
        }

        @Test func nothingIsRecalledThatWasNotSaidOften() async throws {
            let ana = try await Home("Ana")
            #expect(try await ana.journal.recall().isEmpty)
            #expect(await kind { try await ana.journal.dismiss("nothing") } == .invalid)
            try await ana.journal.dismissNothing()
            await ana.journal.shutdown()
        }

        @Test func twoAgreeOnAWordingAndEitherWithdrawsAlone() async throws {
            let relay = try await LoopbackRelay.start()
            let (ana, ben) = try await couple(relay)
            let proposal = Draft(text: "phones off at nine", kind: "agreement", shared: true)
            let id = try await ana.write(proposal)
            try await sync([ana, ben, ana])
            let open = AgreementState.open(mine: false, theirs: false)
            #expect(try await ben.agreements().map(\.state) == [open])
            for journal in [ana, ben] {
                try await journal.assent(to: id, version: try await journal.entry(id).version)
            }
            for _ in 0..<2 { try await sync([ana, ben, ana]) }
            for journal in [ana, ben] {
                #expect(try await journal.agreements().map(\.state) == [.inForce])
            }
            try await ben.withdraw(from: id)
            for _ in 0..<2 { try await sync([ana, ben, ana]) }
            #expect(try await ana.agreements().map(\.state) == [.withdrawn])
            for journal in [ana, ben] { await journal.shutdown() }
            await relay.stop()
        }

        @Test func aConversationHasTurnsOfBothAndAPauseWhileOneAsksForIt() async throws {
            let relay = try await LoopbackRelay.start()
            let (ana, ben) = try await couple(relay)
            let id = try await ana.write(
                Draft(text: "Sundays", kind: "conversation", shared: true))
            try await sync([ana, ben, ana])
            let about = Field("target", .text(text: id))
            for (text, fields) in [
                ("I like them slow", [about]), ("", [about, Field("paused", true)]),
            ] {
                try await ben.write(
                    Draft(text: text, kind: "conversation", shared: true, fields: fields))
            }
            for _ in 0..<2 { try await sync([ana, ben, ana]) }
            let read = try await ana.conversation(id)
            #expect(read.begun.text == "Sundays" && read.turns.count == 2 && read.paused)
            let nobodys = String(repeating: "0", count: 64)
            #expect(await kind { try await ana.conversation(nobodys) } == .notFound)
            for journal in [ana, ben] { await journal.shutdown() }
            await relay.stop()
        }

        @Test func kindsHaveANameInThePersonsLanguageAndTheNoticeTellsNothing() {
            let words = Words(for: Locale(identifier: "de"))
            #expect(words.label("kind.moment") != nil)
            #expect(words.label("kind.of_another_version") == nil)
            #expect(!words[.notice].isEmpty)
        }

        private func sync(_ journals: [Journal]) async throws {
            for journal in journals { try await journal.syncNow() }
        }
    }
}
