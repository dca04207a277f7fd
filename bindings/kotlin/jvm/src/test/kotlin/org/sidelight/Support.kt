package org.sidelight

import java.lang.management.ManagementFactory
import java.util.concurrent.TimeUnit
import javax.management.ObjectName
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

/**
 * What this process holds: threads of the library's, open files, what is alive of Java's heap (in
 * KiB and in objects), megabytes of memory.
 */
data class Footprint(
    val threads: Int,
    val files: Int,
    val heap: Long,
    val objects: Long,
    val resident: Long,
) {
    companion object {
        /** How long JNA's own thread may take to be through, on a machine that has others to run. */
        private const val SETTLED_MAX_S = 60L

        /** More are alive of what JNA frees by itself only while it is behind, or if they leak. */
        private const val UNFREED_MAX = 64L

        /**
         * What is alive, and nothing that only waits to be freed. For each piece of memory that a
         * call takes, JNA keeps some objects until a thread of its own has freed it, and that
         * learns from one collection what the next may take: ten thousand calls leave 10 MB of them
         * behind while that thread gets no turn. So it is waited for; what leaks is never freed, and
         * is in what this gives once that time is over.
         */
        fun settled(): Footprint {
            val until = System.nanoTime() + TimeUnit.SECONDS.toNanos(SETTLED_MAX_S)
            var alive = alive()
            while (alive.unfreed > UNFREED_MAX && System.nanoTime() < until) {
                Thread.yield()
                alive = alive()
            }
            return now().copy(heap = alive.bytes shr 10, objects = alive.objects)
        }

        /** As it is at this moment, with all garbage in the heap and no count of objects. */
        fun now(): Footprint {
            val threads = java.io.File("/proc/self/task").listFiles().orEmpty().count {
                java.io.File(it, "comm").readTextOrNull().orEmpty().startsWith("sidelight")
            }
            val files = java.io.File("/proc/self/fd").list().orEmpty().size
            val runtime = Runtime.getRuntime()
            val heap = runtime.totalMemory() - runtime.freeMemory()
            val pages = java.io.File("/proc/self/statm").readText().split(" ")[1].toLong()
            return Footprint(threads, files, heap shr 10, 0, (pages * 4096) shr 20)
        }

        private class Alive(val objects: Long, val bytes: Long, val unfreed: Long)

        /** Counts what is alive by its classes, after a collection: `jcmd PID GC.class_histogram`. */
        private fun alive(): Alive {
            val diagnostics = ObjectName("com.sun.management:type=DiagnosticCommand")
            val said = ManagementFactory.getPlatformMBeanServer().invoke(
                diagnostics,
                "gcClassHistogram",
                arrayOf<Any>(emptyArray<String>()),
                arrayOf(Array<String>::class.java.name),
            ) as String
            val rows = said.lines().map { it.trim().split(Regex(" +")) }
            val unfreed = rows.firstOrNull { it.getOrNull(3) == "com.sun.jna.internal.Cleaner\$CleanerRef" }
            val total = rows.last { it.first() == "Total" }
            return Alive(total[1].toLong(), total[2].toLong(), unfreed?.get(1)?.toLong() ?: 0)
        }

        private fun java.io.File.readTextOrNull(): String? =
            try {
                readText()
            } catch (_: java.io.IOException) {
                null // the thread has just ended
            }
    }
}
