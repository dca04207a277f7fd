// The relay for tests as Kotlin writes it.

package org.sidelight.testing

import java.time.Instant
import kotlin.time.Duration
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext

/** Does [block] with a relay on this machine, and stops it, however the block ends. */
public suspend inline fun <R> withRelay(ticket: String? = null, block: (LoopbackRelay) -> R): R {
    val relay = LoopbackRelay.start(ticket)
    try {
        return block(relay)
    } finally {
        withContext(NonCancellable) { relay.stop() }
        relay.destroy()
    }
}

/** Slows the network: what is sent arrives [by] so much later. */
public fun LoopbackRelay.delay(by: Duration): Unit = delay(by.inWholeMilliseconds)

/** A clock that shows [now] until it is set. */
public fun TestClock(now: Instant): TestClock = TestClock(now.toEpochMilli())

/** Lets [time] go by. */
public fun TestClock.advance(time: Duration): Unit = advance(time.inWholeMilliseconds)
