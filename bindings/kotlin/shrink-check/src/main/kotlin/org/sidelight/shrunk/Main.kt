// What an app does, in a few lines: of this a shrinker may take nothing away.

package org.sidelight.shrunk

import java.nio.file.Path
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.runBlocking
import org.sidelight.Draft
import org.sidelight.Event
import org.sidelight.Field
import org.sidelight.Journal
import org.sidelight.JournalException
import org.sidelight.KeyStore
import org.sidelight.KeyStoreException
import org.sidelight.LogLevel
import org.sidelight.LogSink
import org.sidelight.Logs
import org.sidelight.NewPerson
import org.sidelight.NextStep
import org.sidelight.SearchRequest
import org.sidelight.create
import org.sidelight.listOf
import org.sidelight.nextStep
import org.sidelight.open
import org.sidelight.syncNow
import org.sidelight.use
import org.sidelight.version

private class Kept(private var key: ByteArray? = null, private val locked: Boolean = false) : KeyStore {
    override fun load(): ByteArray? = if (locked) throw KeyStoreException.Locked() else key

    override fun save(key: ByteArray) {
        this.key = key
    }
}

fun main(arguments: Array<String>): Unit = runBlocking {
    val home = Path.of(arguments[0])
    val logged = CountDownLatch(1)
    Logs.sendTo(
        object : LogSink {
            override fun log(level: LogLevel, target: String, line: String) = logged.countDown()
        },
        LogLevel.DEBUG,
    )
    val nobody = "sidelight://127.0.0.1:9/relay#${"A".repeat(43)}"
    Journal.create(home, Kept(), NewPerson("Ana", nobody)).use { journal ->
        val stream = journal.listen()
        val id = journal.write(Draft("by the river", fields = listOf(Field("tags", listOf("one")))))
        check(stream.nextEvent() == Event.EntryChanged(id))
        val found = journal.search(SearchRequest("river")).entries.single()
        check(found.id == id && found.listOf("tags") == listOf("one"))
        try {
            journal.syncNow(20.seconds)
            error("there is no relay")
        } catch (offline: JournalException) {
            check(offline.nextStep == NextStep.TRY_LATER && offline.message!!.length > 20)
        }
    }
    try {
        Journal.open(home, Kept(locked = true))
        error("it is locked")
    } catch (locked: JournalException.KeysLocked) {
        check(locked.nextStep == NextStep.UNLOCK)
    }
    check(logged.await(30, TimeUnit.SECONDS))
    println("whole: ${version()}")
}
