import Foundation
import SidelightCore

/// Keeps the storage key, 32 bytes, under which everything on this device is sealed.
///
/// On Apple's systems that is `KeychainKeyStore`. It is called on the library's own threads,
/// never on the main one, and may take its time. It throws ``KeyStoreError``; anything else that
/// it throws counts as ``KeyStoreError/other``.
public protocol KeyStore: Sendable {
    /// The key; none if none was ever saved here.
    func load() throws -> Data?

    /// Saves a new key, durably when it returns. A key that is there already must not be
    /// replaced: with it would go whatever it had sealed.
    func save(_ key: Data) throws
}

/// Why the storage key cannot be had or kept. It reaches the app as
/// ``JournalError/Kind-swift.enum/keysLocked``, with a sentence for each.
public enum KeyStoreError: Error, Hashable, Sendable {
    /// The device, or its vault, is locked.
    case locked
    /// The person, or the system, does not allow it.
    case denied
    /// Anything else.
    case other
}

/// The key in a file that only its owner may read: for systems without a vault. It protects
/// against those who get the journal without the file, and against nobody who gets both.
public struct FileKeyStore: KeyStore, Crossing {
    package let core: any SidelightCore.KeyStore

    /// In the file at `file`; its folder is made if need be.
    public init(_ file: URL) {
        core = fileKeyStore(path: file.path)
    }
}

/// The key in a file, sealed under a passphrase. Each check takes a tenth of a second or so and
/// 64 MiB. Whoever gets journal and file can guess for as long as they like.
public struct PassphraseKeyStore: KeyStore, Crossing {
    package let core: any SidelightCore.KeyStore

    /// In the file at `file`, under the passphrase as it was typed.
    public init(_ file: URL, passphrase: String) {
        core = passphraseKeyStore(path: file.path, passphrase: passphrase)
    }

    /// Seals the key in the file at `file` under another passphrase. The key stays the same: an
    /// earlier copy of the file still opens under the passphrase that it had.
    public static func change(
        _ file: URL, from passphrase: String, to new: String
    ) async throws(JournalError) {
        try await calling {
            try await changePassphrase(path: file.path, passphrase: passphrase, newPassphrase: new)
        }
    }
}

/// A store that is the library's own, and need not cross twice.
package protocol Crossing {
    var core: any SidelightCore.KeyStore { get }
}

extension Crossing {
    /// The key; none if none was ever saved here.
    public func load() throws -> Data? {
        try KeyStoreError.crossing { try core.load() }
    }

    /// Saves a new key, if there is none.
    public func save(_ key: Data) throws {
        try KeyStoreError.crossing { try core.save(key: key) }
    }
}

extension KeyStoreError {
    fileprivate static func crossing<T>(_ call: () throws -> T) throws -> T {
        do {
            return try call()
        } catch SidelightCore.KeyStoreError.Locked {
            throw locked
        } catch SidelightCore.KeyStoreError.Denied {
            throw denied
        } catch {
            throw other
        }
    }
}

/// A store of the app's, for the library.
private final class Theirs: SidelightCore.KeyStore {
    private let keys: any KeyStore

    init(_ keys: any KeyStore) {
        self.keys = keys
    }

    func load() throws -> Data? {
        try crossing { try keys.load() }
    }

    func save(key: Data) throws {
        try crossing { try keys.save(key) }
    }

    private func crossing<T>(_ call: () throws -> T) throws -> T {
        do {
            return try call()
        } catch KeyStoreError.locked {
            throw SidelightCore.KeyStoreError.Locked
        } catch KeyStoreError.denied {
            throw SidelightCore.KeyStoreError.Denied
        } catch {
            // What was thrown may say anything, so none of it goes on.
            throw SidelightCore.KeyStoreError.Other
        }
    }
}

/// A store as the library takes it.
func crossing(_ keys: any KeyStore) -> any SidelightCore.KeyStore {
    (keys as? any Crossing)?.core ?? Theirs(keys)
}
