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

    companion object {
        suspend fun over(relay: LoopbackRelay): Pair {
            val (ana, ben) = listOf("Ana", "Ben").map {
                MemoryHome().create(NewPerson(it, relay.address()))
            }
            ben.join(ana.invite(1.hours).link)
            for (journal in listOf(ana, ben, ana, ben)) journal.syncNow(30.seconds)
            assertEquals(7, ana.pairing()!!.comparison.size)
            assertEquals(ana.pairing()!!.comparison, ben.pairing()!!.comparison)
            ana.confirm(true)
            ben.confirm(true)
            for (journal in listOf(ben, ana, ben)) journal.syncNow(30.seconds)
            assertEquals(PairingStage.Done, ana.pairing()!!.stage)
            assertEquals(PairingStage.Done, ben.pairing()!!.stage)
            return Pair(ana, ben)
        }
    }

    suspend fun shutdown() {
        ana.shutdown()
        ben.shutdown()
    }
}
