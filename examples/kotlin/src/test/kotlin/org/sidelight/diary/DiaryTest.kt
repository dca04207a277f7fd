package org.sidelight.diary

import java.io.Closeable
import java.net.DatagramPacket
import java.net.DatagramSocket
import java.net.InetAddress
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.sidelight.Journal
import org.sidelight.JournalException
import org.sidelight.NewPerson
import org.sidelight.create
import org.sidelight.fileKeyStore
import org.sidelight.syncNow
import org.sidelight.use

/** The diary as people start it, with the terminal client, over a relay: each a process. */
class DiaryTest {
    @TempDir lateinit var folder: Path

    /** What no encoding may change: marks, several scripts, quotation marks, a last line's end. */
    private val odd = "“so”\tété\u0301 — 你好 🥞👩‍👧 \\ \" \u202eabc\u202c\nlast line\n"

    @Test
    fun `a diary pairs with the terminal client, and both read every byte of each other`() {
        Relay(folder.resolve("relay")).use { relay ->
            val ana = Home { diary(folder.resolve("ana"), it) }
            val ben = Home { terminal(folder.resolve("ben"), it) }
            ana("begin", "Ana", relay.address)
            ben("init", "--name", "Ben", "--relay", relay.address)
            val link = ana("invite").trim()
            ana("sync")
            ben("join", "--no-wait", link)
            for (home in listOf(ben, ana, ben)) home("sync")
            val comparison = ben("status", "--json").substringAfter("\"comparison\":[").substringBefore("]")
            val names = Regex("\"name\":\"([^\"]*)\"").findAll(comparison).map { it.groupValues[1] }.toList()
            assertEquals(7, names.size, comparison)
            assertEquals(names.joinToString(", "), ana("pairing").trim())
            ana("confirm")
            ben("confirm", "--yes")
            for (home in listOf(ana, ben, ana)) home("sync")
            assertEquals("paired with Ben\n", ana("pairing"))

            val id = ana("share", "-", input = odd).trim()
            ana("write", "for Ana alone")
            ben("write", "--share", "-", input = "from Ben")
            for (home in listOf(ana, ben, ana)) home("sync")
            assertEquals(odd, ana("show", id))
            val bens = ben("list", "--json")
            // The terminal writes marks that turn text around as escapes.
            val escapes = listOf("\\u0009" to "\\t", "\\u000a" to "\\n", "\u202e" to "\\u202e", "\u202c" to "\\u202c")
            val written = escapes.fold(json(odd)) { text, (from, to) -> text.replace(from, to) }
            assertTrue(written in bens, bens)
            assertTrue("for Ana alone" !in bens)
            val anas = ana("list").lines().filter { it.isNotEmpty() }
            assertEquals(3, anas.size)
            assertTrue(anas.any { "\"Ben\"" in it && "\"shared\"" in it && "from Ben" in it })
        }
    }

    @Test
    fun `what cannot be done says what to do, in one line, and how it is used`() {
        val (code, _, said) = run(diary(folder.resolve("none"), listOf("list")))
        assertEquals(1, code)
        assertEquals(1, said.trim().lines().size)
        assertTrue("there is no journal here" in said, said)
        assertEquals(2, run(diary(folder, listOf("sing"))).first)
    }

    @Test
    fun `a diary that is killed while it writes opens again, with what it had said`() {
        val home = folder.resolve("ana")
        val ana = Home { diary(home, it) }
        ana("begin", "Ana")
        val id = ana("write", "said").trim()
        repeat(5) {
            val writing = start(diary(home, listOf("write", "-")))
            writing.outputStream.use { it.write(odd.toByteArray()) }
            // Somewhere between its start and its end.
            writing.waitFor(it * 150L, TimeUnit.MILLISECONDS)
            writing.destroyForcibly().waitFor()
        }
        assertEquals("said", ana("show", id))
        for (line in ana("list").lines().filter { it.isNotEmpty() }) {
            assertTrue("said" in line || json(odd) in line, line)
        }
        assertNotEquals("", ana("write", "and on"))
    }

    @Test
    fun `a journal suspended in the middle of a sync lets another process in`() = runBlocking {
        val (home, keys) = folder.resolve("journal") to folder.resolve("storage.key")
        DatagramSocket(0, InetAddress.getLoopbackAddress()).use { silent ->
            val address = "sidelight://127.0.0.1:${silent.localPort}/relay#${"A".repeat(43)}"
            val store = fileKeyStore(keys.toString())
            Journal.create(home, store, NewPerson("Ana", address)).use { journal ->
                val syncing = async(Dispatchers.Default) {
                    try {
                        journal.syncNow(60.minutes)
                        fail("it cannot end")
                    } catch (error: JournalException.Cancelled) {
                        error.message
                    }
                }
                // Under way: its hello has come.
                silent.receive(DatagramPacket(ByteArray(2000), 2000))
                journal.suspend()
                assertTrue("suspended" in syncing.await())
                assertEquals(emptyList<String>(), held(folder))
                val other = Home { diary(folder, it) }
                val id = other("write", "by another process").trim()
                journal.resume()
                assertEquals("by another process", journal.entry(id).text)
            }
        }
    }

    /** What of this folder this process has open. */
    private fun held(folder: Path): List<String> =
        java.io.File("/proc/self/fd").listFiles().orEmpty()
            .mapNotNull { file -> runCatching { Files.readSymbolicLink(file.toPath()) }.getOrNull() }
            .filter { it.startsWith(folder) }
            .map(Path::toString)

    /** Commands of one home, each of which has to end well. */
    private class Home(val command: (List<String>) -> List<String>) {
        operator fun invoke(vararg words: String, input: String = ""): String {
            val (code, out, err) = run(command(words.toList()), input)
            assertEquals(0, code, "${words.toList()}: $out$err")
            return out
        }
    }

    private class Relay(data: Path) : Closeable {
        private val process = start(
            listOf(
                program("relay"), "relay", "--json", "--leashed",
                "--listen", "127.0.0.1:0", "--data", data.toString(),
            ),
        )
        val address: String

        init {
            val line = process.inputStream.bufferedReader().readLine()
            address = Regex("\"address\":\"([^\"]*)\"").find(line)!!.groupValues[1]
        }

        override fun close() {
            process.destroyForcibly().waitFor()
        }
    }

    private companion object {
        /** The terminal client, which is a relay, too. `cargo xtask kotlin` says where it is. */
        fun program(what: String): String =
            checkNotNull(System.getenv("SIDELIGHT_TERMINAL")) { "no $what: run `cargo xtask kotlin`" }

        fun diary(home: Path, words: List<String>): List<String> {
            val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
            val path = System.getProperty("java.class.path")
            return listOf(java, "-Xmx128m", "-cp", path, "org.sidelight.diary.MainKt", home.toString()) + words
        }

        fun terminal(home: Path, words: List<String>): List<String> =
            listOf(program("terminal client"), "--home", home.toString()) + words

        fun start(command: List<String>): Process {
            val builder = ProcessBuilder(command)
            // Words of a command are read as the locale says.
            builder.environment()["LC_ALL"] = "C.UTF-8"
            builder.environment().keys.removeIf { it.startsWith("SIDELIGHT_") }
            return builder.redirectError(ProcessBuilder.Redirect.PIPE).start()
        }

        fun run(command: List<String>, input: String = ""): Triple<Int, String, String> {
            val process = start(command)
            try {
                process.outputStream.use { it.write(input.toByteArray()) }
            } catch (_: java.io.IOException) {
                // A command that fails early reads nothing.
            }
            val out = String(process.inputStream.readAllBytes(), Charsets.UTF_8)
            val err = String(process.errorStream.readAllBytes(), Charsets.UTF_8)
            return Triple(process.waitFor(), out, err)
        }
    }
}
