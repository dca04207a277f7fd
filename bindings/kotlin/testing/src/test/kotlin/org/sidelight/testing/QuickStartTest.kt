package org.sidelight.testing

import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.sidelight.NewPerson
import org.sidelight.PairingStage
import org.sidelight.invite
import org.sidelight.syncNow

/** What the README's quick start says of pairing, followed. */
class QuickStartTest {
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
            ana.shutdown()
            ben.shutdown()
        }
    }
}
