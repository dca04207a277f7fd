import Foundation
import Sidelight
import Testing

extension Everything {
    @Suite struct KeyStoreTests {
        @Test func aStoreInSwiftKeepsTheKey() async throws {
            let folder = try Folder()
            let keys = AppKeys()
            let ana = NewPerson(name: "Ana")
            let begun = try await Journal.create(at: folder.home, keys: keys, person: ana)
            let id = try await begun.write("kept")
            await begun.shutdown()
            #expect(try keys.load()?.count == 32)

            let opened = try await Journal.open(at: folder.home, keys: keys)
            #expect(try await opened.entry(id).text == "kept")
            await opened.shutdown()
        }

        @Test(arguments: [
            (KeyStoreError.locked, "unlock the device"),
            (KeyStoreError.denied, "allow it"),
            (KeyStoreError.other, "check where it is stored"),
        ])
        func whatAStoreThrowsIsKeysLockedWithASentence(
            thrown: KeyStoreError, says: String
        ) async throws {
            let folder = try Folder()
            do {
                _ = try await Journal.create(
                    at: folder.home, keys: AppKeys(throwing: thrown),
                    person: NewPerson(name: "Ana"))
                Issue.record("it was begun")
            } catch {
                #expect(error.kind == .keysLocked)
                #expect(error.detail.contains(says), "\(error.detail)")
            }
        }

        @Test func anErrorThatNobodyKnowsSaysNothingOfItself() async throws {
            let folder = try Folder()
            do {
                _ = try await Journal.create(
                    at: folder.home, keys: AppKeys(throwing: Surprise()),
                    person: NewPerson(name: "Ana"))
                Issue.record("it was begun")
            } catch {
                #expect(error.kind == .keysLocked)
                #expect(!error.detail.contains("secret"), "\(error.detail)")
            }
        }

        @Test func aKeyOf31BytesIsRefused() async throws {
            let folder = try Folder()
            do {
                _ = try await Journal.create(
                    at: folder.home, keys: AppKeys(Data(repeating: 7, count: 31)),
                    person: NewPerson(name: "Ana"))
                Issue.record("it was begun")
            } catch {
                #expect(error.kind == .keysLocked)
                #expect(error.detail.contains("31 bytes instead of 32"), "\(error.detail)")
            }
        }

        @Test func aStoreThatIsLockedOpensOnceItIsUnlocked() async throws {
            let folder = try Folder()
            let keys = AppKeys()
            let ana = NewPerson(name: "Ana")
            await (try Journal.create(at: folder.home, keys: keys, person: ana)).shutdown()

            keys.fail(with: KeyStoreError.locked)
            #expect(
                await kind { try await Journal.open(at: folder.home, keys: keys) } == .keysLocked)
            keys.fail(with: nil)
            await (try Journal.open(at: folder.home, keys: keys)).shutdown()
        }

        @Test func aStoreThatBlocksHoldsUpNobodyElse() async throws {
            let (slow, other) = (try Folder(), try Folder())
            let keys = SlowKeys()
            let ana = NewPerson(name: "Ana")
            let opening = Task { [home = slow.home] in
                try await Journal.create(at: home, keys: keys, person: ana)
            }
            var asked = keys.asked.makeAsyncIterator()
            await asked.next()

            // Meanwhile another journal of the process does all that journals do.
            let journal = try await Journal.create(at: other.home, keys: AppKeys(), person: ana)
            let id = try await journal.write("meanwhile")
            #expect(try await journal.entry(id).text == "meanwhile")
            await journal.shutdown()

            keys.answer()
            await (try opening.value).shutdown()
        }

        @Test func aWrongKeyIsNotAMissingOne() async throws {
            let folder = try Folder()
            let ana = NewPerson(name: "Ana")
            await (try Journal.create(at: folder.home, keys: AppKeys(), person: ana)).shutdown()
            let wrong = AppKeys(Data(repeating: 9, count: 32))
            #expect(
                await kind { try await Journal.open(at: folder.home, keys: wrong) } == .keysLocked)
        }

        @Test func aPassphraseOpensAndIsChanged() async throws {
            let folder = try Folder()
            let file = folder.url.appending(path: "key")
            let (old, new) = ("five random words it was", "five random words it is")
            let ana = NewPerson(name: "Ana")
            let begun = try await Journal.create(
                at: folder.home, keys: PassphraseKeyStore(file, passphrase: old), person: ana)
            await begun.shutdown()
            try await PassphraseKeyStore.change(file, from: old, to: new)
            #expect(
                await kind {
                    try await Journal.open(
                        at: folder.home, keys: PassphraseKeyStore(file, passphrase: old))
                } == .keysLocked)
            let opened = try await Journal.open(
                at: folder.home, keys: PassphraseKeyStore(file, passphrase: new))
            await opened.shutdown()
        }

        @Test func aKeyInAFileIsNeverReplaced() throws {
            let folder = try Folder()
            let keys = FileKeyStore(folder.url.appending(path: "key"))
            #expect(try keys.load() == nil)
            try keys.save(Data(repeating: 1, count: 32))
            #expect(throws: KeyStoreError.other) { try keys.save(Data(repeating: 2, count: 32)) }
            #expect(try keys.load() == Data(repeating: 1, count: 32))
        }
    }
}
