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

/** What this process holds: threads of the library's, and open files. */
data class Footprint(val threads: Int, val files: Int) {
    companion object {
        fun now(): Footprint {
            val threads = java.io.File("/proc/self/task").listFiles().orEmpty().count {
                java.io.File(it, "comm").readTextOrNull().orEmpty().startsWith("sidelight")
            }
            return Footprint(threads, java.io.File("/proc/self/fd").list().orEmpty().size)
        }

        private fun java.io.File.readTextOrNull(): String? =
            try {
                readText()
            } catch (_: java.io.IOException) {
                null // the thread has just ended
            }
    }
}
