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
            for round in 0..<1_000 {
                if round == 20 { before = try Held.now() }
                let syncing = Task { [journal = ana.journal] in
                    await kind { try await journal.syncNow(deadline: .seconds(600)) }
                }
                // Cancelled at every stage: before it began, or while it waits.
                if round % 2 == 0 { _ = try await ana.journal.status() }
                syncing.cancel()
                #expect(await syncing.value == .cancelled)
            }
            _ = try await ana.journal.status()
            let (first, last) = (try #require(before), try Held.now())
            print("MEASURED cancelled: \(first) before, \(last) after 980 syncs")
            #expect(last.threads <= first.threads + 2)
            #expect(last.files <= first.files + 2)
            #expect(last.memory < first.memory + 16 * 1_024)
            await ana.journal.shutdown()
        }

        @Test func durationsAreMilliseconds() {
            #expect(Duration.seconds(1.5).milliseconds == 1_500)
            #expect(Duration.milliseconds(-1).milliseconds == -1)
            #expect(Duration.seconds(Int64.max).milliseconds == .max)
        }
    }
}
