import Foundation
import Sidelight
import Testing

extension Everything {
    @Suite struct EventTests {
        @Test func whatIsWrittenIsAnEvent() async throws {
            let (folder, journal) = try await begun()
            let events = journal.events()
            let id = try await journal.write("one")
            var pulled = events.makeAsyncIterator()
            #expect(await pulled.next() == .entryChanged(id: id))
            await journal.shutdown()
            withExtendedLifetime(folder) {}
        }

        @Test func everySequenceHasAllOfThem() async throws {
            let (folder, journal) = try await begun()
            let sequences = [journal.events(), journal.events()]
            let id = try await journal.write("one")
            for events in sequences {
                var pulled = events.makeAsyncIterator()
                #expect(await pulled.next() == .entryChanged(id: id))
            }
            await journal.shutdown()
            withExtendedLifetime(folder) {}
        }

        @Test func aSequenceEndsWithTheJournal() async throws {
            let (folder, journal) = try await begun()
            let events = journal.events()
            let loop = Task {
                var seen = 0
                for await _ in events { seen += 1 }
                return seen
            }
            try await journal.write("one")
            await journal.shutdown()
            #expect(await loop.value >= 1)
            // One that begins afterwards is over at once.
            var late = journal.events().makeAsyncIterator()
            #expect(await late.next() == nil)
            withExtendedLifetime(folder) {}
        }

        @Test func aLoopEndsWithItsTask() async throws {
            let (folder, journal) = try await begun()
            let events = journal.events()
            let (first, say) = AsyncStream<Void>.makeStream()
            let loop = Task {
                for await _ in events { say.yield() }
                return "over"
            }
            try await journal.write("one")
            var heard = first.makeAsyncIterator()
            await heard.next()
            loop.cancel()
            #expect(await loop.value == "over")
            // The journal goes on, and so does who listens anew.
            var pulled = journal.events().makeAsyncIterator()
            let id = try await journal.write("two")
            #expect(await pulled.next() == .entryChanged(id: id))
            await journal.shutdown()
            withExtendedLifetime(folder) {}
        }

        @Test func tenThousandEventsArePulledWithoutLossOrGrowth() async throws {
            let (folder, journal) = try await begun()
            var pulled = journal.events().makeAsyncIterator()
            let (rounds, each) = (20, 500)
            var grown = 0
            var before: Held?
            for round in 0..<rounds {
                let drafts = (0..<each).map { Draft(text: "round \(round), entry \($0)") }
                try await expect(try await journal.write(drafts), from: &pulled)
                // Caches have filled after a few rounds.
                if round == 5 { before = try Held.now() }
            }
            if let before { grown = try Held.now().memory - before.memory }
            print("MEASURED 10,000 events pulled; \(grown) KiB more after the last 7,000")
            #expect(grown < 32 * 1_024)
            await journal.shutdown()
            withExtendedLifetime(folder) {}
        }

        @Test func anAbandonedSequenceHoldsLittleAndDisturbsNobody() async throws {
            let (folder, journal) = try await begun()
            let abandoned = journal.events()
            var pulled = journal.events().makeAsyncIterator()
            let drafts = (0..<1_000).map { Draft(text: "entry \($0)") }
            for _ in 0..<3 {
                try await expect(try await journal.write(drafts), from: &pulled)
            }
            // It has forgotten the oldest, and says so first.
            var late = abandoned.makeAsyncIterator()
            #expect(await late.next() == .lagged)
            await journal.shutdown()
            withExtendedLifetime(folder) {}
        }

        /// Pulls one event for each of these entries. What is written in one call is told in any
        /// order.
        private func expect(
            _ ids: [String], from events: inout Events.Iterator
        ) async throws {
            var told = Set<String>()
            for _ in ids {
                guard case .entryChanged(let id)? = await events.next() else {
                    Issue.record("not an entry's")
                    return
                }
                told.insert(id)
            }
            #expect(told == Set(ids))
        }

        /// A journal in a folder that lives as long as it is held.
        private func begun() async throws -> (Folder, Journal) {
            let folder = try Folder()
            let journal = try await Journal.create(
                at: folder.home, keys: AppKeys(), person: NewPerson(name: "Ana"))
            return (folder, journal)
        }
    }
}
