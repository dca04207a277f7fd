import Foundation
import SidelightCore

/// Sharing with second thoughts.
extension Journal {
    /// Shares what was chosen of a private entry, now: its kind's rules hold for what is left.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` for an entry that is or was shared, for a
    /// field that it has not, and if what is left says nothing or may not be shared.
    ///
    /// - Returns: the copy's id.
    @discardableResult
    public func promote(_ promotion: Promotion) async throws(JournalError) -> String {
        try await calling { try await core.promote(promotion: promotion) }
    }

    /// Holds a private entry, for a month at most: what was chosen of it is shared when that is over
    /// and the journal is open on this device, as the entry is then. Until then ``retract(_:)``
    /// takes it back, and nothing of it has left the device. Holding it again replaces the hold.
    ///
    /// - Returns: when it is due.
    @discardableResult
    public func hold(
        _ promotion: Promotion, for hold: Duration
    ) async throws(JournalError) -> Date {
        let holdMs = hold.milliseconds
        return Date(
            milliseconds: try await calling {
                try await core.hold(promotion: promotion, holdMs: holdMs)
            })
    }

    /// What is held on this device, the next first.
    public func held() async throws(JournalError) -> [Held] {
        try await calling { try await core.held() }
    }

    /// Shares a held entry now.
    ///
    /// - Returns: the copy's id.
    @discardableResult
    public func release(_ id: String) async throws(JournalError) -> String {
        try await calling { try await core.release(id: id) }
    }

    /// Takes back what was shared of an entry, or is to be. Named by the private entry or by its
    /// shared copy. While it is held this leaves nothing anywhere; afterwards the copy is erased.
    /// What the result says is what can be promised, and no more.
    @discardableResult
    public func retract(_ id: String) async throws(JournalError) -> Retraction {
        try await calling { try await core.retract(id: id) }
    }
}

extension Held: Identifiable {
    /// When it is due, by this device's clock. One that is overdue could not be shared, or by more
    /// than a month: release it, or retract it.
    public var due: Date { Date(milliseconds: dueMs) }
}

extension Evidence {
    /// Checks a folder of evidence that ``/Sidelight/Journal/export(to:_:)`` has made. It needs no
    /// key, no journal and no network, and believes nothing that is not signed. What it proves,
    /// and what not, stands in the folder's `README.txt`.
    ///
    /// Fails by the first thing that is wrong: as
    /// ``/Sidelight/JournalError/Kind-swift.enum/invalid`` if something is not proved.
    ///
    /// - Parameters:
    ///   - folder: what was handed over.
    ///   - page: where to write what was proved, to read and to print; one that is there already is
    ///     left alone.
    public static func verify(
        _ folder: URL, page: URL? = nil
    ) async throws(JournalError) -> Evidence {
        try await stopping { token in
            try await verifyEvidence(folder: folder.path, page: page?.path, cancel: token)
        }
    }
}

extension EvidencePerson: Identifiable {}
