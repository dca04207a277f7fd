import Foundation
import Sidelight

/// A store of an app's own, in Swift.
final class AppKeys: KeyStore, @unchecked Sendable {
    private let lock = NSLock()
    private var key: Data?
    private var error: (any Error)?
    private var loaded = 0

    init(_ key: Data? = nil, throwing error: (any Error)? = nil) {
        self.key = key
        self.error = error
    }

    func load() throws -> Data? {
        try lock.withLock {
            loaded += 1
            if let error { throw error }
            return key
        }
    }

    func save(_ key: Data) throws {
        try lock.withLock {
            if let error { throw error }
            guard self.key == nil else { throw KeyStoreError.other }
            self.key = key
        }
    }

    /// How often it was asked.
    var asked: Int { lock.withLock { loaded } }

    /// From now on; none for nothing.
    func fail(with error: (any Error)?) {
        lock.withLock { self.error = error }
    }
}

/// A store that does not answer before it is told to.
final class SlowKeys: KeyStore, @unchecked Sendable {
    private let keys = AppKeys()
    private let gate = DispatchSemaphore(value: 0)
    private let began: AsyncStream<Void>.Continuation
    /// Says when it is asked.
    let asked: AsyncStream<Void>

    init() {
        (asked, began) = AsyncStream.makeStream()
    }

    func load() throws -> Data? {
        began.yield()
        gate.wait()
        return try keys.load()
    }

    func save(_ key: Data) throws {
        try keys.save(key)
    }

    func answer() {
        gate.signal()
    }
}

/// What no library has heard of.
struct Surprise: Error, CustomStringConvertible {
    var description: String { "a secret of the app's" }
}
