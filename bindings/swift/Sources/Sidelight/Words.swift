import Foundation
import SidelightCore

/// Foundation's. The library has a type of that name, too, which is ``WordsLocale`` here.
public typealias Locale = Foundation.Locale

/// A locale of the words that come with the library.
public typealias WordsLocale = SidelightCore.Locale

/// The words of one locale, and those of another where it has none: prompts, learning cards, and
/// the sentences around them. They know no journal: opening a prompt or a card leaves no trace
/// that Sidelight made.
public struct Words: Sendable {
    private let core: SidelightCore.Words

    /// The words that come with the library, in the language of `locale`. What that language
    /// lacks is there in English; for an unknown language all of it is.
    public init(for locale: Locale = .current) {
        core = SidelightCore.Words.embedded(locale: locale.identifier(.bcp47))
    }

    /// An app's own words: the files of one locale, as JSON. They stand alone;
    /// ``falling(backOn:)`` adds others.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` if a file is not of that form.
    public init(json files: [String]) throws(JournalError) {
        core = try callingNow { try SidelightCore.Words.fromJson(files: files) }
    }

    private init(core: SidelightCore.Words) {
        self.core = core
    }

    /// These words, and after them the prompts and cards of `fallback` whose ids they have not.
    public func falling(backOn fallback: Words) -> Words {
        Words(core: core.withFallback(fallback: fallback.core))
    }

    /// The locales that come with the library.
    public static var locales: [WordsLocale] { SidelightCore.locales() }

    /// The tag of their locale.
    public var locale: String { core.locale() }

    /// Whether they say of themselves that they are not everything yet.
    public var isPartial: Bool { core.partial() }

    /// All prompts: those of this locale first, as their file has them.
    public var prompts: [Prompt] { core.prompts() }

    /// The prompt of this id.
    public func prompt(_ id: String) -> Prompt? { core.prompt(id: id) }

    /// One prompt, or none if none fits: then there is nothing to show, and nothing is missing.
    /// The choice depends on the request alone; an app may take the day for its seed.
    public func choose(_ request: PromptRequest) -> Prompt? { core.choose(request: request) }

    /// All learning cards.
    public var cards: [Card] { core.cards() }

    /// The learning card of this id.
    public func card(_ id: String) -> Card? { core.card(id: id) }

    /// A sentence; in English if these words have none. A date stands in it as `{date}`.
    public subscript(sentence: Sentence) -> String { core.sentence(sentence: sentence) }

    /// A sentence with its date in place.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` for a day that is none.
    public func dated(_ sentence: Sentence, _ day: Day) throws(JournalError) -> String {
        try callingNow { try core.dated(sentence: sentence, date: day) }
    }

    /// What a kind or a field is called, or a month, by an id such as `kind.moment`,
    /// `field.not_wanted` or `month.8`. None for what these words have no label for, such as kinds
    /// to come: show its name then.
    public func label(_ id: String) -> String? { core.label(id: id) }

    /// What a theme is called.
    public func title(of theme: Theme) -> String { core.themeTitle(theme: theme) }
}

/// Help in a crisis, by place. It needs no journal and no network, and nothing here can record
/// that it was opened. The place is one that a person chooses; it is never guessed.
public struct Help: Sendable {
    private let core: SidelightCore.Help

    /// The list that comes with the library.
    public init() {
        core = SidelightCore.Help.embedded()
    }

    /// An app's own list, as JSON.
    ///
    /// Fails as ``JournalError/Kind-swift.enum/invalid`` if the file is not of that form.
    public init(json file: String) throws(JournalError) {
        core = try callingNow { try SidelightCore.Help.fromJson(file: file) }
    }

    /// All places, to choose from; the last is anywhere else.
    public var regions: [Region] { core.regions() }

    /// The place of this code. None if there is no list for it: then ``elsewhere`` is what to
    /// show, never nothing.
    public func region(_ code: String) -> Region? { core.region(code: code) }

    /// What serves anywhere.
    public var elsewhere: Region { core.elsewhere() }
}

extension KindRules {
    /// Every kind of entry that this version knows, in a fixed order: what a form for one asks.
    public static var all: [KindRules] { kinds() }
}
