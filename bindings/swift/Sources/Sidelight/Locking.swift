import SidelightCore

/// A further secret for the private entries of this device.
extension Journal {
    /// Puts the private entries of this device under a further secret, of 8 to 1,024 bytes: once
    /// they are locked, and whenever the journal is opened, nobody reads one here without it,
    /// whoever holds the device unlocked. Nobody can put a forgotten one back: the recovery words,
    /// or another device, still have everything.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` for a secret out of bounds, if there is
    /// one already, or as long as the recovery words have not been checked.
    public func beginPrivateSecret(_ secret: String) async throws(JournalError) {
        try await calling { try await core.beginPrivateSecret(secret: secret) }
    }

    /// Another secret in place of the present one. A backup from before still opens with the one
    /// that it had.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/keysLocked`` for a wrong secret.
    public func changePrivateSecret(
        _ secret: String, to newSecret: String
    ) async throws(JournalError) {
        try await calling {
            try await core.changePrivateSecret(secret: secret, newSecret: newSecret)
        }
    }

    /// Takes the further secret away: private entries need none on this device any more.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/keysLocked`` for a wrong secret.
    public func endPrivateSecret(_ secret: String) async throws(JournalError) {
        try await calling { try await core.endPrivateSecret(secret: secret) }
    }

    /// Unlocks private entries for this journal, until it is locked or shut down.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/keysLocked`` for a wrong secret.
    public func unlockPrivate(_ secret: String) async throws(JournalError) {
        try await calling { try await core.unlockPrivate(secret: secret) }
    }

    /// Locks private entries. While they are, they cannot be read, written or shared here, and
    /// nothing private is fetched or sent. What is shared goes on as ever.
    public func lockPrivate() async throws(JournalError) {
        try await calling { try await core.lockPrivate() }
    }
}

extension Reader {
    /// Unlocks private entries for this reader.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/keysLocked`` for a wrong secret.
    public func unlockPrivate(_ secret: String) async throws(JournalError) {
        try await calling { try await core.unlockPrivate(secret: secret) }
    }
}
