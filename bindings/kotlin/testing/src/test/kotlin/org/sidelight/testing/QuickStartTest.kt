package org.sidelight.testing

import java.nio.file.Path
import java.time.Instant
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.sidelight.Draft
import org.sidelight.Journal
import org.sidelight.NewPerson
import org.sidelight.PairingStage
import org.sidelight.Promotion
import org.sidelight.RecoveryStage
import org.sidelight.Retracted
import org.sidelight.hold
import org.sidelight.invite
import org.sidelight.memoryKeyStore
import org.sidelight.recover
import org.sidelight.syncNow

/** What the README's quick start says of pairing, second thoughts and recovery, followed. */
class QuickStartTest {
    @TempDir lateinit var home: Path

    @Test
    fun `two journals pair as the quick start says`() = runBlocking {
        withRelay { relay ->
            val ana = MemoryHome().create(NewPerson("Ana", relay.address()))
            val ben = MemoryHome().create(NewPerson("Ben"))

            val link = ana.invite(1.hours).link
            ben.join(link)
            for (journal in listOf(ana, ben, ana, ben)) journal.syncNow(30.seconds)
            check(ana.pairing()?.comparison == ben.pairing()?.comparison) // people do this, by voice
            ana.confirm(true)
            ben.confirm(true)
            for (journal in listOf(ben, ana, ben)) journal.syncNow(30.seconds)

            assertEquals(PairingStage.Done, ben.pairing()?.stage)

            val id = ana.write(Draft("not yet"))
            val due = ana.hold(Promotion(id, fields = emptyList()), 2.hours)
            val retraction = ana.retract(id)
            println(retraction.detail) // what that means, and what nobody can promise
            assertTrue(due > Instant.now() && retraction.what == Retracted.HELD)

            var typed = ""
            fun show(words: List<String>) = Unit.also { typed = words.joinToString(" ") }
            ana.recoveryBegin().use { shown -> show(shown.words()) }
            ana.recoveryCheck(typed)
            ana.syncNow(30.seconds)

            val keys = memoryKeyStore()
            val back = Journal.recover(home, keys, typed, relay.address(), "new phone")
            repeat(3) { back.syncNow(30.seconds) } // back.status().recovery says when all is here
            assertEquals(RecoveryStage.CHECKED, back.status().recovery)
            assertEquals("not yet", back.entry(id).text)

            back.shutdown()
            ana.shutdown()
            ben.shutdown()
        }
    }
}
