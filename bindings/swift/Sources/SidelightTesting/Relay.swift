@_exported import Sidelight
import SidelightTestingCore

/// A relay in this process, on this machine alone, behind a network that can be cut and slowed: so
/// two journals of one test pair and sync, and go through bad weather.
public final class LoopbackRelay: Sendable {
    private let core: SidelightTestingCore.LoopbackRelay

    private init(_ core: SidelightTestingCore.LoopbackRelay) {
        self.core = core
    }

    /// Starts one, on a free port. With a `ticket` it refuses those who have not got it.
    public static func start(ticket: String? = nil) async throws(JournalError) -> LoopbackRelay {
        let core = try await calling {
            try await SidelightTestingCore.LoopbackRelay.start(ticket: ticket)
        }
        return LoopbackRelay(core)
    }

    /// Its address, for `NewPerson` and ``/Sidelight/Journal/useRelay(_:ticket:)``.
    public var address: String { core.address() }

    /// Cuts the network: nothing passes, in either direction, and nobody is told.
    public func partition() {
        core.partition()
    }

    /// Slows the network: what is sent arrives so much later.
    public func delay(_ time: Duration) {
        core.delay(ms: time.milliseconds)
    }

    /// Mends the network.
    public func heal() {
        core.heal()
    }

    /// Ends the relay, and what it keeps. Again does nothing.
    public func stop() async {
        // All that can fail is to start a task, without which there is nothing to end.
        try? await core.stop()
    }
}
