import SidelightCore

/// What two people make together: agreements and conversations.
extension Journal {
    /// What was proposed and agreed, the newest first, up to 1,000.
    public func agreements() async throws(JournalError) -> [AgreementShown] {
        try await calling { try await core.agreements() }
    }

    /// Assents to a proposal as it is in `version`, which is the one that the person read.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` if it says something else by now, was
    /// withdrawn, or is no proposal.
    public func assent(to id: String, version: String) async throws(JournalError) {
        try await calling { try await core.assent(id: id, version: version) }
    }

    /// Withdraws from an agreement, or takes a proposal back: at once, needing nobody.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` if this person neither proposed it nor
    /// assented.
    public func withdraw(from id: String) async throws(JournalError) {
        try await calling { try await core.withdrawFrom(id: id) }
    }

    /// A conversation, by the entry that began it or by any turn in it.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/notFound`` also if what began it was taken back.
    public func conversation(_ id: String) async throws(JournalError) -> ConversationShown {
        try await calling { try await core.conversation(id: id) }
    }
}

extension Reader {
    /// What was proposed and agreed, as ``Journal/agreements()``.
    public func agreements() async throws(JournalError) -> [AgreementShown] {
        try await calling { try await core.agreements() }
    }

    /// A conversation, as ``Journal/conversation(_:)``.
    public func conversation(_ id: String) async throws(JournalError) -> ConversationShown {
        try await calling { try await core.conversation(id: id) }
    }
}

extension AgreementShown: Identifiable {
    /// That of the proposal.
    public var id: String { proposal.id }
}

extension ConversationShown: Identifiable {
    /// That of the entry that began it.
    public var id: String { begun.id }
}
