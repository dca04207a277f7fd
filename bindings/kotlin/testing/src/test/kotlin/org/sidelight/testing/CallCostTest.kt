package org.sidelight.testing

import java.nio.file.Path
import java.util.Locale
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.sidelight.Draft
import org.sidelight.Field
import org.sidelight.Journal
import org.sidelight.NewPerson
import org.sidelight.PageRequest
import org.sidelight.create
import org.sidelight.memoryKeyStore
import org.sidelight.use

/** What crossing costs: the same page, read from Kotlin and in Rust, in one process. */
class CallCostTest {
    @TempDir lateinit var home: Path

    @Test
    fun `a page of fifty entries costs at most three times what it does in Rust, and a fifth of a millisecond`() =
        runBlocking {
            Journal.create(home, memoryKeyStore(), NewPerson("Ana")).use { journal ->
                val words = "walked by the river, and back over the hill when it began to rain. ".repeat(3)
                val tags = listOf(Field("tags", listOf("river", "rain")))
                journal.writeMany(List(200) { Draft("$it: $words", fields = tags) })
                suspend fun page() = assertEquals(50, journal.page(PageRequest(50)).entries.size)
                repeat(WARM) { page() }
                // Whatever else runs here makes a round slower, never faster.
                val rounds = List(ROUNDS) {
                    val jvm = List(TIMES) {
                        val begun = System.nanoTime()
                        page()
                        System.nanoTime() - begun
                    }
                    jvm.sorted()[TIMES / 2] to pageInRustNs(journal, 50, TIMES)
                }
                val (jvm, rust) = rounds.minOf { it.first } to rounds.minOf { it.second }
                val line = "%.3f ms from the JVM, %.3f ms in Rust: %.2f times"
                println("MEASURED page of 50: " + line.format(Locale.ROOT, jvm / 1e6, rust / 1e6, jvm.toDouble() / rust))
                assertTrue(jvm <= 3 * rust + 200_000, "$jvm ns, and $rust ns in Rust")
            }
        }

    private companion object {
        /** Until what the JVM compiles is compiled. */
        const val WARM = 2_000
        const val ROUNDS = 5
        const val TIMES = 201
    }
}
