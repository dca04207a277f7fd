import Foundation
import Sidelight
import Testing

/// All tests, one after another: some count what the whole process holds.
@Suite(.serialized) struct Everything {}

/// A folder of its own for a test, gone with it.
final class Folder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appending(path: "sidelight-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// A journal's home in it.
    var home: URL { url.appending(path: "home") }
}

/// What the process holds of the system.
struct Held: CustomStringConvertible {
    let threads: Int
    let files: Int
    /// Memory that is in use, in KiB.
    let memory: Int

    static func now() throws -> Held {
        let list = { try FileManager.default.contentsOfDirectory(atPath: $0).count }
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        let digits = line.map { $0.filter(\.isNumber) } ?? ""
        return Held(
            threads: try list("/proc/self/task"), files: try list("/proc/self/fd"),
            memory: Int(digits) ?? 0)
    }

    var description: String { "\(threads) threads, \(files) files, \(memory) KiB" }
}

/// The kind of what a call throws.
func kind<T>(of call: () async throws -> T) async -> JournalError.Kind? {
    do {
        _ = try await call()
        return nil
    } catch {
        return (error as? JournalError)?.kind
    }
}
