import Foundation
import SidelightTesting
import Testing

extension Everything {
    @Suite struct LifecycleTests {
        @Test func callsAfterShutdownAreCancelled() async throws {
            let folder = try Folder()
            let journal = try await Journal.create(
                at: folder.home, keys: AppKeys(), person: NewPerson(name: "Ana"))
            await journal.shutdown()
            await journal.shutdown()
            #expect(await kind { try await journal.write("late") } == .cancelled)
            #expect(await kind { try await journal.page() } == .cancelled)
            #expect(await kind { try await journal.suspend() } == .cancelled)
            #expect(await kind { try await journal.syncNow() } == .cancelled)
        }

        @Test func shutdownFrom32TasksWhileOthersWrite() async throws {
            let folder = try Folder()
            let keys = AppKeys()
            let journal = try await Journal.create(
                at: folder.home, keys: keys, person: NewPerson(name: "Ana"))
            let written = await withTaskGroup(of: String?.self) { group in
                for number in 0..<32 {
                    group.addTask {
                        // Each is written, or refused; nothing is in between.
                        let id = try? await journal.write("entry \(number)")
                        await journal.shutdown()
                        return id
                    }
                }
                return await group.reduce(into: []) { ids, id in ids += [id].compactMap { $0 } }
            }
            let again = try await Journal.open(at: folder.home, keys: keys)
            let page = try await again.page(limit: 100)
            #expect(Set(page.entries.map(\.id)) == Set(written))
            await again.shutdown()
        }

        @Test func suspendedItHoldsNoFileAndResumedItGoesOn() async throws {
            let folder = try Folder()
            let journal = try await Journal.create(
                at: folder.home, keys: AppKeys(), person: NewPerson(name: "Ana"))
            let id = try await journal.write("before")
            try await journal.suspend()
            #expect(try openFiles(in: folder.home).isEmpty)
            #expect(await kind { try await journal.write("asleep") } == .cancelled)
            try await journal.resume()
            #expect(try await journal.entry(id).text == "before")
            await journal.shutdown()
            #expect(try openFiles(in: folder.home).isEmpty)
        }

        @Test func suspendedInTheMiddleOfASyncItLetsAnotherWrite() async throws {
            let (relay, silence) = (try await LoopbackRelay.start(), try Silence())
            let ana = try await Home("Ana", relay: silence.instead(of: relay.address))
            let events = ana.journal.events()
            let syncing = Task { [journal = ana.journal] in
                await kind { try await journal.syncNow(deadline: .seconds(600)) }
            }
            for await case .syncChanged in events { break }
            try await ana.journal.suspend()
            #expect(await syncing.value == .cancelled)
            #expect(try openFiles(in: ana.folder.home).isEmpty)
            let other = try await Journal.open(at: ana.folder.home, keys: ana.keys)
            let id = try await other.write("while the first slept")
            await other.shutdown()
            try await ana.journal.resume()
            #expect(try await ana.journal.entry(id).text == "while the first slept")
            await ana.journal.shutdown()
            await relay.stop()
        }

        @Test func aPathThatCannotBeWrittenIsStorage() async throws {
            let folder = try Folder()
            let file = folder.url.appending(path: "file")
            try Data("a file".utf8).write(to: file)
            let below = file.appending(path: "home")
            let ana = NewPerson(name: "Ana")
            #expect(
                await kind { try await Journal.create(at: below, keys: AppKeys(), person: ana) }
                    == .storage)
        }

        @Test func aReaderReadsBesideWhoeverWrites() async throws {
            let folder = try Folder()
            let keys = AppKeys()
            let journal = try await Journal.create(
                at: folder.home, keys: keys, person: NewPerson(name: "Ana"))
            let reader = try await Reader.open(at: folder.home, keys: keys)
            let id = try await journal.write("seen by both")
            #expect(try await reader.entry(id).text == "seen by both")
            #expect(try await reader.page().entries.count == 1)
            #expect(try await reader.status().name == "Ana")
            await journal.shutdown()
        }

        @Test func openingAndShuttingDownLeavesNothingBehind() async throws {
            let folder = try Folder()
            let keys = AppKeys()
            let ana = NewPerson(name: "Ana")
            await (try Journal.create(at: folder.home, keys: keys, person: ana)).shutdown()
            // The runtime's own threads, and those of Swift's, are there after the first few.
            var before: Held?
            for round in 0..<1_000 {
                if round == 20 { before = try Held.now() }
                let journal = try await Journal.open(at: folder.home, keys: keys)
                await journal.shutdown()
            }
            let (first, last) = (try #require(before), try Held.now())
            print("MEASURED opened and shut down: \(first) before, \(last) after 980 times")
            #expect(last.threads <= first.threads + 2)
            #expect(last.files <= first.files)
            #expect(last.memory < first.memory + 16 * 1_024)
        }

        @Test func aJournalThatIsLetGoEndsByItself() async throws {
            let folder = try Folder()
            let keys = AppKeys()
            do {
                _ = try await Journal.create(
                    at: folder.home, keys: keys, person: NewPerson(name: "Ana"))
            }
            // Its last file closes when its thread ends, which waits for nobody.
            var turns = 0
            while try !openFiles(in: folder.home).isEmpty, turns < 1_000_000 {
                turns += 1
                await Task.yield()
            }
            #expect(try openFiles(in: folder.home).isEmpty)
        }
    }
}

/// The files below `folder` that this process has open.
func openFiles(in folder: URL) throws -> [String] {
    let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    let paths = descriptors.compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
    }
    return paths.filter { $0.hasPrefix(folder.path + "/") }
}
