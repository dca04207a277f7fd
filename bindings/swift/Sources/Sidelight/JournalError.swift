import Foundation
@_exported import SidelightCore

/// What went wrong: a kind, by what an app does next, and a sentence for people.
public struct JournalError: Error, Equatable, Sendable {
    /// What an app does next.
    public let kind: Kind
    /// One sentence that says what happened and what to do. It carries no text of an entry, no
    /// key, mailbox, name or address, so it may be logged.
    public let detail: String

    /// Makes one, for what is built on top.
    public init(_ kind: Kind, detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// What an app does next.
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        /// There is no such thing: reload what is shown.
        case notFound
        /// The storage key cannot be had now: ask the person to unlock.
        case keysLocked
        /// It needs a partner: offer to pair.
        case notPaired
        /// This device was removed: say so, offer to begin anew.
        case removed
        /// The relay was not reached: try again later; everything is kept.
        case offline
        /// The relay said no, or is full: show its reason.
        case refused
        /// Written by a newer version: offer the update.
        case updateNeeded
        /// The device's storage failed or is full: make room, report.
        case storage
        /// What was asked cannot be done: correct it.
        case invalid
        /// Stopped on request: nothing to do.
        case cancelled
        /// A bug: report it.
        case `internal`
    }
}

extension JournalError {
    /// Whether the same call may succeed later without anybody doing anything.
    public var mayPass: Bool {
        kind == .offline
    }
}

extension JournalError: LocalizedError, CustomStringConvertible {
    public var errorDescription: String? { detail }
    public var description: String { "\(kind.rawValue): \(detail)" }
}

extension JournalError {
    /// From what the generated code throws: its own errors, or a call that it could not make.
    init(_ error: any Error) {
        guard let error = error as? SidelightCore.JournalError else {
            self = (error as? JournalError) ?? JournalError(.internal, detail: Self.bug)
            return
        }
        self =
            switch error {
            case .NotFound(let detail): Self(.notFound, detail: detail)
            case .KeysLocked(let detail): Self(.keysLocked, detail: detail)
            case .NotPaired(let detail): Self(.notPaired, detail: detail)
            case .Removed(let detail): Self(.removed, detail: detail)
            case .Offline(let detail): Self(.offline, detail: detail)
            case .Refused(let detail): Self(.refused, detail: detail)
            case .UpdateNeeded(let detail): Self(.updateNeeded, detail: detail)
            case .Storage(let detail): Self(.storage, detail: detail)
            case .Invalid(let detail): Self(.invalid, detail: detail)
            case .Cancelled(let detail): Self(.cancelled, detail: detail)
            case .Internal(let detail): Self(.internal, detail: detail)
            }
    }

    private static let bug = "this is a bug in Sidelight (a call failed to cross); please report it"
}

/// A call, with the one error that calls throw.
package func calling<T>(_ call: () async throws -> T) async throws(JournalError) -> T {
    do {
        return try await call()
    } catch {
        throw JournalError(error)
    }
}

/// The same for a call that does not wait.
func callingNow<T>(_ call: () throws -> T) throws(JournalError) -> T {
    do {
        return try call()
    } catch {
        throw JournalError(error)
    }
}

/// A long call: cancelling the task stops the work, not only the wait for it.
package func stopping<T: Sendable>(
    _ call: (CancelToken) async throws -> T
) async throws(JournalError) -> T {
    let token = CancelToken()
    do {
        return try await withTaskCancellationHandler {
            try await call(token)
        } onCancel: {
            token.cancel()
        }
    } catch {
        throw JournalError(error)
    }
}
