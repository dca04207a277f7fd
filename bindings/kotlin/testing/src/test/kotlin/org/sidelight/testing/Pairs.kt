package org.sidelight.testing

import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.seconds
import org.junit.jupiter.api.Assertions.assertEquals
import org.sidelight.Journal
import org.sidelight.NewPerson
import org.sidelight.PairingStage
import org.sidelight.invite
import org.sidelight.syncNow

/** Two journals that are paired. */
class Pair(val ana: Journal, val ben: Journal) {
    suspend fun sync() {
        for (journal in listOf(ana, ben, ana)) journal.syncNow(30.seconds)
    }

    /** Both compare, once one has invited and the other has taken that up. */
    suspend fun compare(inviter: Journal, joiner: Journal) {
        for (journal in listOf(inviter, joiner, inviter, joiner)) journal.syncNow(30.seconds)
        assertEquals(7, inviter.pairing()!!.comparison.size)
        assertEquals(inviter.pairing()!!.comparison, joiner.pairing()!!.comparison)
        inviter.confirm(true)
        joiner.confirm(true)
        for (journal in listOf(joiner, inviter, joiner)) journal.syncNow(30.seconds)
        assertEquals(PairingStage.Done, inviter.pairing()!!.stage)
        assertEquals(PairingStage.Done, joiner.pairing()!!.stage)
    }

    companion object {
        suspend fun over(relay: LoopbackRelay, clock: TestClock? = null): Pair {
            val (ana, ben) = listOf("Ana", "Ben").map {
                MemoryHome(clock).create(NewPerson(it, relay.address()))
            }
            ben.join(ana.invite(1.hours).link)
            return Pair(ana, ben).apply { compare(ana, ben) }
        }
    }

    suspend fun shutdown() {
        ana.shutdown()
        ben.shutdown()
    }
}
