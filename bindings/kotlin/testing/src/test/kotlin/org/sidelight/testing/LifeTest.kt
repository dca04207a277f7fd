package org.sidelight.testing

import java.nio.file.Files
import java.nio.file.Path
import java.time.Instant
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.sidelight.AgreementState
import org.sidelight.By
import org.sidelight.CancelToken
import org.sidelight.Draft
import org.sidelight.ExportFormat
import org.sidelight.ExportOptions
import org.sidelight.ExportScope
import org.sidelight.Field
import org.sidelight.Journal
import org.sidelight.JournalException
import org.sidelight.NewPerson
import org.sidelight.PageRequest
import org.sidelight.PairingEnd
import org.sidelight.PairingStage
import org.sidelight.Promotion
import org.sidelight.RecoveryStage
import org.sidelight.Retracted
import org.sidelight.SearchRequest
import org.sidelight.due
import org.sidelight.export
import org.sidelight.hold
import org.sidelight.inviteAgain
import org.sidelight.memoryKeyStore
import org.sidelight.recover
import org.sidelight.syncNow
import org.sidelight.use
import org.sidelight.verifyEvidence

/** What happens in a journal's life: lost phones, another relay, second thoughts, quarrels. */
class LifeTest {
    @TempDir lateinit var home: Path

    private suspend fun texts(journal: Journal) =
        journal.page(PageRequest()).entries.map { it.text }.toSet()

    @Test
    fun `a lost phone comes back by its words, and shares again after a comparison`() = runBlocking {
        withRelay { relay ->
            val pair = Pair.over(relay)
            pair.ana.write(Draft("hers alone"))
            pair.ana.write(Draft("for both", shared = true))
            pair.sync()
            val words = pair.ana.recoveryBegin().words().joinToString(" ")
            pair.ana.recoveryCheck(words)
            pair.sync()
            pair.ana.shutdown() // it fell into the sea

            Journal.recover(home, memoryKeyStore(), words, relay.address(), "new phone").use { back ->
                repeat(3) { back.syncNow(30.seconds) }
                val status = back.status()
                assertEquals(RecoveryStage.CHECKED, status.recovery)
                assertTrue(status.compareAgain)
                assertEquals(setOf("hers alone", "for both"), texts(back))
                pair.ben.syncNow(30.seconds)
                pair.ben.joinAgain(back.inviteAgain(1.hours).link)
                pair.compare(back, pair.ben)
                assertFalse(back.status().compareAgain)
                back.write(Draft("back again", shared = true))
                for (journal in listOf(back, pair.ben)) journal.syncNow(30.seconds)
                assertTrue("back again" in texts(pair.ben))
            }
            pair.ben.shutdown()
        }
    }

    @Test
    fun `somebody else who takes up the invitation to compare again is a stranger`() = runBlocking {
        withRelay { relay ->
            val pair = Pair.over(relay)
            val eve = MemoryHome().create(NewPerson("Eve", relay.address()))
            eve.join(pair.ana.inviteAgain(1.hours).link)
            for (journal in listOf(pair.ana, eve, pair.ana, eve)) journal.syncNow(30.seconds)
            val ended = pair.ana.pairing()!!.stage as PairingStage.Ended
            assertEquals(PairingEnd.STRANGER, ended.why)
            assertTrue("nothing was shared" in ended.detail)
            assertEquals("Ben", pair.ana.status().partner!!.name)
            eve.shutdown()
            pair.shutdown()
        }
    }

    @Test
    fun `a couple moves to another relay, and nothing is missing`() = runBlocking {
        withRelay { former ->
            withRelay { relay ->
                val pair = Pair.over(former)
                pair.ana.write(Draft("before", shared = true))
                pair.sync()
                pair.ana.moveToRelay(relay.address())
                val invalid = assertThrows(JournalException.Invalid::class.java) {
                    runBlocking { pair.ana.moveToRelay(relay.address()) }
                }
                assertTrue(invalid.message.length > 20)
                pair.ana.write(Draft("after", shared = true))
                repeat(3) { pair.sync() }
                assertEquals(setOf("before", "after"), texts(pair.ben))
                assertEquals(relay.address(), pair.ana.status().relay)
                assertEquals(0, pair.ana.status().moving)
                pair.shutdown()
            }
        }
    }

    @Test
    fun `what is held leaves when it is due, and what is retracted before leaves nothing`() = runBlocking {
        withRelay { relay ->
            val now = Instant.parse("2026-08-01T10:00:00Z")
            val clock = TestClock(now)
            val pair = Pair.over(relay, clock)
            val id = pair.ana.write(Draft("in a day", fields = listOf(Field("tags", listOf("slow")))))
            val due = pair.ana.hold(Promotion(id, fields = emptyList()), 1.days)
            assertEquals(now.plusSeconds(86_400), due)
            assertEquals(id to due, pair.ana.held().single().let { it.id to it.due })
            val never = pair.ana.write(Draft("never"))
            pair.ana.hold(Promotion(never), 2.hours)
            val retraction = pair.ana.retract(never)
            assertEquals(Retracted.HELD, retraction.what)
            assertTrue("nobody has seen it" in retraction.detail)
            val soon = pair.ana.write(Draft("now after all"))
            pair.ana.hold(Promotion(soon), 2.days)
            pair.ana.release(soon)
            pair.sync()
            assertEquals(setOf("now after all"), texts(pair.ben))
            clock.advance(25.hours)
            pair.sync()
            assertEquals(setOf("now after all", "in a day"), texts(pair.ben))
            val there = pair.ben.search(SearchRequest("day", by = By.PARTNER)).entries.single()
            assertTrue(there.fields.isEmpty())
            val taken = pair.ana.retract(id)
            assertEquals(Retracted.EVERYWHERE, taken.what)
            pair.sync()
            assertTrue(pair.ben.page(PageRequest()).entries.any { it.takenBack })
            pair.shutdown()
        }
    }

    @Test
    fun `evidence is checked by anybody, until one letter of it is changed`() = runBlocking {
        withRelay { relay ->
            val pair = Pair.over(relay)
            pair.ana.write(Draft("from Ana", shared = true))
            pair.ben.write(Draft("from Ben", shared = true))
            pair.sync()
            pair.sync()
            val report = pair.ana.export(home, ExportOptions(ExportFormat.EVIDENCE, ExportScope.BOTH))
            assertEquals(2L to 0L, report.entries to report.unproved)
            pair.shutdown()
            val folder = Path.of(report.path)
            val page = home.resolve("page.html")
            val stopped = CancelToken().apply { cancel() }
            assertThrows(JournalException.Cancelled::class.java) {
                runBlocking { verifyEvidence(folder.toString(), page.toString(), stopped) }
            }
            assertFalse(Files.exists(page))
            val proved = verifyEvidence(folder, page)
            assertEquals(2, proved.entries)
            assertEquals(setOf("Ana", "Ben"), proved.persons.filter { it.entries > 0 }.map { it.name }.toSet())
            assertTrue("from Ben" in Files.readString(page))
            assertThrows(JournalException.Storage::class.java) {
                runBlocking { verifyEvidence(folder, page) } // the page is there already
            }
            val entries = folder.resolve("entries.json")
            Files.writeString(entries, Files.readString(entries).replace("from Ben", "from Bob"))
            val changed = assertThrows(JournalException.Invalid::class.java) {
                runBlocking { verifyEvidence(folder) }
            }
            assertTrue("entries.json" in changed.message)
        }
    }

    @Test
    fun `who begins anew leaves the partner nothing new, and may pair again`() = runBlocking {
        withRelay { relay ->
            val pair = Pair.over(relay)
            pair.ana.write(Draft("of before", shared = true))
            pair.sync()
            assertEquals(1, pair.ana.refound())
            assertEquals(null, pair.ana.status().partner)
            pair.ana.write(Draft("of now"))
            pair.sync()
            assertFalse("of now" in texts(pair.ben))
            assertTrue("of before" in texts(pair.ana))
            pair.shutdown()
        }
    }

    @Test
    fun `two agree on a wording, and either withdraws alone`() = runBlocking {
        withRelay { relay ->
            val pair = Pair.over(relay)
            val id = pair.ana.write(Draft("phones off at nine", "agreement", shared = true))
            pair.sync()
            suspend fun state(journal: Journal) = journal.agreements().single().state
            assertEquals(AgreementState.Open(mine = false, theirs = false), state(pair.ben))
            pair.ana.assent(id, pair.ana.entry(id).version)
            pair.ben.assent(id, pair.ben.entry(id).version)
            repeat(2) { pair.sync() }
            assertEquals(AgreementState.InForce, state(pair.ana))
            assertEquals(AgreementState.InForce, state(pair.ben))
            pair.ben.withdrawFrom(id)
            repeat(2) { pair.sync() }
            assertEquals(AgreementState.Withdrawn, state(pair.ana))
            pair.shutdown()
        }
    }

    @Test
    fun `a conversation has turns of both, and a pause while one asks for it`() = runBlocking {
        withRelay { relay ->
            val pair = Pair.over(relay)
            val id = pair.ana.write(Draft("Sundays", "conversation", shared = true))
            pair.sync()
            val about = Field("target", id)
            pair.ben.write(Draft("I like them slow", "conversation", shared = true, fields = listOf(about)))
            pair.ben.write(
                Draft("", "conversation", shared = true, fields = listOf(about, Field("paused", true))),
            )
            repeat(2) { pair.sync() }
            val read = pair.ana.conversation(id)
            assertEquals("Sundays", read.begun.text)
            assertEquals(2, read.turns.size)
            assertTrue(read.paused)
            pair.shutdown()
        }
    }
}
