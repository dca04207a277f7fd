import Foundation
import SidelightTesting
import Testing

@testable import Sidelight

extension Everything {
    @Suite struct CancelTests {
        @Test func aSyncEndsWithItsTask() async throws {
            let (relay, silence) = (try await LoopbackRelay.start(), try Silence())
            let ana = try await Home("Ana", relay: silence.instead(of: relay.address))
            let events = ana.journal.events()
            let syncing = Task { [journal = ana.journal] in
                await kind { try await journal.syncNow(deadline: .seconds(600)) }
            }
            // It is under way once it says so.
            for await case .syncChanged in events { break }
            syncing.cancel()
            #expect(await syncing.value == .cancelled)
            try await ana.journal.write("the journal goes on")
            await ana.journal.shutdown()
        }

        @Test func aThousandCancelledSyncsLeaveNothingBehind() async throws {
            let (relay, silence) = (try await LoopbackRelay.start(), try Silence())
            let ana = try await Home("Ana", relay: silence.instead(of: relay.address))
            var before: Held?
            // After the first 200 the allocator has kept what it keeps for sockets' buffers.
            for round in 0..<1_200 {
                // Suspended, it has closed every socket.
                if round == 200 { before = try await asleep(ana.journal) }
                let syncing = Task { [journal = ana.journal] in
                    await kind { try await journal.syncNow(deadline: .seconds(600)) }
                }
                // Cancelled at every stage: before it began, or while it waits.
                if round % 2 == 0 { _ = try await ana.journal.status() }
                syncing.cancel()
                #expect(await syncing.value == .cancelled)
            }
            // However fast one comes after the other, they do not pile up.
            let during = try Held.now()
            let (first, last) = (try #require(before), try await asleep(ana.journal))
            print("MEASURED cancelled: \(first) before, \(during) during, \(last) after 1,000 syncs")
            #expect(during.files <= first.files + 64)
            #expect(last.threads <= first.threads)
            #expect(last.files <= first.files)
            #expect(last.memory < first.memory + 16 * 1_024)
            await ana.journal.shutdown()
        }

        /// What the process holds while the journal is suspended.
        private func asleep(_ journal: Journal) async throws -> Held {
            try await journal.suspend()
            let held = try Held.now()
            try await journal.resume()
            return held
        }

        @Test func durationsAreMilliseconds() {
            #expect(Duration.seconds(1.5).milliseconds == 1_500)
            #expect(Duration.milliseconds(-1).milliseconds == -1)
            #expect(Duration.seconds(Int64.max).milliseconds == .max)
        }
    }
}
