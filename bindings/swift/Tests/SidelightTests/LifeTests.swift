import Foundation
import SidelightTesting
import Testing

extension Everything {
    /// What happens in a journal's life: lost phones, another relay, second thoughts, quarrels.
    @Suite struct LifeTests {
        @Test func aLostPhoneComesBackByItsWordsAndSharesAgainAfterAComparison() async throws {
            let relay = try await LoopbackRelay.start()
            let (ana, ben) = try await couple(relay)
            try await ana.write("hers alone")
            try await ana.write(Draft(text: "for both", shared: true))
            try await sync([ana, ben, ana])
            // As it is written in the documents.
            var words = ""
            try await writeDown(for: ana) { words = $0.joined(separator: " ") } typed: { words }
            try await sync([ana, ben, ana])
            await ana.shutdown()  // it fell into the sea

            let folder = try Folder()
            let back = try await comeBack(
                in: folder.home, keys: AppKeys(), words: words, relay: relay.address)
            try await sync([back, back])
            let status = try await back.status()
            #expect(status.recovery == .checked && status.compareAgain)
            #expect(try await texts(back) == ["hers alone", "for both"])
            try await ben.syncNow()
            try await ben.joinAgain(try await back.inviteAgain().link)
            try await compare(back, ben)
            #expect(try await !back.status().compareAgain)
            try await back.write(Draft(text: "back again", shared: true))
            try await sync([back, ben])
            #expect(try await texts(ben).contains("back again"))
            for journal in [back, ben] { await journal.shutdown() }
            await relay.stop()
        }

        @Test func wordsAreShownUntilTheyAreChecked() async throws {
            let relay = try await LoopbackRelay.start()
            let ana = try await Home("Ana", relay: relay.address)
            #expect(try await ana.journal.status().recovery == .unchecked)
            let words = try await ana.journal.recoveryBegin().words()
            #expect(words.count == 24)
            for wrong in ["", words.dropFirst().joined(separator: " ")] {
                #expect(await kind { try await ana.journal.recoveryCheck(wrong) } == .invalid)
            }
            let typed = words.enumerated().map { "\($0 + 1). \($1.uppercased())" }
            try await ana.journal.recoveryCheck(typed.joined(separator: "\n"))
            #expect(await kind { try await ana.journal.recoveryBegin() } == .invalid)
            let others = try await ana.journal.recoveryReplace(words.joined(separator: " "))
            #expect(others.words() != words)

            // A word that was misspelt is guessed, and no other.
            var misspelt = Array(repeating: "abandon", count: 23) + ["art"]
            #expect(Journal.meant(by: misspelt.joined(separator: " ")) == nil)
            misspelt[4] = "abbandon"
            let meant = try #require(Journal.meant(by: misspelt.joined(separator: " ")))
            #expect(meant.place == 5 && meant.word == "abandon")

            let folder = try Folder()
            do {
                _ = try await Journal.recover(
                    at: folder.home, keys: AppKeys(),
                    words: String(repeating: "secretive ", count: 24), relay: relay.address,
                    deviceName: "tablet")
                Issue.record("it was recovered")
            } catch {
                #expect(error.kind == .invalid && !error.detail.contains("secretive"))
            }
            await ana.journal.shutdown()
            await relay.stop()
        }

        @Test func aCoupleMovesToAnotherRelayAndNothingIsMissing() async throws {
            let (former, relay) = (try await LoopbackRelay.start(), try await LoopbackRelay.start())
            let (ana, ben) = try await couple(former)
            try await ana.write(Draft(text: "before", shared: true))
            try await sync([ana, ben, ana])
            try await ana.moveToRelay(relay.address)
            #expect(await kind { try await ana.moveToRelay(relay.address) } == .invalid)
            try await ana.write(Draft(text: "after", shared: true))
            for _ in 0..<3 { try await sync([ana, ben, ana]) }
            #expect(try await texts(ben) == ["before", "after"])
            #expect(try await ana.status().relay == relay.address)
            for journal in [ana, ben] { await journal.shutdown() }
            for relay in [former, relay] { await relay.stop() }
        }

        @Test func whatIsHeldLeavesWhenItIsDueAndWhatIsRetractedBeforeLeavesNothing() async throws {
            let relay = try await LoopbackRelay.start()
            let now = Date(timeIntervalSince1970: 1_785_578_400)
            let clock = TestClock(now)
            let (ana, ben) = try await couple(relay, clock)
            let id = try await ana.write(
                Draft(text: "in a day", fields: [Field("tags", ["slow"])]))
            let day = Duration.seconds(86_400)
            let due = try await ana.hold(Promotion(id: id, fields: []), for: day)
            #expect(due == now.addingTimeInterval(86_400))
            #expect(try await ana.held().map(\.due) == [due])
            let never = try await ana.write("never")
            try await ana.hold(Promotion(id: never), for: day)
            let retraction = try await ana.retract(never)
            #expect(retraction.what == .held && retraction.detail.contains("nobody has seen it"))
            let soon = try await ana.write("now after all")
            try await ana.hold(Promotion(id: soon), for: day + day)
            try await ana.release(soon)
            try await sync([ana, ben, ana])
            #expect(try await texts(ben) == ["now after all"])
            clock.advance(by: day + .seconds(60))
            try await sync([ana, ben, ana])
            #expect(try await texts(ben) == ["now after all", "in a day"])
            #expect(try await ben.search("day").entries.first?.fields.isEmpty == true)
            #expect(try await ana.retract(id).what == .everywhere)
            try await sync([ana, ben])
            #expect(try await ben.page().entries.contains { $0.takenBack })
            for journal in [ana, ben] { await journal.shutdown() }
            await relay.stop()
        }

        @Test func evidenceIsCheckedByAnybodyUntilOneLetterOfItIsChanged() async throws {
            let relay = try await LoopbackRelay.start()
            let (ana, ben) = try await couple(relay)
            try await ana.write(Draft(text: "from Ana", shared: true))
            try await ben.write(Draft(text: "from Ben", shared: true))
            for _ in 0..<2 { try await sync([ana, ben, ana]) }
            let into = try Folder()
            let report = try await ana.export(
                to: into.url, ExportOptions(format: .evidence, scope: .both))
            #expect(report.entries == 2 && report.unproved == 0)
            for journal in [ana, ben] { await journal.shutdown() }
            let folder = URL(filePath: report.path)
            let page = into.url.appending(path: "page.html")
            let proved = try await Evidence.verify(folder, page: page)
            #expect(proved.entries == 2)
            #expect(Set(proved.persons.map(\.name)) == ["Ana", "Ben"])
            #expect(try String(contentsOf: page, encoding: .utf8).contains("from Ben"))
            let entries = folder.appending(path: "entries.json")
            let changed = try String(contentsOf: entries, encoding: .utf8)
                .replacingOccurrences(of: "from Ben", with: "from Bob")
            try Data(changed.utf8).write(to: entries)
            do {
                _ = try await Evidence.verify(folder)
                Issue.record("it was proved")
            } catch {
                #expect(error.kind == .invalid && error.detail.contains("entries.json"))
            }
            await relay.stop()
        }

        @Test func whoBeginsAnewLeavesThePartnerNothingNew() async throws {
            let relay = try await LoopbackRelay.start()
            let (ana, ben) = try await couple(relay)
            try await ana.write(Draft(text: "of before", shared: true))
            try await sync([ana, ben, ana])
            #expect(try await ana.refound() == 1)
            #expect(try await ana.status().partner == nil)
            try await ana.write("of now")
            try await sync([ana, ben, ana])
            #expect(try await texts(ben) == ["of before"])
            #expect(try await texts(ana).isSuperset(of: ["of before", "of now"]))
            for journal in [ana, ben] { await journal.shutdown() }
            await relay.stop()
        }

        private func sync(_ journals: [Journal]) async throws {
            for journal in journals { try await journal.syncNow() }
        }

        private func texts(_ journal: Journal) async throws -> Set<String> {
            Set(try await journal.page().entries.filter { !$0.takenBack }.map(\.text))
        }
    }
}

/// Two journals in memory that are paired over `relay`.
func couple(_ relay: LoopbackRelay, _ clock: TestClock? = nil) async throws -> (Journal, Journal) {
    let ana = try await MemoryHome(clock: clock).create(
        person: NewPerson(name: "Ana", relay: relay.address))
    let ben = try await MemoryHome(clock: clock).create(
        person: NewPerson(name: "Ben", relay: relay.address))
    try await pair(ana, ben)
    return (ana, ben)
}
