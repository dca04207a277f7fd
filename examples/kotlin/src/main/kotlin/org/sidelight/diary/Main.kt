// A small journal for the command line, made of the public package alone.

package org.sidelight.diary

import java.io.FileDescriptor
import java.io.FileOutputStream
import java.io.PrintStream
import java.nio.file.Path
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking
import org.sidelight.JournalException
import org.sidelight.NewPerson
import org.sidelight.Pairing
import org.sidelight.PairingStage
import org.sidelight.fileKeyStore

private val usage = """
    diary HOME begin NAME [RELAY]   begin a diary, with a relay's address if there is one
    diary HOME write TEXT           write for oneself; TEXT - is read from standard input
    diary HOME share TEXT           write for both
    diary HOME put                  write entries from standard input, one line of JSON each
    diary HOME list                 the newest 1,000, one line of JSON each
    diary HOME show ID              the text of one, as it is
    diary HOME sync                 send and receive
    diary HOME invite               a link for a partner
    diary HOME link                 a link for a further device of one's own
    diary HOME join LINK            take up a partner's link
    diary HOME join-own LINK NAME   become a further device
    diary HOME pairing              what to compare, or how it stands
    diary HOME confirm              they are the same
    diary HOME nap                  sleep in the middle of a sync until standard input ends, then
                                    show the newest text
""".trimIndent()

// Whatever the system's own encoding is.
private val out = PrintStream(FileOutputStream(FileDescriptor.out), true, Charsets.UTF_8)
private val err = PrintStream(FileOutputStream(FileDescriptor.err), true, Charsets.UTF_8)

fun main(arguments: Array<String>) {
    try {
        runBlocking { run(arguments.toList()) }
    } catch (error: JournalException) {
        err.println(error.message)
        exitProcess(1)
    } catch (_: Usage) {
        err.println(usage)
        exitProcess(2)
    }
}

private class Usage : Exception()

/** Each command, and how many words may follow it. */
private val commands = mapOf(
    "begin" to 1..2, "write" to 1..1, "share" to 1..1, "put" to 0..0, "list" to 0..0, "show" to 1..1,
    "sync" to 0..0, "invite" to 0..0, "link" to 0..0, "join" to 1..1, "join-own" to 2..2,
    "pairing" to 0..0, "confirm" to 0..0, "nap" to 0..0,
)

private suspend fun run(arguments: List<String>) {
    val allowed = arguments.getOrNull(1)?.let(commands::get) ?: throw Usage()
    if (arguments.size - 2 !in allowed) throw Usage()
    val folder = Path.of(arguments[0])
    // A phone has a Keystore; a file is what every machine has.
    val keys = fileKeyStore(folder.resolve("storage.key").toString())
    val home = folder.resolve("journal")
    val (command, words) = arguments[1] to arguments.drop(2)

    if (command == "join-own") {
        return Diary.joinOwn(home, keys, words[0], words[1]).shutdown()
    }
    val person = when {
        command == "begin" -> NewPerson(words[0], words.getOrNull(1))
        else -> null
    }
    val diary = Diary.open(home, keys, person)
    try {
        act(command, words, diary)
    } finally {
        diary.shutdown()
    }
}

private suspend fun act(command: String, words: List<String>, diary: Diary) {
    when (command to words.size) {
        "begin" to 1, "begin" to 2 -> Unit
        "write" to 1 -> out.println(diary.write(text(words[0]), shared = false))
        "share" to 1 -> out.println(diary.write(text(words[0]), shared = true))
        "show" to 1 -> {
            out.print(diary.entry(words[0]).text)
            out.flush()
        }
        "put" to 0 -> for (line in text("-").lines()) {
            if (line.isNotEmpty()) out.println(diary.write(draft(line)))
        }
        "list" to 0 -> for (entry in diary.newest(1_000)) {
            if (!entry.takenBack) out.println(line(entry))
        }
        "sync" to 0 -> {
            val report = diary.sync()
            report.problems.forEach(out::println)
            out.println("sent ${report.sent}, received ${report.received}, waiting ${report.waiting}")
        }
        "invite" to 0 -> out.println(diary.invite())
        "link" to 0 -> out.println(diary.linkDevice())
        "join" to 1 -> diary.join(words[0])
        "pairing" to 0 -> out.println(standing(diary.pairing.value))
        "nap" to 0 -> {
            diary.nap {
                out.println("asleep")
                System.`in`.readAllBytes()
            }
            out.println(diary.entries.value.firstOrNull()?.text.orEmpty())
        }
        "confirm" to 0 -> diary.confirm(same = true)
        else -> throw Usage()
    }
}

private fun text(word: String): String =
    if (word == "-") String(System.`in`.readAllBytes(), Charsets.UTF_8) else word

private fun standing(pairing: Pairing?): String = when (val stage = pairing?.stage) {
    null -> "none"
    PairingStage.WaitingForPartner -> "waiting for the other side"
    PairingStage.Compare -> pairing.comparison.joinToString(", ") { it.name }
    PairingStage.WaitingForConfirmation -> "confirmed here"
    PairingStage.Done -> "paired with ${pairing.partnerName ?: "an own device"}"
    is PairingStage.Ended -> stage.detail
}

/** A text as JSON has it (RFC 8259). */
internal fun json(text: String): String = buildString {
    append('"')
    for (char in text) {
        when {
            char == '"' || char == '\\' -> append('\\').append(char)
            char < ' ' -> append("\\u%04x".format(char.code))
            else -> append(char)
        }
    }
    append('"')
}
