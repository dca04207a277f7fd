import Foundation
import SidelightCore

/// Coming back, and beginning anew.
extension Journal {
    /// Brings a journal back in `folder`, where none has begun, from the 24 recovery words and the
    /// relay's address alone. What this gives has nothing yet: each ``syncNow(deadline:)`` brings
    /// more, and `Status.recovery` says when all is here, or that this relay has no journal for
    /// these words. Stopped at any point, it goes on when the journal is opened again.
    ///
    /// Then no other device has this journal any more: each comes back by being linked. What is
    /// shared can be read at once, and written in after a comparison with the partner, by
    /// ``invite(for:)`` or ``join(_:)``.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` for words, saying which kind of mistake,
    /// for an address that is none, or if a journal has begun there.
    ///
    /// - Parameters:
    ///   - folder: where the journal will be.
    ///   - keys: where its storage key is kept.
    ///   - words: as they were typed: in any case, with any white space between, numbered or not.
    ///   - relay: the relay's address.
    ///   - ticket: what it asks for, if it lets not everybody in.
    ///   - deviceName: what this device is called on the person's own devices.
    public static func recover(
        at folder: URL, keys: any KeyStore, words: String, relay: String, ticket: String? = nil,
        deviceName: String
    ) async throws(JournalError) -> Journal {
        let core = try await calling {
            try await SidelightCore.Journal.recover(
                home: folder.path, keys: crossing(keys), words: words, address: relay,
                deviceName: deviceName, ticket: ticket)
        }
        protect(folder)
        return Journal(core)
    }

    /// The recovery words, to be written on paper. They can be had until they have been checked;
    /// after that they are on no device any more.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` once they have been checked.
    public func recoveryBegin() async throws(JournalError) -> RecoveryWords {
        try await calling { try await core.recoveryBegin() }
    }

    /// Checks that the person has their recovery words, as they were typed. If they are right,
    /// this device forgets them.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid``, saying which kind of mistake was made
    /// and in which place, but no word; ``meant(by:)`` may know the word.
    public func recoveryCheck(_ words: String) async throws(JournalError) {
        try await calling { try await core.recoveryCheck(words: words) }
    }

    /// Replaces the recovery words, which takes the present ones: new ones, to be written down and
    /// checked like the first. The old ones still open what was written until now.
    public func recoveryReplace(_ words: String) async throws(JournalError) -> RecoveryWords {
        try await calling { try await core.recoveryReplace(words: words) }
    }

    /// What somebody may have meant who misspelt a recovery word, once a call has said that one is
    /// misspelt. To be shown to whoever typed it, and kept nowhere: it is most likely one of their
    /// words.
    public static func meant(by typed: String) -> LikelyWord? {
        recoveryWordMeant(typed: typed)
    }

    /// Invites the partner that there is to compare once more: after one of the two has recovered
    /// their journal, or when their keys are in doubt. The shared journal goes on; anybody else who
    /// takes the invitation up ends it.
    public func inviteAgain(
        for lifetime: Duration = .seconds(3_600)
    ) async throws(JournalError) -> Invited {
        let lifetimeMs = lifetime.milliseconds
        return try await calling { try await core.inviteAgain(lifetimeMs: lifetimeMs) }
    }

    /// Takes up the invitation of the partner that there is, to compare once more.
    public func joinAgain(_ link: String) async throws(JournalError) {
        try await calling { try await core.joinAgain(link: link) }
    }

    /// Begins a new person over one's own copy: at once, offline, needing no other key, and nobody
    /// hears of it. Everything before is left and stays readable. One's own entries become private
    /// entries of the new person. There are new recovery words, and another pairing can begin; it
    /// shares nothing of before.
    ///
    /// - Returns: how many entries came along.
    @discardableResult
    public func refound() async throws(JournalError) -> Int {
        Int(try await calling { try await core.refound() })
    }
}
