package org.sidelight

import java.nio.file.Files
import java.nio.file.Path
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** The quick start of the README, followed. That of pairing is in sidelight-testing. */
class QuickStartTest {
    @TempDir lateinit var home: Path

    @Test
    fun `the quick start works`() = runBlocking {
        val passphrase = "five random words of one's own"
        val scope = this
        var shown = 0
        fun reload() = Unit.also { shown += 1 }
        fun askToUnlock(): Unit = error("not here")
        fun show(what: Any?, why: Any? = null) = Unit.also { shown += "$what$why".length }

        val keys = passphraseKeyStore(home.resolve("key").toString(), passphrase)
        val journal = Journal.create(home.resolve("journal"), keys, NewPerson("Ana"))

        val showing = scope.launch {
            journal.events.collect { event ->
                when (event) {
                    is Event.EntryChanged, is Event.EntryRemoved, Event.Lagged -> reload()
                    is Event.SyncChanged -> show(event.state, event.detail)
                    is Event.Warning -> show(event.warning)
                    Event.PairingChanged -> show(journal.pairing())
                }
            }
        }
        kotlinx.coroutines.yield()

        journal.write(Draft("walked by the river"))
        journal.write(Draft("some company?", "check_in", fields = listOf(Field("need", "company"))))
        val page = journal.page(PageRequest(limit = 50))
        for (entry in page.entries) println("${entry.date.toLocalDate()} ${entry.text}")
        assertEquals(2, page.entries.size)

        val found = journal.search(SearchRequest("\"by the river\" walk", kinds = listOf("moment")))
        val thread = journal.thread(found.entries.first().id) // and what answers it
        val past = journal.history(found.entries.first().id) // what it said before
        assertEquals(found.entries.single(), thread.entry)
        assertEquals("walked by the river", past.single().text)

        while (shown == 0) kotlinx.coroutines.yield()
        showing.cancelAndJoin()

        try {
            journal.syncNow(20.seconds)
        } catch (error: JournalException) {
            when (error.nextStep) {
                NextStep.TRY_LATER -> Unit // everything is kept
                NextStep.UNLOCK -> askToUnlock()
                else -> show(error.message)
            }
        }

        journal.suspend()
        journal.resume()
        journal.shutdown()
    }

    @Test
    fun `every line of the README's blocks is in a test`() {
        val readme = Files.readString(Path.of("../README.md"))
        val tests = listOf(
            "src/test/kotlin/org/sidelight/QuickStartTest.kt",
            "../testing/src/test/kotlin/org/sidelight/testing/QuickStartTest.kt",
        ).map { path -> Files.readAllLines(Path.of(path)).map { it.trim() } }
        val blocks = readme.split("```kotlin\n").drop(1).map { it.substringBefore("```") }
        assertTrue(blocks.size >= 6)
        for (block in blocks) {
            val lines = block.trim().lines().map { it.trim() }
            assertTrue(tests.any { it.windowed(lines.size).any(lines::equals) }, block)
        }
    }
}
