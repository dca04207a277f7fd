import Foundation
import Sidelight
import Testing

extension Everything {
    @Suite struct ValueTests {
        @Test func aDayIsThatOfItsZone() throws {
            let zone = try #require(TimeZone(secondsFromGMT: -5 * 3_600))
            let day = Day(Date(timeIntervalSince1970: 0), in: zone)
            #expect(day == Day(year: 1969, month: 12, day: 31, offsetMinutes: -300))
            #expect(day.description == "1969-12-31")
            #expect(day.components.day == 31)
            #expect(day < Day(year: 1970, month: 1, day: 1, offsetMinutes: 0))
        }

        @Test func wordsComeInTheLanguageOfALocale() {
            #expect(Words(for: Locale(identifier: "de_AT")).locale == "de")
            #expect(!Words(for: Locale(identifier: "xx")).prompts.isEmpty)
            #expect(Words.locales.contains { $0.tag == "en" })
            #expect(Help().region("zz") == nil || !Help().elsewhere.resources.isEmpty)
            #expect(KindRules.all.contains { $0.name == "moment" })
        }

        @Test func theLogSaysNothingOfWhatIsWritten() async throws {
            let lines = Lines()
            try Log.send(to: lines, from: .debug)
            let ana = try await Home("Ana")
            try await ana.journal.write("a secret of Ana's")
            await ana.journal.shutdown()
            try Log.stop()
            #expect(!lines.all.contains { $0.contains("secret") || $0.contains("Ana") })
        }
    }
}

private final class Lines: LogSink, @unchecked Sendable {
    private let lock = NSLock()
    private var kept: [String] = []

    func log(_ level: LogLevel, target: String, _ line: String) {
        lock.withLock { kept.append("\(target) \(line)") }
    }

    var all: [String] { lock.withLock { kept } }
}
