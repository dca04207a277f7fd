import SidelightCore

#if canImport(OSLog)
    import OSLog
#endif

/// Receives what the library says of its work, for whoever looks for a fault. No text, key,
/// mailbox, name or address is ever in it.
///
/// It is called on one thread of the library's own, and may take its time: meanwhile nothing
/// waits for it. Lines that come too fast are left out, and counted.
public protocol LogSink: Sendable {
    /// A line. What it throws is ignored.
    func log(_ level: LogLevel, target: String, _ line: String) throws
}

/// The log of all journals of this process.
public enum Log {
    /// Sends the log to `sink` from now on, from `level` upwards, instead of to the one before.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` if this process logs in another way.
    public static func send(
        to sink: any LogSink, from level: LogLevel = .info
    ) throws(JournalError) {
        try callingNow { try setLogSink(level: level, sink: TheirSink(sink)) }
    }

    /// Sends the log to nobody from now on, as in the beginning. The sink is let go.
    public static func stop() throws(JournalError) {
        try callingNow { try setLogSink(level: .error, sink: nil) }
    }
}

private final class TheirSink: SidelightCore.LogSink {
    private let sink: any LogSink

    init(_ sink: any LogSink) {
        self.sink = sink
    }

    func log(level: LogLevel, target: String, line: String) throws {
        do {
            try sink.log(level, target: target, line)
        } catch {
            throw LogSinkError.Failed
        }
    }
}

#if canImport(OSLog)
    /// The log as the system's: `log stream --predicate 'subsystem == "…"'` shows it.
    public struct OSLogSink: LogSink {
        private let subsystem: String

        /// Under the name of the app.
        public init(subsystem: String) {
            self.subsystem = subsystem
        }

        public func log(_ level: LogLevel, target: String, _ line: String) {
            let logger = Logger(subsystem: subsystem, category: target)
            let level: OSLogType =
                switch level {
                case .debug: .debug
                case .info: .info
                case .warn: .error
                case .error: .fault
                }
            // Nothing of a person is in it.
            logger.log(level: level, "\(line, privacy: .public)")
        }
    }
#endif
