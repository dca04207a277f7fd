import SidelightCore

/// People and devices.
extension Journal {
    /// Invites a partner: the link to show to them and nobody else. The pairing goes on with
    /// every sync; an invitation that nobody took up in `lifetime` is spent.
    public func invite(
        for lifetime: Duration = .seconds(3_600)
    ) async throws(JournalError) -> Invited {
        try await calling { try await core.invite(lifetimeMs: lifetime.milliseconds) }
    }

    /// Takes an invitation up, by its link. The pairing goes on with every sync.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` for a link that is none, is cut off,
    /// expired, spent here or one's own, or when there is a partner.
    public func join(_ link: String) async throws(JournalError) {
        try await calling { try await core.join(link: link) }
    }

    /// The pairing under way, or the last one.
    public func pairing() async throws(JournalError) -> Pairing? {
        try await calling { try await core.pairing() }
    }

    /// Says whether both sides show the same seven emoji. Nothing is shared before both have.
    public func confirm(same: Bool) async throws(JournalError) {
        try await calling { try await core.confirm(same: same) }
    }

    /// Calls the pairing off; its invitation is spent.
    public func cancelPairing() async throws(JournalError) {
        try await calling { try await core.cancelPairing() }
    }

    /// Invites a further device of this person: the link to open there with
    /// ``joinOwn(at:keys:link:deviceName:)``, and to show to nobody else. Ask the person to
    /// unlock before: whoever is linked reads everything. Every own device is told.
    public func link(
        for lifetime: Duration = .seconds(3_600)
    ) async throws(JournalError) -> Invited {
        try await calling { try await core.link(lifetimeMs: lifetime.milliseconds) }
    }

    /// Looks at what came in volumes, and packs what is new, which a journal otherwise does by
    /// itself when it has been left alone for a moment: for a background task while the phone is
    /// charged, and before ``confirm(same:)`` takes a further device in. What is packed and
    /// synchronised by then, the new device has soon.
    ///
    /// - Returns: whether nothing is left to do; false if `deadline` was over before.
    @discardableResult
    public func prepareVolumes(
        deadline: Duration = .seconds(60)
    ) async throws(JournalError) -> Bool {
        let deadlineMs = deadline.milliseconds
        return try await stopping { token in
            try await core.prepareVolumes(deadlineMs: deadlineMs, cancel: token)
        }
    }

    /// The person's own devices, in the order in which they came. The partner never sees them.
    public func devices() async throws(JournalError) -> [OwnDevice] {
        try await calling { try await core.devices() }
    }

    /// Removes an own device, named by its id or the beginning of it: at once, offline, needing
    /// nobody. It opens nothing that is written from now on by a device that has heard of it;
    /// what it has it keeps.
    ///
    /// - Returns: the id.
    @discardableResult
    public func removeDevice(_ id: String) async throws(JournalError) -> String {
        try await calling { try await core.removeDevice(id: id) }
    }

    /// Gives the person new keys and both spaces new epochs, at once and offline: what is written
    /// from now on is sealed to the new keys only.
    public func rotate() async throws(JournalError) {
        try await calling { try await core.rotate() }
    }

    /// Leaves the shared journal: at once, offline, needing nobody. Both keep what they had;
    /// nothing later is sealed to the other, and another pairing can begin. Unless `quietly`, the
    /// partner is told at the next sync; quietly, what was not sent yet is never sent, and to the
    /// partner it looks like writing nothing.
    public func leave(quietly: Bool) async throws(JournalError) {
        try await calling { try await core.leave(quietly: quietly) }
    }
}
