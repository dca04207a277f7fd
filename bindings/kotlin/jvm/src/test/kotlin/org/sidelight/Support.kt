package org.sidelight

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.fail

/** A key store as an app writes one: what happens in it is told from outside. */
class AppKeyStore(var key: ByteArray? = null) : KeyStore {
    var onLoad: () -> Unit = {}

    override fun load(): ByteArray? {
        onLoad()
        return key
    }

    override fun save(key: ByteArray) {
        this.key = key
    }
}

/** Fails unless [call] fails as an [E], and gives that. */
inline fun <reified E : JournalException> fails(next: NextStep, call: () -> Unit): E {
    try {
        call()
    } catch (error: JournalException) {
        if (error !is E) fail<Unit>("${E::class.simpleName} was expected, not $error")
        assertEquals(next, error.nextStep)
        val sentence = error.message.orEmpty()
        check(sentence.length > 20) { "no sentence: $sentence" }
        return error as E
    }
    return fail("${E::class.simpleName} was expected, and nothing failed")
}

/** Does [work] with the address of a relay that takes everything and answers nothing. */
inline fun withSilence(work: (String) -> Unit) {
    java.net.DatagramSocket(0, java.net.InetAddress.getLoopbackAddress()).use { silent ->
        work("sidelight://127.0.0.1:${silent.localPort}/relay#${"A".repeat(43)}")
    }
}

/** What this process holds: threads of the library's, open files, megabytes. */
data class Footprint(val threads: Int, val files: Int, val heap: Long, val resident: Long) {
    companion object {
        /**
         * After the garbage is gone: [now] alone counts objects that nobody holds any more. JNA's
         * go by a thread of its own, which a collection tells of them, and a later one frees.
         */
        fun afterCollecting(): Footprint {
            val counted = List(20) {
                System.gc()
                now()
            }
            return counted.last().copy(heap = counted.minOf { it.heap })
        }

        fun now(): Footprint {
            val threads = java.io.File("/proc/self/task").listFiles().orEmpty().count {
                java.io.File(it, "comm").readTextOrNull().orEmpty().startsWith("sidelight")
            }
            val files = java.io.File("/proc/self/fd").list().orEmpty().size
            val runtime = Runtime.getRuntime()
            val heap = runtime.totalMemory() - runtime.freeMemory()
            val pages = java.io.File("/proc/self/statm").readText().split(" ")[1].toLong()
            return Footprint(threads, files, heap shr 20, (pages * 4096) shr 20)
        }

        private fun java.io.File.readTextOrNull(): String? =
            try {
                readText()
            } catch (_: java.io.IOException) {
                null // the thread has just ended
            }
    }
}
