package org.sidelight

import java.nio.file.Path
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Locks, rhythms and notices, and what is recalled. */
class DaysTest {
    @TempDir lateinit var home: Path

    private val person = NewPerson("Ana")

    @Test
    fun `private entries are put under a further secret, locked and unlocked`() = runBlocking {
        val keys = memoryKeyStore()
        val secret = "a further secret of one's own"
        Journal.create(home, keys, person).use { journal ->
            journal.write(Draft("for myself"))
            // Nobody can be locked out for good: the words come first.
            fails<JournalException.Invalid>(NextStep.CORRECT) { journal.beginPrivateSecret(secret) }
            journal.recoveryCheck(journal.recoveryBegin().use { it.words() }.joinToString(" "))
            fails<JournalException.Invalid>(NextStep.CORRECT) { journal.beginPrivateSecret("short") }
            assertEquals(PrivateLock.NONE, journal.status().privateLock)
            journal.beginPrivateSecret(secret)
            assertEquals(PrivateLock.OPEN, journal.status().privateLock)
            journal.lockPrivate()
            assertEquals(PrivateLock.LOCKED, journal.status().privateLock)
            assertEquals(0, journal.page(PageRequest()).entries.size)
            fails<JournalException.KeysLocked>(NextStep.UNLOCK) { journal.write(Draft("another")) }
            fails<JournalException.KeysLocked>(NextStep.UNLOCK) { journal.unlockPrivate("what was it again") }
            Reader.open(home, keys).use { reader ->
                assertEquals(0, reader.page(PageRequest()).entries.size)
                reader.unlockPrivate(secret)
                assertEquals(1, reader.page(PageRequest()).entries.size)
            }
            journal.unlockPrivate(secret)
            journal.changePrivateSecret(secret, "another secret, just as long")
            journal.endPrivateSecret("another secret, just as long")
            assertEquals(PrivateLock.NONE, journal.status().privateLock)
            assertEquals(1, journal.page(PageRequest()).entries.size)
        }
    }

    @Test
    fun `a rhythm reminds once notices are wanted, and not while it is paused`() = runBlocking {
        Journal.create(home, memoryKeyStore(), person).use { journal ->
            assertFalse(journal.notices().wanted)
            val days = listOf("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
            val fields = listOf(Field("weekdays", days), Field("at", "20:00"))
            journal.write(Draft("a walk", "rhythm", fields = fields))
            assertNull(journal.notices().reminderMs)
            journal.wantNotices(true)
            val notices = journal.notices()
            assertTrue(notices.wanted && notices.now)
            assertNotNull(notices.reminderMs)
            val rhythm = journal.rhythms().single()
            assertEquals("a walk", rhythm.intention)
            assertEquals("20:00", rhythm.at)
            assertTrue(rhythm.mine && rhythm.today && !rhythm.paused)
            journal.pauseRhythms(true)
            assertTrue(journal.rhythms().single().paused)
            assertNull(journal.notices().reminderMs)
        }
    }

    @Test
    fun `what goes together is recalled when it is often so, and dismissed for good`() = runBlocking {
        Journal.create(home, memoryKeyStore(), person).use { journal ->
            assertEquals(emptyList<Recollection>(), journal.recall())
            fails<JournalException.Invalid>(NextStep.CORRECT) { journal.dismiss("nothing") }
            journal.dismissNothing()
            assertEquals(emptyList<AgreementShown>(), journal.agreements())
            fails<JournalException.NotFound>(NextStep.RELOAD) { journal.conversation("0".repeat(64)) }
            Unit
        }
    }

    @Test
    fun `kinds have a name in the person's language, and the notice tells nothing`() {
        val words = Words.embedded("de")
        assertNotNull(words.label("kind.moment"))
        assertNull(words.label("kind.of_another_version"))
        assertTrue(words.sentence(Sentence.NOTICE).isNotEmpty())
    }
}
