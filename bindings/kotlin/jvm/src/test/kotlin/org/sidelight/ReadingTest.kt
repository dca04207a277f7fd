package org.sidelight

import java.nio.file.Files
import java.nio.file.Path
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** What is read again: found, answered, as it was, and of other years. */
class ReadingTest {
    @TempDir lateinit var home: Path

    private val person = NewPerson("Ana")

    @Test
    fun `entries are found by words, kind, tag and day, a page at a time`() = runBlocking {
        val keys = memoryKeyStore()
        Journal.create(home, keys, person).use { journal ->
            val tags = listOf(Field("tags", listOf("River")))
            journal.write(Draft("Spaziergang, über die Brücke", date = Day(2026, 5, 1, 0), fields = tags))
            repeat(3) { journal.write(Draft("tea, and tea again $it", date = Day(2026, 6, it + 1, 0))) }
            journal.write(Draft("", "check_in", Day(2026, 6, 9, 0), fields = listOf(Field("need", "company"))))
            suspend fun found(request: SearchRequest) = journal.search(request).entries.map { it.text }
            assertEquals(5, found(SearchRequest()).size)
            assertEquals("Spaziergang, über die Brücke", found(SearchRequest("UBER brucke")).single())
            assertEquals(3, found(SearchRequest("\"tea and\"")).size)
            assertEquals(0, found(SearchRequest("\"and brücke\"")).size)
            assertEquals(1, found(SearchRequest(kinds = listOf("check_in"))).size)
            assertEquals(1, found(SearchRequest(tags = listOf("river"))).size)
            val june = SearchRequest(from = Day(2026, 6, 2, 0), to = Day(2026, 6, 3, 0))
            assertEquals(listOf("tea, and tea again 2", "tea, and tea again 1"), found(june))
            assertEquals(5, found(SearchRequest(by = By.ME, space = Space.PRIVATE)).size)
            assertEquals(0, found(SearchRequest(by = By.PARTNER)).size)
            val pages = journal.pages(SearchRequest("tea", limit = 2)).toList()
            assertEquals(listOf(2, 1), pages.map { it.entries.size })
            // With the index, and beside the writer, as without.
            assertTrue(journal.prepareSearch(60.seconds))
            assertEquals(3, found(SearchRequest("tea")).size)
            Reader.open(home, keys).use { reader ->
                assertEquals(pages, reader.pages(SearchRequest("tea", limit = 2)).toList())
            }
            for (wrong in listOf(
                SearchRequest(before = "no cursor"),
                SearchRequest(kinds = listOf("No Kind")),
                SearchRequest(from = Day(2026, 2, 30, 0)),
                SearchRequest("word ".repeat(65)),
            )) {
                fails<JournalException.Invalid>(NextStep.CORRECT) { journal.search(wrong) }
            }
            val stopped = CancelToken().apply { cancel() }
            fails<JournalException.Cancelled>(NextStep.NOTHING) { journal.prepareSearch(60_000, stopped) }
            Unit
        }
    }

    @Test
    fun `an entry shows what answers it, and what it said before`() = runBlocking {
        val keys = memoryKeyStore()
        Journal.create(home, keys, person).use { journal ->
            val id = journal.write(Draft("first", date = Day(2026, 5, 1, 0)))
            val reply = journal.write(Draft("second", "reply", fields = listOf(Field("target", id))))
            journal.setText(id, "first, and better")
            journal.setDate(id, Day(2026, 5, 2, 0))
            val thread = journal.thread(id)
            assertEquals("first, and better", thread.entry!!.text)
            assertEquals(listOf(reply), thread.replies.map { it.id })
            assertFalse(thread.takenBack)
            val past = journal.history(id)
            assertEquals(listOf("first", "first, and better", "first, and better"), past.map { it.text })
            assertEquals(listOf(1, 1, 2), past.map { it.date.day })
            assertEquals(thread.entry.version, past.last().version)
            Reader.open(home, keys).use { reader ->
                assertEquals(thread, reader.thread(id))
                assertEquals(past, reader.history(id))
            }
            journal.erase(listOf(id))
            assertTrue(journal.thread(id).takenBack)
            assertEquals(listOf(reply), journal.thread(id).replies.map { it.id })
            fails<JournalException.NotFound>(NextStep.RELOAD) { journal.history(id) }
            Unit
        }
    }

    @Test
    fun `other years are shown to who wants them`() = runBlocking {
        Journal.create(home, memoryKeyStore(), person).use { journal ->
            for (year in 2020..2026) {
                journal.write(Draft("in $year", date = Day(year, 5, 1, 0)))
            }
            val day = Day(2026, 5, 1, 0)
            assertFalse(journal.wantsOnThisDay())
            fails<JournalException.Invalid>(NextStep.CORRECT) { journal.onThisDay(day) }
            journal.wantOnThisDay(true)
            assertTrue(journal.wantsOnThisDay())
            val first = journal.onThisDay(day, 4)
            assertEquals(listOf("in 2025", "in 2024", "in 2023", "in 2022"), first.entries.map { it.text })
            val rest = journal.onThisDay(day, 4, first.next)
            assertEquals(listOf("in 2021", "in 2020"), rest.entries.map { it.text })
        }
    }

    @Test
    fun `without a partner nothing is held, and nothing retracted`() = runBlocking {
        Journal.create(home, memoryKeyStore(), person).use { journal ->
            val id = journal.write(Draft("mine"))
            fails<JournalException.NotPaired>(NextStep.PAIR) { journal.promote(Promotion(id)) }
            fails<JournalException.NotPaired>(NextStep.PAIR) { journal.hold(Promotion(id), 1.hours) }
            fails<JournalException.Invalid>(NextStep.CORRECT) { journal.hold(Promotion(id), 31.days) }
            fails<JournalException.Invalid>(NextStep.CORRECT) { journal.retract(id) }
            fails<JournalException.NotFound>(NextStep.RELOAD) { journal.release(id) }
            assertEquals(emptyList<Held>(), journal.held())
        }
    }

    @Test
    fun `what is no evidence says what is wrong with it`() = runBlocking {
        fails<JournalException.NotFound>(NextStep.RELOAD) { verifyEvidence(home.resolve("nowhere")) }
        Files.writeString(home.resolve("manifest.json"), "{")
        fails<JournalException.Invalid>(NextStep.CORRECT) { verifyEvidence(home) }
        Unit
    }
}
