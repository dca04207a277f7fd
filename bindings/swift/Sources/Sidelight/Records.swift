import Foundation
import SidelightCore

// What uniffi writes, made to fit where Swift's own types are expected. The records themselves
// are SidelightCore's.

extension Entry: Identifiable {}
extension OwnDevice: Identifiable {}
extension NeedNow: Identifiable {}
extension OfferNow: Identifiable {}
extension BidNow: Identifiable {}
extension ComfortShown: Identifiable {}
extension BoundaryShown: Identifiable {}
extension Prompt: Identifiable {}
extension Card: Identifiable {}
extension Resource: Identifiable {}

extension Region: Identifiable {
    /// Its code.
    public var id: String { code }
}

extension Day {
    /// The day that it is at `date` in `zone`, with the zone's offset at that moment.
    public init(_ date: Date, in zone: TimeZone = .current) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let parts = calendar.dateComponents([.year, .month, .day], from: date)
        // A Gregorian calendar gives all three; before the year 1 it counts backwards.
        self.init(
            year: Int32(clamping: parts.year ?? 1),
            month: Int32(clamping: parts.month ?? 1),
            day: Int32(clamping: parts.day ?? 1),
            offsetMinutes: Int32(clamping: zone.secondsFromGMT(for: date) / 60))
    }

    /// Its parts, for a calendar.
    public var components: DateComponents {
        DateComponents(
            timeZone: TimeZone(secondsFromGMT: Int(offsetMinutes) * 60),
            year: Int(year), month: Int(month), day: Int(day))
    }
}

extension Day: Comparable, CustomStringConvertible {
    /// As calendars have it, whatever the offset.
    public static func < (one: Day, other: Day) -> Bool {
        (one.year, one.month, one.day, one.offsetMinutes)
            < (other.year, other.month, other.day, other.offsetMinutes)
    }

    /// As in `2026-05-31`.
    public var description: String {
        let digits = { (number: Int32, width: Int) in
            String(repeating: "0", count: max(0, width - String(number).count)) + String(number)
        }
        return "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))"
    }
}

extension Entry {
    /// The value of its field of this name, if it has one.
    public subscript(field name: String) -> FieldValue? {
        fields.first { $0.name == name }?.value
    }
}

extension FieldValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral
{
    public init(stringLiteral text: String) {
        self = .text(text: text)
    }

    public init(booleanLiteral flag: Bool) {
        self = .flag(flag: flag)
    }

    public init(integerLiteral number: Int64) {
        self = .number(number: number)
    }

    public init(arrayLiteral texts: String...) {
        self = .texts(texts: texts)
    }
}

extension Field {
    /// A field, as in `Field("tags", ["sea"])`.
    public init(_ name: String, _ value: FieldValue) {
        self.init(name: name, value: value)
    }
}

extension Invited {
    /// When it ends, by this device's clock.
    public var expires: Date { Date(milliseconds: expiresMs) }
}

extension Partner {
    /// Since when, by this device's clock.
    public var since: Date { Date(milliseconds: sinceMs) }
}

extension Warning {
    /// When it was found, by this device's clock.
    public var found: Date { Date(milliseconds: foundMs) }
}

extension Status {
    /// When *this* device last had sent and received all that there was, by its own clock. It
    /// tells nothing of the partner.
    public var lastSynced: Date? { lastSyncedMs.map(Date.init(milliseconds:)) }
}

extension Date {
    init(milliseconds: Int64) {
        self.init(timeIntervalSince1970: Double(milliseconds) / 1_000)
    }
}
