package org.sidelight.testing

import java.nio.file.Path
import java.time.Instant
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.sidelight.Day
import org.sidelight.Draft
import org.sidelight.Field
import org.sidelight.Journal
import org.sidelight.JournalException
import org.sidelight.NewPerson
import org.sidelight.PageRequest
import org.sidelight.create
import org.sidelight.days
import org.sidelight.invite
import org.sidelight.open
import org.sidelight.syncNow
import org.sidelight.use

/** What a test of an app can bring about. */
class WeatherTest {
    @TempDir lateinit var home: Path

    @Test
    fun `a relay that asks for a ticket refuses who has none`() = runBlocking {
        withRelay(ticket = "let me in") { relay ->
            MemoryHome().create(NewPerson("Ana", relay.address())).use { journal ->
                val refused = assertThrows(JournalException.Refused::class.java) {
                    runBlocking { journal.syncNow(30.seconds) }
                }
                assertTrue(refused.message.length > 20)
            }
            val ticket = NewPerson("Ben", relay.address(), "let me in")
            MemoryHome().create(ticket).use { assertTrue(it.syncNow(30.seconds).upToDate) }
        }
    }

    @Test
    fun `a bug inside the library is an error like any other`() {
        val error = assertThrows(JournalException.Internal::class.java) {
            runBlocking { failInternally() }
        }
        assertTrue("report" in error.message)
    }

    @Test
    fun `a locked device locks the journal, and unlocking opens it`() = runBlocking {
        val store = LockableKeyStore()
        Journal.create(home, store.keys(), NewPerson("Ana")).use { it.write(Draft("kept")) }
        store.setLocked(true)
        assertThrows(JournalException.KeysLocked::class.java) {
            runBlocking { Journal.open(home, store.keys()) }
        }
        store.setLocked(false)
        Journal.open(home, store.keys()).use { assertEquals(1, it.status().entries) }
    }

    @Test
    fun `what is in memory outlives its journal, and goes by its clock`() = runBlocking {
        val clock = TestClock(Instant.parse("2026-08-01T10:00:00Z"))
        val memory = MemoryHome(clock)
        memory.create(NewPerson("Ana", "sidelight://127.0.0.1:9/relay#${"A".repeat(43)}")).use {
            val day = Day(2026, 8, 1, 0)
            val need = listOf(Field("need", "company"), Field("days", days(day, day)))
            it.write(Draft("", "check_in", day, fields = need))
            assertEquals("company", it.today().own!!.need)
            val invited = it.invite(1.hours)
            assertEquals(Instant.parse("2026-08-01T11:00:00Z").toEpochMilli(), invited.expiresMs)
        }
        clock.advance(2.days)
        memory.open().use {
            assertEquals(null, it.today().own)
            assertEquals(1, it.page(PageRequest()).entries.size)
        }
    }
}
