package org.sidelight

import java.nio.file.Path
import kotlin.time.Duration.Companion.hours
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** The recovery words, as far as no relay is needed. */
class RecoveryTest {
    @TempDir lateinit var home: Path

    private val address = "sidelight://127.0.0.1:9/relay#${"A".repeat(43)}"

    @Test
    fun `words are shown until they are checked, then replaced by those who have them`() = runBlocking {
        Journal.create(home, memoryKeyStore(), NewPerson("Ana", address)).use { journal ->
            assertEquals(RecoveryStage.UNCHECKED, journal.status().recovery)
            val words = journal.recoveryBegin().use { shown ->
                // A handle: whoever prints it prints no word.
                assertTrue(Regex("""org\.sidelight\.RecoveryWords@\w+""").matches(shown.toString()))
                shown.words()
            }
            assertEquals(24, words.size)
            val typed = words.joinToString(" ")
            assertEquals(words, journal.recoveryBegin().words())
            fails<JournalException.Invalid>(NextStep.CORRECT) { journal.recoveryReplace(typed) }
            for (wrong in listOf("", words.drop(1).joinToString(" "), words.reversed().joinToString(" "))) {
                fails<JournalException.Invalid>(NextStep.CORRECT) { journal.recoveryCheck(wrong) }
            }
            journal.recoveryCheck(words.mapIndexed { at, word -> "${at + 1}. ${word.uppercase()}" }.joinToString("\n"))
            assertEquals(RecoveryStage.CHECKED, journal.status().recovery)
            fails<JournalException.Invalid>(NextStep.CORRECT) { journal.recoveryBegin() }
            val others = journal.recoveryReplace(typed).words()
            assertNotEquals(words, others)
            assertEquals(RecoveryStage.UNCHECKED, journal.status().recovery)
            journal.recoveryCheck(others.joinToString(" "))
        }
    }

    @Test
    fun `a misspelt word is guessed, and no other`() {
        val right = List(23) { "abandon" } + "art"
        assertNull(recoveryWordMeant(right.joinToString(" ")))
        val meant = recoveryWordMeant((right.take(4) + "abbandon" + right.drop(5)).joinToString(" "))!!
        assertEquals(5, meant.place)
        assertEquals("abandon", meant.word)
    }

    @Test
    fun `wrong words bring nothing back and begin nothing`() = runBlocking {
        val keys = memoryKeyStore()
        val error = fails<JournalException.Invalid>(NextStep.CORRECT) {
            Journal.recover(home, keys, "secretive ".repeat(24), address, "tablet")
        }
        assertFalse("secretive" in error.message.orEmpty())
        val right = (List(23) { "abandon" } + "art").joinToString(" ")
        fails<JournalException.Invalid>(NextStep.CORRECT) {
            Journal.recover(home, keys, right, "no address", "tablet")
        }
        fails<JournalException.NotFound>(NextStep.RELOAD) { Journal.open(home, keys) }
        Journal.recover(home, keys, right, address, "tablet").use {
            assertEquals(RecoveryStage.UNDER_WAY, it.status().recovery)
            // Until all of it is back.
            fails<JournalException.Invalid>(NextStep.CORRECT) { it.inviteAgain(1.hours) }
        }
        Unit
    }

    @Test
    fun `who begins anew keeps what they wrote`() = runBlocking {
        Journal.create(home, memoryKeyStore(), NewPerson("Ana", address)).use { journal ->
            journal.write(Draft("mine"))
            val before = journal.status()
            assertEquals(1, journal.refound())
            val after = journal.status()
            assertNotEquals(before.person, after.person)
            assertEquals(RecoveryStage.UNCHECKED, after.recovery)
            assertTrue(journal.search(SearchRequest("mine")).entries.single().mine)
        }
    }
}
