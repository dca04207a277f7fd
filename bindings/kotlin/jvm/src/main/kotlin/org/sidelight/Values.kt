// Days, moments and fields in Kotlin's own types.

package org.sidelight

import java.time.Instant
import java.time.LocalDate
import java.time.ZoneId
import java.time.ZoneOffset

/** The civil date, without the offset. */
public fun Day.toLocalDate(): LocalDate = LocalDate.of(year, month, day)

/** The offset from UTC of whoever named the day. */
public val Day.offset: ZoneOffset
    get() = ZoneOffset.ofTotalSeconds(offsetMinutes * 60)

/** The day as a person names it in [zone]. */
public fun LocalDate.toDay(zone: ZoneId = ZoneId.systemDefault()): Day {
    val offset = atTime(12, 0).atZone(zone).offset
    return Day(year, monthValue, dayOfMonth, offset.totalSeconds / 60)
}

/** When it ends, by this device's clock. */
public val Invited.expires: Instant
    get() = Instant.ofEpochMilli(expiresMs)

/** When it was found, by this device's clock. */
public val Warning.found: Instant
    get() = Instant.ofEpochMilli(foundMs)

/** Since when the journal is shared with them, by this device's clock. */
public val Partner.since: Instant
    get() = Instant.ofEpochMilli(sinceMs)

/** When it is due, by this device's clock. */
public val Held.due: Instant
    get() = Instant.ofEpochMilli(dueMs)

/** When this device last had sent and received all that there was. */
public val Status.lastSynced: Instant?
    get() = lastSyncedMs?.let(Instant::ofEpochMilli)

/** A field that holds text, or one word of a choice. */
public fun Field(name: String, text: String): Field = Field(name, FieldValue.Text(text))

/** A field that holds a whole number. */
public fun Field(name: String, number: Long): Field = Field(name, FieldValue.Number(number))

/** A field that holds yes or no. */
public fun Field(name: String, flag: Boolean): Field = Field(name, FieldValue.Flag(flag))

/** A field that holds several texts, as tags. */
public fun Field(name: String, list: List<String>): Field = Field(name, FieldValue.Texts(list))

/** What the field of this name holds, if the entry has it. */
public operator fun Entry.get(name: String): FieldValue? =
    fields.firstOrNull { it.name == name }?.value

/** The text that the field of this name holds, if it is there and holds text. */
public fun Entry.textOf(name: String): String? = (get(name) as? FieldValue.Text)?.text

/** The texts that the field of this name holds; none if it is not there. */
public fun Entry.listOf(name: String): List<String> =
    (get(name) as? FieldValue.Texts)?.texts.orEmpty()

/** From one day to the end of another, as a field that holds days has it. */
public fun days(from: Day, until: Day): String = "${from.text()}/${until.text()}"

private fun Day.text(): String =
    "%04d-%02d-%02d%+d".format(java.util.Locale.ROOT, year, month, day, offsetMinutes)
