import Foundation
import SidelightTesting
import Testing

extension Everything {
    @Suite struct PairingTests {
        @Test func twoJournalsPairAndReadEachOtherByteForByte() async throws {
            let relay = try await LoopbackRelay.start()
            let ana = try await Home("Ana", relay: relay.address)
            let ben = try await Home("Ben")
            try await pair(ana.journal, ben.journal)
            #expect(try await ana.journal.status().partner?.name == "Ben")

            // Composed and decomposed, with joiners, right to left, and a line of its own.
            let text = "é e\u{301} 👩\u{200D}❤️\u{200D}👩 שלום\r\n\u{FEFF}end"
            let star = Field("starred", true)
            let draft = Draft(text: text, shared: true, fields: [star])
            let id = try await ana.journal.write(draft)
            try await ana.journal.write("for myself")
            try await ana.journal.syncNow()
            try await ben.journal.syncNow()

            let page = try await ben.journal.page()
            #expect(page.entries.count == 1)
            let entry = try await ben.journal.entry(id)
            #expect(Data(entry.text.utf8) == Data(text.utf8))
            #expect(entry[field: "starred"] == star.value)
            #expect(entry.authorName == "Ana" && !entry.mine && entry.space == .shared)

            // Only its writer may change it.
            #expect(await kind { try await ben.journal.setText("no", of: id) } == .invalid)
            for home in [ana, ben] { await home.journal.shutdown() }
        }

        @Test func whatIsSharedArrivesLive() async throws {
            let relay = try await LoopbackRelay.start()
            let ana = try await Home("Ana", relay: relay.address)
            let ben = try await Home("Ben")
            try await pair(ana.journal, ben.journal)
            for home in [ana, ben] { try await home.journal.goLive() }
            let events = ben.journal.events()
            let id = try await ana.journal.write(Draft(text: "now", shared: true))
            for await event in events where event == .entryChanged(id: id) { break }
            #expect(try await ben.journal.entry(id).text == "now")
            for home in [ana, ben] { await home.journal.shutdown() }
        }

        @Test func aSecondDeviceIsLinkedAndRemoved() async throws {
            let relay = try await LoopbackRelay.start()
            let ana = try await Home("Ana", relay: relay.address)
            try await ana.journal.write("written before")
            let link = try await ana.journal.link().link
            let folder = try Folder()
            let tablet = try await Journal.joinOwn(
                at: folder.home, keys: AppKeys(), link: link, deviceName: "tablet")
            for journal in [ana.journal, tablet, ana.journal, tablet] {
                try await journal.syncNow()
            }
            #expect(try await ana.journal.prepareVolumes())
            for journal in [ana.journal, tablet] { try await journal.confirm(same: true) }
            for journal in [tablet, ana.journal, tablet] { try await journal.syncNow() }
            #expect(try await tablet.page().entries.map(\.text) == ["written before"])
            let devices = try await ana.journal.devices()
            #expect(devices.count == 2)

            let other = try #require(devices.first { !$0.this })
            try await ana.journal.removeDevice(other.id)
            for journal in [ana.journal, tablet] { _ = try? await journal.syncNow() }
            #expect(await kind { try await tablet.link() } == .removed)
            for journal in [ana.journal, tablet] { await journal.shutdown() }
        }

        /// The quick start, as it is written there.
        @Test func theQuickStartWorks() async throws {
            let relay = try await LoopbackRelay.start()
            let (anas, bens) = (try Folder(), try Folder())
            let anasKeys = FileKeyStore(anas.url.appending(path: "key"))
            let ana = try await begin(in: anas.home, keys: anasKeys, relay: relay.address)
            let ben = try await begin(in: bens.home, keys: AppKeys(), relay: nil)
            try await writeAndRead(in: ana)

            try await accept(try await invite(from: ana), in: ben)
            for journal in [ana, ben] { try await journal.syncNow() }
            for journal in [ana, ben] { try await compare(in: journal) { $0.count == 7 } }
            for journal in [ben, ana, ben] { try await journal.syncNow() }
            let id = try #require(try await ana.page().entries.first).id
            try await share(id, in: ana)
            try await ben.suspend()
            #expect(await refresh(ben))
            try await ben.resume()
            let texts = Set(try await ben.page().entries.map(\.text))
            #expect(texts.isSuperset(of: ["Walked by the river, twice.", "Your tea was good."]))

            for journal in [ana, ben] { await end(journal) }
            // It is there the next time.
            let again = try await begin(in: anas.home, keys: anasKeys, relay: nil)
            #expect(try await again.status().partner != nil)
            await again.shutdown()
        }
    }
}
