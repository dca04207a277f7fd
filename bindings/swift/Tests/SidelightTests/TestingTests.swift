import Foundation
import SidelightTesting
import Testing

extension Everything {
    /// What apps test with.
    @Suite struct TestingTests {
        @Test func twoJournalsInMemoryPairOverTheLoopbackRelay() async throws {
            let relay = try await LoopbackRelay.start()
            let (ana, ben) = try await couple(relay)
            relay.delay(.milliseconds(20))
            let id = try await ana.write(Draft(text: "slowly", shared: true))
            for journal in [ana, ben] { try await journal.syncNow() }
            #expect(try await ben.entry(id).text == "slowly")
            for journal in [ana, ben] { await journal.shutdown() }
            await relay.stop()
        }

        @Test func whatIsWrittenInAPartitionArrivesWhenItHeals() async throws {
            let relay = try await LoopbackRelay.start()
            let (ana, ben) = try await couple(relay)
            relay.partition()
            let id = try await ana.write(Draft(text: "kept", shared: true))
            #expect(await kind { try await ana.syncNow(deadline: .seconds(2)) } == .offline)
            relay.heal()
            for journal in [ana, ben] { try await journal.syncNow() }
            #expect(try await ben.entry(id).text == "kept")
            for journal in [ana, ben] { await journal.shutdown() }
            await relay.stop()
        }

        @Test func aHomeInMemoryOutlivesItsJournalAndGoesByItsClock() async throws {
            let relay = try await LoopbackRelay.start()
            let clock = TestClock(Date(timeIntervalSince1970: 1_000_000_000))
            let home = MemoryHome(clock: clock)
            let begun = try await home.create(
                person: NewPerson(name: "Ana", relay: relay.address))
            let id = try await begun.write("kept")
            // An invitation ends an hour after what the clock shows.
            clock.advance(by: .seconds(60))
            #expect(try await begun.invite().expires == clock.now.addingTimeInterval(3_600))
            await begun.shutdown()
            let opened = try await home.open()
            #expect(try await opened.entry(id).text == "kept")
            await opened.shutdown()
            await relay.stop()
        }

        @Test func aKeyStoreInMemoryIsLockedAsAPhoneIs() async throws {
            let folder = try Folder()
            let keys = InMemoryKeyStore()
            let ana = NewPerson(name: "Ana")
            await (try Journal.create(at: folder.home, keys: keys, person: ana)).shutdown()
            keys.setLocked(true)
            #expect(
                await kind { try await Journal.open(at: folder.home, keys: keys) } == .keysLocked)
            keys.setLocked(false)
            await (try Journal.open(at: folder.home, keys: keys)).shutdown()
        }

        @Test func aPanicIsInternalAndNothingEnds() async throws {
            do {
                try await failInternally()
                Issue.record("it did not panic")
            } catch {
                #expect(error.kind == .internal && error.detail.contains("report"))
            }
        }
    }
}
