import Foundation
import SidelightCore

/// Writing.
extension Journal {
    /// Writes an entry. When this returns it is durable on this device, online or not.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` for what an entry cannot be,
    /// ``JournalError/Kind-swift.enum/notPaired`` for a shared entry without a partner.
    ///
    /// - Returns: its id.
    @discardableResult
    public func write(_ draft: Draft) async throws(JournalError) -> String {
        try await calling { try await core.write(draft: draft) }
    }

    /// Writes a private moment of today.
    ///
    /// - Returns: its id.
    @discardableResult
    public func write(_ text: String) async throws(JournalError) -> String {
        try await write(Draft(text: text))
    }

    /// Writes entries, all or none. One whose source was imported before gives the id that it
    /// got then.
    ///
    /// - Returns: their ids, in the same order.
    @discardableResult
    public func write(_ drafts: [Draft]) async throws(JournalError) -> [String] {
        try await calling { try await core.writeMany(drafts: drafts) }
    }

    /// Copies private entries into the shared journal, each under a new id, as far as its kind
    /// may be shared; one that was shared before gives the copy that there is. This is the only
    /// way from private to shared.
    ///
    /// - Returns: the ids of the copies.
    @discardableResult
    public func share(_ ids: [String]) async throws(JournalError) -> [String] {
        try await calling { try await core.share(ids: ids) }
    }

    /// Edits the text of an entry, all edits or none. Positions are counted in Unicode scalars,
    /// in the text of `version`, the one that the person saw; none means the current one. What
    /// others wrote meanwhile stays.
    ///
    /// - Returns: the version with the edits.
    @discardableResult
    public func edit(
        _ id: String, version: String? = nil, _ edits: [TextEdit]
    ) async throws(JournalError) -> String {
        try await calling { try await core.edit(id: id, version: version, edits: edits) }
    }

    /// Makes `text` the text of an entry, by one splice: what the old and the new text have in
    /// common at the beginning and at the end stays as it is. So what the partner types elsewhere
    /// in it at the same time stays, too.
    ///
    /// - Returns: the version with the text.
    @discardableResult
    public func setText(_ text: String, of id: String) async throws(JournalError) -> String {
        try await calling { try await core.setText(id: id, text: text) }
    }

    /// Moves an entry to another day.
    ///
    /// - Returns: the version with it.
    @discardableResult
    public func setDate(_ day: Day, of id: String) async throws(JournalError) -> String {
        try await calling { try await core.setDate(id: id, date: day) }
    }

    /// Edits fields of an entry, all edits or none. What others said since `version` counts as
    /// said at the same time, and may win over these edits; none means that the person saw
    /// everything.
    ///
    /// - Returns: the version with the edits.
    @discardableResult
    public func editFields(
        of id: String, version: String? = nil, _ edits: [FieldEdit]
    ) async throws(JournalError) -> String {
        try await calling { try await core.editFields(id: id, version: version, edits: edits) }
    }

    /// Erases entries, all or none: at once on this device, online or not, and elsewhere as soon
    /// as it is heard there. What the partner has photographed, exported or kept with a changed
    /// program stays theirs.
    ///
    /// - Returns: what it reached, for each, in the same order.
    @discardableResult
    public func erase(_ ids: [String]) async throws(JournalError) -> [Erased] {
        try await calling { try await core.erase(ids: ids) }
    }
}

/// Reading.
extension Journal {
    /// Some entries, the newest first.
    ///
    /// - Parameters:
    ///   - limit: how many at most, 1 to 1,000.
    ///   - cursor: `next` of the page before; none for the newest.
    public func page(
        limit: Int = 50, before cursor: String? = nil
    ) async throws(JournalError) -> Page {
        try await calling { try await core.page(request: .init(limit, cursor)) }
    }

    /// One entry, by its id or by four or more digits that no other begins with.
    public func entry(_ id: String) async throws(JournalError) -> Entry {
        try await calling { try await core.entry(id: id) }
    }

    /// What matters now.
    public func today() async throws(JournalError) -> Today {
        try await calling { try await core.today() }
    }
}

/// Coming and going.
extension Journal {
    /// Writes entries into `folder`, unencrypted, so mind where; offline, and nobody is told. As JSON
    /// into `sidelight.json`, as a page into `sidelight.html`, each in place of an earlier one; as
    /// Markdown into the folder `sidelight-markdown`, as evidence into `sidelight-evidence`, which
    /// must not be there yet. Nothing half-written is left, whatever happens.
    @discardableResult
    public func export(
        to folder: URL, _ options: ExportOptions
    ) async throws(JournalError) -> ExportReport {
        try await stopping {
            try await core.export(dir: folder.path, options: options, cancel: $0)
        }
    }

    /// How far the export under way is; none if there is none.
    public var exportProgress: ExchangeProgress? {
        core.exportProgress()
    }

    /// Imports a journal from elsewhere: what Sidelight itself exported as JSON, Day One (its zip,
    /// or the JSON in it), Daylio, jrnl, or a folder of Markdown files; plain or gzip. Entries are
    /// private unless `options` say otherwise. Importing again brings nothing twice. Photos,
    /// recordings, places and the like stay behind. One that is interrupted keeps what it has
    /// written; importing again goes on.
    @discardableResult
    public func importJournal(
        from file: URL, _ options: ImportOptions = ImportOptions()
    ) async throws(JournalError) -> ImportReport {
        try await stopping {
            try await core.importFrom(path: file.path, options: options, cancel: $0)
        }
    }

    /// How far the import under way is; none if there is none.
    public var importProgress: ExchangeProgress? {
        core.importProgress()
    }
}

extension PageRequest {
    init(_ limit: Int, _ cursor: String?) {
        self.init(limit: Int32(clamping: limit), before: cursor)
    }
}
