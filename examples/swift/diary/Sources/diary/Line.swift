import Foundation
import Sidelight

/// An entry as a line of JSON, with the names that exports have.
struct Line: Codable {
    var id: String?
    var space: String?
    var kind: String
    var date: String?
    var offset: Int32?
    var text: String
    var fields: [String: Value]?
    var author: String?
    var mine: Bool?
    var together: Bool?

    enum CodingKeys: String, CodingKey {
        case id, space, kind, date, text, fields, author, mine, together
        case offset = "offset_minutes"
    }

    /// What a field holds: text, a whole number, yes or no, or several texts.
    enum Value: Codable {
        case text(String)
        case number(Int64)
        case flag(Bool)
        case texts([String])

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let flag = try? value.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? value.decode(Int64.self) {
                self = .number(number)
            } else if let text = try? value.decode(String.self) {
                self = .text(text)
            } else {
                self = .texts(try value.decode([String].self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var value = encoder.singleValueContainer()
            switch self {
            case .text(let text): try value.encode(text)
            case .number(let number): try value.encode(number)
            case .flag(let flag): try value.encode(flag)
            case .texts(let texts): try value.encode(texts)
            }
        }
    }

    init(reading line: String) throws {
        do {
            self = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
        } catch {
            throw JournalError(
                .invalid, detail: "a line is no entry; it wants at least a kind and a text")
        }
    }

    init(_ entry: Entry) {
        id = entry.id
        space = entry.space == .shared ? "shared" : "private"
        kind = entry.kind
        date = entry.date.description
        offset = entry.date.offsetMinutes
        text = entry.text
        author = entry.authorName
        mine = entry.mine
        together = entry.together
        let values = entry.fields.compactMap { field in
            Value(field.value).map { (field.name, $0) }
        }
        fields = Dictionary(uniqueKeysWithValues: values)
    }

    func written() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    func draft() throws -> Draft {
        var day: Day?
        if let date {
            let parts = date.split(separator: "-").compactMap { Int32($0) }
            guard parts.count == 3 else {
                throw JournalError(.invalid, detail: "a day is no day; write it as 2026-05-31")
            }
            day = Day(
                year: parts[0], month: parts[1], day: parts[2], offsetMinutes: offset ?? 0)
        }
        return Draft(
            text: text, kind: kind, date: day, together: together ?? false,
            shared: space == "shared",
            fields: (fields ?? [:]).map { Field($0.key, FieldValue($0.value)) })
    }
}

extension Line.Value {
    /// None for what only a newer version can read.
    init?(_ value: FieldValue) {
        switch value {
        case .text(let text): self = .text(text)
        case .number(let number): self = .number(number)
        case .flag(let flag): self = .flag(flag)
        case .texts(let texts): self = .texts(texts)
        case .unknown: return nil
        }
    }
}

extension FieldValue {
    init(_ value: Line.Value) {
        switch value {
        case .text(let text): self = .text(text: text)
        case .number(let number): self = .number(number: number)
        case .flag(let flag): self = .flag(flag: flag)
        case .texts(let texts): self = .texts(texts: texts)
        }
    }
}
