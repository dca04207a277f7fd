import Foundation
import SidelightCore

/// A journal opened for reading only, as by an app's extension. It takes no turn and never waits
/// for whoever writes; each call reads what is committed at that moment. It keeps files open: let
/// it go before the extension is suspended.
public final class Reader: Sendable {
    let core: SidelightCore.Reader

    private init(_ core: SidelightCore.Reader) {
        self.core = core
    }

    /// Opens the journal in `folder`, as ``Journal/open(at:keys:)`` does.
    public static func open(
        at folder: URL, keys: any KeyStore
    ) async throws(JournalError) -> Reader {
        let core = try await calling {
            try await SidelightCore.Reader.open(home: folder.path, keys: crossing(keys))
        }
        return Reader(core)
    }

    /// Some entries, the newest first: `limit` of 1 to 1,000, before the cursor, which is `next`
    /// of the page before.
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

    /// What a person should know of this device.
    public func status() async throws(JournalError) -> Status {
        try await calling { try await core.status() }
    }
}
