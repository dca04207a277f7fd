package org.sidelight

import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class EventsTest {
    @TempDir lateinit var home: Path

    private val person = NewPerson("Ana")

    @Test
    fun `every collector has every event, and ends with the journal`() = runBlocking {
        val journal = Journal.create(home, memoryKeyStore(), person)
        val (one, two) = List(2) { journal.listen() }
        val ids = journal.writeMany(List(3) { Draft("entry $it") })
        for (stream in listOf(one, two)) {
            // Those of one call come in any order.
            val events = List(3) { stream.nextEvent() }
            assertEquals(ids.map(Event::EntryChanged).toSet(), events.toSet())
        }
        val flow = async { journal.events.toList() }
        kotlinx.coroutines.yield()
        journal.write(Draft("seen by the flow"))
        journal.shutdown()
        assertNotNull(flow.await().firstOrNull())
        // What had happened is still told, then nothing.
        while (one.nextEvent() != null) { // what is left
        }
        assertNull(one.nextEvent())
        journal.destroy()
    }

    @Test
    fun `a stopped stream ends, whoever waits for it`() = runBlocking {
        Journal.create(home, memoryKeyStore(), person).use { journal ->
            val stream = journal.listen()
            val waiting = async { stream.nextEvent() }
            kotlinx.coroutines.yield()
            stream.stop()
            assertNull(waiting.await())
            assertNull(stream.nextEvent())
        }
    }

    @Test
    fun `ten thousand events are pulled without loss or growth`() = runBlocking {
        Journal.create(home, memoryKeyStore(), person).use { journal ->
            val stream = journal.listen()
            var pulled = 0
            lateinit var before: Footprint
            repeat(10_000 / BATCH) { batch ->
                val ids = journal.writeMany(List(BATCH) { Draft("$batch, $it") })
                val events = List(BATCH) { stream.nextEvent() }
                assertEquals(ids.map(Event::EntryChanged).toSet(), events.toSet())
                pulled += events.size
                if (batch == 3) before = Footprint.settled()
            }
            assertEquals(10_000, pulled)
            val after = Footprint.settled()
            println("MEASURED 9,000 events: $before, then $after")
            // One object an event would be nine thousand.
            assertTrue(after.objects <= before.objects + 2_000, "$before, then $after")
            assertTrue(after.heap <= before.heap + 4_096, "$before, then $after")
            // The journal itself has nine thousand entries more.
            assertTrue(after.resident <= before.resident + 64, "$before, then $after")
        }
    }

    @Test
    fun `an abandoned stream holds back nobody, and is told that it missed something`() = runBlocking {
        Journal.create(home, memoryKeyStore(), person).use { journal ->
            val abandoned = journal.listen()
            repeat(6) { batch -> journal.writeMany(List(BATCH) { Draft("$batch, $it") }) }
            val first = journal.events
            val id = async { first.first() }
            kotlinx.coroutines.yield()
            journal.write(Draft("the last one"))
            assertTrue(id.await() is Event.EntryChanged)
            assertEquals(Event.Lagged, abandoned.nextEvent())
        }
    }

    @Test
    fun `the log names nothing of what a person wrote, and its sink may fail`() = runBlocking {
        val lines = LinkedBlockingQueue<String>()
        var failing = true
        Logs.sendTo(
            object : LogSink {
                override fun log(level: LogLevel, target: String, line: String) {
                    if (failing) {
                        failing = false
                        throw IllegalStateException("full")
                    }
                    lines.add("$level $target $line ${Thread.currentThread().isDaemon}")
                }
            },
            LogLevel.DEBUG,
        )
        val address = "sidelight://127.0.0.1:9/relay#${"A".repeat(43)}"
        val keys = memoryKeyStore()
        Journal.create(home, keys, NewPerson("Anaplanted", relay = address)).use { journal ->
            journal.write(Draft("textplanted"))
            try {
                journal.syncNow(20_000)
            } catch (_: JournalException.Offline) {
                // as it must be
            }
            journal.invite(60_000)
            try {
                journal.syncNow(20_000)
            } catch (_: JournalException.Offline) {
                // as it must be
            }
        }
        val first = lines.poll(30, TimeUnit.SECONDS)
        assertNotNull(first, "a sink that failed once is called again")
        Logs.stop()
        for (line in lines + first) {
            assertTrue("sidelight" in line && line.endsWith("true"), line)
            for (planted in listOf("planted", "127.0.0.1", "AAAA")) assertFalse(planted in line, line)
        }
    }

    private companion object {
        const val BATCH = 250
    }
}
