package org.sidelight

import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Errors that need no relay, each provoked. The others are in sidelight-testing. */
class ErrorsTest {
    @TempDir lateinit var home: Path

    private val person = NewPerson("Ana")

    @Test
    fun `where nothing is, nothing is found`() = runBlocking {
        fails<JournalException.NotFound>(NextStep.RELOAD) { Journal.open(home, memoryKeyStore()) }
        Unit
    }

    @Test
    fun `without a partner, nothing is shared`() = runBlocking {
        Journal.create(home, memoryKeyStore(), person).use { journal ->
            fails<JournalException.NotPaired>(NextStep.PAIR) {
                journal.write(Draft("for both", shared = true))
            }
            Unit
        }
    }

    @Test
    fun `what cannot be done is to be corrected`() = runBlocking {
        val keys = memoryKeyStore()
        fails<JournalException.Invalid>(NextStep.CORRECT) {
            Journal.create(home, keys, NewPerson(""))
        }
        Journal.create(home, keys, person).use { journal ->
            val id = journal.write(Draft("text"))
            for (call in listOf<suspend () -> Unit>(
                { journal.invite(1.minutes) },
                { journal.invite((-1).seconds) },
                { journal.syncNow((-5).milliseconds) },
                { journal.join("no link") },
                { journal.write(Draft("")) },
                { journal.write(Draft("day", date = Day(2026, 2, 30, 0))) },
                { journal.write(Draft("day", date = Day(1_000_000, 2, 1, 0))) },
                { journal.edit(id, null, listOf(TextEdit(-1, 0, "x"))) },
                { journal.edit(id, "no version", emptyList()) },
                { journal.page(PageRequest(10, "no cursor")) },
                { journal.confirm(true) },
            )) {
                fails<JournalException.Invalid>(NextStep.CORRECT) { call() }
            }
            fails<JournalException.Invalid>(NextStep.CORRECT) {
                Journal.create(home, keys, person)
            }
            Unit
        }
    }

    @Test
    fun `a place that cannot be written is a matter of storage`() = runBlocking {
        val file = Files.writeString(home.resolve("file"), "no folder")
        fails<JournalException.Storage>(NextStep.MAKE_ROOM) {
            Journal.create(file.resolve("journal"), memoryKeyStore(), person)
        }
        Unit
    }

    @Test
    fun `a relay that is not there is offline`() = runBlocking {
        val key = "A".repeat(43)
        val nobody = NewPerson("Ana", relay = "sidelight://127.0.0.1:9/relay#$key")
        Journal.create(home, memoryKeyStore(), nobody).use { journal ->
            fails<JournalException.Offline>(NextStep.TRY_LATER) { journal.syncNow(20.seconds) }
            Unit
        }
    }

    @Test
    fun `a key kept by a newer version needs an update, a wrong passphrase the right one`() = runBlocking {
        val path = home.resolve("key")
        val keys = passphraseKeyStore(path.toString(), "five random words of one's own")
        Journal.create(home.resolve("journal"), keys, person).use { it.today() }
        val wrong = passphraseKeyStore(path.toString(), "five words of somebody else's")
        fails<JournalException.KeysLocked>(NextStep.UNLOCK) { Journal.open(home.resolve("journal"), wrong) }
        changePassphrase(path.toString(), "five random words of one's own", "other words, also five")
        fails<JournalException.KeysLocked>(NextStep.UNLOCK) { Journal.open(home.resolve("journal"), keys) }
        val bytes = Files.readAllBytes(path)
        bytes[2] = (bytes[2] + 1).toByte()
        Files.write(path, bytes)
        fails<JournalException.UpdateNeeded>(NextStep.UPDATE) { Journal.open(home.resolve("journal"), keys) }
        Unit
    }

    @Test
    fun `a key store that throws anything, is locked, denied or has 31 bytes locks the keys`() = runBlocking {
        val good = AppKeyStore()
        Journal.create(home, good, person).use { it.write(Draft("kept")) }
        val throwing = listOf<() -> Unit>(
            { throw KeyStoreException.Locked() },
            { throw KeyStoreException.Denied() },
            { throw KeyStoreException.Other() },
            { throw IllegalStateException("with a secret in it") },
        )
        for (thrown in throwing) {
            val keys = AppKeyStore(good.key).apply { onLoad = thrown }
            val error = fails<JournalException.KeysLocked>(NextStep.UNLOCK) { Journal.open(home, keys) }
            assertFalse("secret" in error.message.orEmpty())
        }
        for (wrong in listOf(ByteArray(31), ByteArray(33), ByteArray(0), ByteArray(32))) {
            val keys = AppKeyStore(wrong)
            fails<JournalException.KeysLocked>(NextStep.UNLOCK) { Journal.open(home, keys) }
        }
        fails<JournalException.KeysLocked>(NextStep.UNLOCK) { Journal.open(home, AppKeyStore()) }
        Journal.open(home, good).use { assertEquals(1, it.status().entries) }
    }

    @Test
    fun `a key store that blocks blocks only its own journal, and stops nobody's cancelling`() = runBlocking {
        val open = CountDownLatch(1)
        val asked = CountDownLatch(1)
        val keys = AppKeyStore().apply {
            onLoad = {
                asked.countDown()
                open.await()
                throw KeyStoreException.Locked() // so that nothing is begun after the test
            }
        }
        val opening = launch(Dispatchers.Default) { Journal.create(home.resolve("a"), keys, person) }
        assertTrue(asked.await(30, TimeUnit.SECONDS))
        // Others go on meanwhile, and whoever waits may stop waiting.
        Journal.create(home.resolve("b"), memoryKeyStore(), person).use { it.write(Draft("meanwhile")) }
        withTimeout(30.seconds) { opening.cancelAndJoin() }
        open.countDown()
    }

    @Test
    fun `a token stops the work, and cancelling a coroutine stops it too`() = runBlocking {
        withSilence { silent ->
            Journal.create(home, memoryKeyStore(), NewPerson("Ana", silent)).use { journal ->
                val stream = journal.listen()
                suspend fun until(state: SyncState) {
                    while (true) {
                        val event = stream.nextEvent() ?: error("it ended")
                        if (event is Event.SyncChanged && event.state == state) return
                    }
                }
                val token = CancelToken()
                val syncing = launch {
                    fails<JournalException.Cancelled>(NextStep.NOTHING) {
                        journal.syncNow(3_600_000, token)
                    }
                }
                until(SyncState.CONNECTING)
                token.cancel()
                syncing.join()
                until(SyncState.OFF)

                val cancelled = launch { journal.syncNow(60.minutes) }
                until(SyncState.CONNECTING)
                cancelled.cancelAndJoin()
                until(SyncState.OFF)
                stream.destroy()
            }
        }
    }

    @Test
    fun `a thousand cancelled syncs leave no thread, no socket and no memory`() = runBlocking {
        withSilence { silent ->
            Journal.create(home, memoryKeyStore(), NewPerson("Ana", silent)).use { journal ->
                suspend fun cancelOne(round: Int) {
                    val syncing = launch { journal.syncNow(60.minutes) }
                    kotlinx.coroutines.yield()
                    // Before it has begun, or once it is under way.
                    if (round % 2 == 0) journal.status()
                    syncing.cancelAndJoin()
                }
                suspend fun asleep(): Footprint {
                    journal.suspend() // closes every socket
                    return Footprint.settled().also { journal.resume() }
                }
                repeat(20) { cancelOne(it) }
                val before = asleep()
                repeat(1000) { cancelOne(it) }
                val during = Footprint.now()
                val after = asleep()
                println("MEASURED 1,000 cancelled syncs: $before, $during, then $after")
                assertTrue(during.files <= before.files + 64, "$before, then $during")
                assertTrue(after.objects <= before.objects + 1_500, "$before, then $after")
                assertTrue(after.threads <= before.threads, "$before, then $after")
                assertTrue(after.files <= before.files, "$before, then $after")
                assertTrue(after.resident <= before.resident + 32, "$before, then $after")
            }
        }
    }

    @Test
    fun `a thousand cancelled calls leave nothing behind`() = runBlocking {
        Journal.create(home, memoryKeyStore(), person).use { journal ->
            val stream = journal.listen()
            suspend fun cancelOne() {
                val waiting = launch { stream.nextEvent() }
                kotlinx.coroutines.yield()
                waiting.cancelAndJoin()
                val writing = launch {
                    try {
                        journal.today()
                    } catch (cancelled: CancellationException) {
                        throw cancelled
                    }
                }
                kotlinx.coroutines.yield()
                writing.cancelAndJoin()
            }
            repeat(20) { cancelOne() }
            val before = Footprint.settled()
            repeat(1000) { cancelOne() }
            val id = journal.write(Draft("still there"))
            assertEquals(Event.EntryChanged(id), stream.nextEvent())
            val after = Footprint.settled()
            println("MEASURED 1,000 cancelled calls: $before, then $after")
            assertTrue(after.objects <= before.objects + 1_500, "$before, then $after")
            assertTrue(after.threads <= before.threads, "$before, then $after")
            assertTrue(after.files <= before.files + 2, "$before, then $after")
            stream.destroy()
        }
    }
}
