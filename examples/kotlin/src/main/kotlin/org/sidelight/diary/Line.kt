package org.sidelight.diary

import org.sidelight.Day
import org.sidelight.Draft
import org.sidelight.Entry
import org.sidelight.Field
import org.sidelight.FieldValue
import org.sidelight.JournalException
import org.sidelight.Space
import org.sidelight.toLocalDate

/** An entry as a line of JSON, with the names that exports have. */
internal fun line(entry: Entry): String {
    val fields = entry.fields.mapNotNull { field -> json(field.value)?.let { field.name to it } }
    return members(
        "author" to json(entry.authorName),
        "date" to json(entry.date.toLocalDate().toString()),
        "fields" to members(*fields.toTypedArray()),
        "id" to json(entry.id),
        "kind" to json(entry.kind),
        "mine" to entry.mine.toString(),
        "offset_minutes" to entry.date.offsetMinutes.toString(),
        "space" to json(if (entry.space == Space.SHARED) "shared" else "private"),
        "text" to json(entry.text),
        "together" to entry.together.toString(),
    )
}

/** What a line of JSON says, to be written. */
internal fun draft(line: String): Draft {
    val entry = Json(line).value() as? Map<*, *> ?: throw noEntry()
    val day = entry["date"]?.let { date ->
        val parts = (date as? String)?.split("-")?.mapNotNull(String::toIntOrNull)
        if (parts?.size != 3) throw noEntry()
        Day(parts[0], parts[1], parts[2], (entry["offset_minutes"] as? Long ?: 0).toInt())
    }
    val fields = (entry["fields"] as? Map<*, *>).orEmpty().map { (name, value) ->
        Field(name as String, field(value))
    }
    return Draft(
        text = entry["text"] as? String ?: throw noEntry(),
        kind = entry["kind"] as? String ?: throw noEntry(),
        date = day,
        together = entry["together"] == true,
        shared = entry["space"] == "shared",
        fields = fields,
    )
}

private fun field(value: Any?): FieldValue = when (value) {
    is String -> FieldValue.Text(value)
    is Long -> FieldValue.Number(value)
    is Boolean -> FieldValue.Flag(value)
    is List<*> -> FieldValue.Texts(value.map { it as? String ?: throw noEntry() })
    else -> throw noEntry()
}

/** None for what only a newer version can read. */
private fun json(value: FieldValue): String? = when (value) {
    is FieldValue.Text -> json(value.text)
    is FieldValue.Number -> value.number.toString()
    is FieldValue.Flag -> value.flag.toString()
    is FieldValue.Texts -> value.texts.joinToString(",", "[", "]") { json(it) }
    is FieldValue.Unknown -> null
}

private fun members(vararg members: Pair<String, String>): String =
    members.joinToString(",", "{", "}") { (name, value) -> "${json(name)}:$value" }

private fun noEntry() =
    JournalException.Invalid("a line is no entry; it wants at least a kind and a text")

/** As much of JSON (RFC 8259) as an entry has: texts, whole numbers, yes and no, lists, objects. */
private class Json(private val text: String) {
    private var at = 0

    fun value(): Any? {
        val value = one()
        space()
        if (at != text.length) throw noEntry()
        return value
    }

    private fun one(): Any? {
        space()
        return when {
            take('"') -> string()
            take('{') -> several('}') {
                space()
                expect('"')
                val name = string()
                space()
                expect(':')
                name to one()
            }.toMap()
            take('[') -> several(']') { one() }
            word("true") -> true
            word("false") -> false
            word("null") -> null
            else -> {
                val digits = text.substring(at).takeWhile { it == '-' || it in '0'..'9' }
                at += digits.length
                digits.toLongOrNull() ?: throw noEntry()
            }
        }
    }

    private fun <T> several(end: Char, read: () -> T): List<T> = buildList {
        space()
        if (take(end)) return@buildList
        do {
            add(read())
            space()
        } while (take(','))
        expect(end)
    }

    private fun string(): String = buildString {
        while (!take('"')) {
            val char = next()
            append(if (char == '\\') escaped(next()) else char)
        }
    }

    private fun escaped(char: Char): Char = when (char) {
        'n' -> '\n'
        'r' -> '\r'
        't' -> '\t'
        'b' -> '\b'
        'f' -> '\u000c'
        'u' -> String(CharArray(4) { next() }).toIntOrNull(16)?.toChar() ?: throw noEntry()
        else -> char
    }

    private fun space() {
        while (at < text.length && text[at] in " \t\r\n") at++
    }

    private fun next(): Char = text.getOrNull(at++) ?: throw noEntry()

    private fun take(char: Char): Boolean =
        (text.getOrNull(at) == char).also { if (it) at++ }

    private fun expect(char: Char) {
        if (!take(char)) throw noEntry()
    }

    private fun word(word: String): Boolean =
        text.startsWith(word, at).also { if (it) at += word.length }
}
