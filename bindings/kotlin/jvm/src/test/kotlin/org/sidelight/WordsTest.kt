package org.sidelight

import java.time.LocalDate
import java.time.ZoneId
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class WordsTest {
    @Test
    fun `prompts, cards and sentences are those of the locale`() {
        val words = Words.embedded("de-AT")
        assertEquals("de", words.locale())
        assertEquals("Not today", Words.embedded("en").sentence(Sentence.NOT_TODAY))
        val request = PromptRequest(seed = 7, theme = Theme.GRATITUDE)
        val prompt = words.choose(request)!!
        assertEquals(Theme.GRATITUDE, prompt.theme)
        assertEquals(prompt, words.choose(request))
        assertTrue(words.choose(request.copy(dismissed = words.prompts().map { it.id })) == null)
        assertTrue(words.cards().isNotEmpty() && locales().size > 1)
        assertTrue(words.cards().first().stale(Day(2100, 1, 1, 0)))
    }

    @Test
    fun `help is for a place that is chosen`() {
        val help = Help.embedded()
        val here = help.region("nz")!!
        assertTrue(here.resources.any { it.name.startsWith("1737") })
        assertNull(help.region("XX"))
        assertTrue(help.elsewhere().resources.isNotEmpty())
        assertTrue(here.stale(Day(2100, 1, 1, 0)))
    }

    @Test
    fun `an app's own words are checked`() {
        val file = """{"format":1,"locale":"fr","author":"us","reviewed_on":"2026-08-01","partial":true,
            |"sentences":[{"id":"not_today","text":"Pas aujourd'hui"}]}""".trimMargin()
        val words = Words.fromJson(listOf(file)).withFallback(Words.embedded("en"))
        assertEquals("Pas aujourd'hui", words.sentence(Sentence.NOT_TODAY))
        fails<JournalException.Invalid>(NextStep.CORRECT) { Words.fromJson(listOf("{")) }
    }

    @Test
    fun `days are those of Java's calendar`() {
        val day = LocalDate.of(2026, 8, 1).toDay(ZoneId.of("Europe/Berlin"))
        assertEquals(Day(2026, 8, 1, 120), day)
        assertEquals(LocalDate.of(2026, 8, 1), day.toLocalDate())
        assertEquals("+02:00", day.offset.toString())
    }

    @Test
    fun `every error says what to do next, and no two the same`() {
        val all = listOf(
            JournalException.NotFound("x"), JournalException.KeysLocked("x"),
            JournalException.NotPaired("x"), JournalException.Removed("x"),
            JournalException.Offline("x"), JournalException.Refused("x"),
            JournalException.UpdateNeeded("x"), JournalException.Storage("x"),
            JournalException.Invalid("x"), JournalException.Cancelled("x"),
            JournalException.Internal("x"),
        )
        assertEquals(NextStep.entries.toSet(), all.map { it.nextStep }.toSet())
        assertTrue(all.all { it.message == "x" })
    }
}
