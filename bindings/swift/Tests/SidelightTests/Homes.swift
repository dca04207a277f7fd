import Foundation
import Sidelight
import Testing

/// A socket on this machine that takes everything and answers nothing.
final class Silence {
    private let descriptor: Int32
    let port: Int

    init() throws {
        #if canImport(Glibc)
            let datagram = Int32(SOCK_DGRAM.rawValue)
        #else
            let datagram = SOCK_DGRAM
        #endif
        descriptor = socket(AF_INET, datagram, 0)
        var own = sockaddr_in()
        own.sin_family = sa_family_t(AF_INET)
        own.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let done = withUnsafeMutablePointer(to: &own) { [descriptor] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) | getsockname(descriptor, $0, &length)
            }
        }
        try #require(descriptor >= 0 && done == 0)
        port = Int(UInt16(bigEndian: own.sin_port))
    }

    deinit {
        _ = close(descriptor)
    }

    /// A relay's address, but here.
    func instead(of address: String) -> String {
        let parts = address.split(separator: "/", omittingEmptySubsequences: false)
        return "sidelight://127.0.0.1:\(port)/" + parts.dropFirst(3).joined(separator: "/")
    }
}

/// A person's journal, and where it is.
struct Home {
    let folder: Folder
    let keys = AppKeys()
    let journal: Journal

    init(_ name: String, relay: String? = nil) async throws {
        folder = try Folder()
        journal = try await Journal.create(
            at: folder.home, keys: keys, person: NewPerson(name: name, relay: relay))
    }
}

/// Pairs two journals whose persons see the same.
func pair(_ ana: Journal, _ ben: Journal) async throws {
    let invited = try await ana.invite()
    try await ben.join(invited.link)
    try await compare(ana, ben)
}

/// Both compare, once one has invited and the other has taken that up.
func compare(_ inviter: Journal, _ joiner: Journal) async throws {
    for journal in [inviter, joiner, inviter, joiner] { try await journal.syncNow() }
    let (one, other) = (try await inviter.pairing(), try await joiner.pairing())
    #expect(one?.stage == .compare && other?.stage == .compare)
    #expect(one?.comparison.count == 7 && one?.comparison == other?.comparison)
    try await inviter.confirm(same: true)
    try await joiner.confirm(same: true)
    for journal in [joiner, inviter, joiner, inviter] { try await journal.syncNow() }
}
