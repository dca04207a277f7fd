package org.sidelight.testing

import java.nio.file.Files
import java.nio.file.Path
import java.time.Instant
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.sidelight.Draft
import org.sidelight.Event
import org.sidelight.Journal
import org.sidelight.JournalException
import org.sidelight.NewPerson
import org.sidelight.NextStep
import org.sidelight.PageRequest
import org.sidelight.PairingStage
import org.sidelight.Space
import org.sidelight.invite
import org.sidelight.joinOwn
import org.sidelight.link
import org.sidelight.memoryKeyStore
import org.sidelight.nextStep
import org.sidelight.prepareVolumes
import org.sidelight.syncNow
import org.sidelight.use

class PairingTest {
    @TempDir lateinit var home: Path

    @Test
    fun `two journals pair and see each other's entries, and nothing else`() = runBlocking {
        withRelay { relay ->
            val pair = Pair.over(relay)
            pair.ana.write(Draft("The tea you made.", shared = true))
            pair.ana.write(Draft("For myself."))
            val kept = pair.ben.write(Draft("Sunday: ", shared = true, together = true))
            pair.sync()
            val bens = pair.ben.page(PageRequest()).entries
            assertEquals(setOf("The tea you made.", "Sunday: "), bens.map { it.text }.toSet())
            val tea = bens.single { it.authorName == "Ana" }
            assertTrue(!tea.mine && tea.space == Space.SHARED)
            // Both change one entry at the same time.
            pair.ana.setText(kept, "Our Sunday: ")
            pair.ben.setText(kept, "Sunday: pancakes")
            pair.sync()
            pair.sync()
            assertEquals("Our Sunday: pancakes", pair.ana.entry(kept).text)
            assertEquals("Our Sunday: pancakes", pair.ben.entry(kept).text)
            assertEquals("Ben", pair.ana.status().partner!!.name)
            pair.ana.leave(false)
            pair.sync()
            pair.shutdown()
        }
    }

    @Test
    fun `what the partner writes arrives while live, over a slow network`() = runBlocking {
        withRelay { relay ->
            val pair = Pair.over(relay)
            relay.delay(50.milliseconds)
            pair.ana.goLive()
            pair.ben.goLive()
            val stream = pair.ben.listen()
            val id = pair.ana.write(Draft("on its way", shared = true))
            while (stream.nextEvent() != Event.EntryChanged(id)) { // until it comes
            }
            assertEquals("on its way", pair.ben.entry(id).text)
            stream.stop()
            pair.shutdown()
        }
    }

    @Test
    fun `a cut network is offline, and after it is mended nothing is lost`() = runBlocking {
        withRelay { relay ->
            val pair = Pair.over(relay)
            relay.partition()
            pair.ana.write(Draft("kept meanwhile", shared = true))
            val error = assertThrows(JournalException.Offline::class.java) {
                runBlocking { pair.ana.syncNow(20.seconds) }
            }
            assertEquals(NextStep.TRY_LATER, error.nextStep)
            relay.heal()
            pair.sync()
            assertEquals("kept meanwhile", pair.ben.page(PageRequest()).entries.single().text)
            pair.shutdown()
        }
    }

    @Test
    fun `a second device of one person gets everything, until it is removed`() = runBlocking {
        withRelay { relay ->
            MemoryHome().create(NewPerson("Ana", relay.address())).use { phone ->
                phone.write(Draft("from the phone"))
                val link = phone.link(1.hours).link
                Journal.joinOwn(home, memoryKeyStore(), link, "tablet").use { tablet ->
                    for (journal in listOf(phone, tablet, phone, tablet)) journal.syncNow(30.seconds)
                    assertEquals(phone.pairing()!!.comparison, tablet.pairing()!!.comparison)
                    assertTrue(phone.prepareVolumes(60.seconds))
                    phone.confirm(true)
                    tablet.confirm(true)
                    for (journal in listOf(tablet, phone, tablet)) journal.syncNow(30.seconds)
                    assertEquals("from the phone", tablet.page(PageRequest()).entries.single().text)
                    val other = phone.devices().single { !it.`this` }
                    assertEquals("tablet", other.name)
                    phone.removeDevice(other.id)
                    phone.syncNow(30.seconds)
                    tablet.syncNow(30.seconds)
                    val error = assertThrows(JournalException.Removed::class.java) {
                        runBlocking { tablet.link(1.hours) }
                    }
                    assertEquals(NextStep.BEGIN_ANEW, error.nextStep)
                }
            }
        }
    }

    @Test
    fun `a refused comparison ends the pairing, with a sentence`() = runBlocking {
        withRelay { relay ->
            val ana = MemoryHome().create(NewPerson("Ana", relay.address()))
            val ben = MemoryHome().create(NewPerson("Ben", relay.address()))
            ben.join(ana.invite(1.hours).link)
            for (journal in listOf(ana, ben, ana, ben)) journal.syncNow(30.seconds)
            ana.confirm(false)
            val ended = ana.pairing()!!.stage as PairingStage.Ended
            assertTrue(ended.detail.contains("invite again"))
            ana.shutdown()
            ben.shutdown()
        }
    }
}
