package org.sidelight.diary

import java.nio.file.Path
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.launch
import org.sidelight.Draft
import org.sidelight.Entry
import org.sidelight.Event
import org.sidelight.Journal
import org.sidelight.JournalException
import org.sidelight.KeyStore
import org.sidelight.NewPerson
import org.sidelight.PageRequest
import org.sidelight.Pairing
import org.sidelight.SyncReport
import org.sidelight.create
import org.sidelight.events
import org.sidelight.invite
import org.sidelight.joinOwn
import org.sidelight.link
import org.sidelight.open
import org.sidelight.syncNow

/** What a diary shows, and what can be done in it: the same for a command line and a phone. */
class Diary private constructor(private val journal: Journal) {
    private val shownEntries = MutableStateFlow<List<Entry>>(emptyList())
    private val shownPairing = MutableStateFlow<Pairing?>(null)
    private val shownProblem = MutableStateFlow<String?>(null)

    /** The newest entries. */
    val entries: StateFlow<List<Entry>> get() = shownEntries

    /** The pairing under way, or the last one. */
    val pairing: StateFlow<Pairing?> get() = shownPairing

    /** What to tell the person: a sentence that says what happened and what to do. */
    val problem: StateFlow<String?> get() = shownProblem

    /** Keeps what is shown up to date, until its coroutine ends or the diary is closed. */
    suspend fun keepUpToDate() {
        val events = journal.events
        telling { load() }
        events.collect { event ->
            when (event) {
                is Event.EntryChanged, is Event.EntryRemoved, Event.PairingChanged, Event.Lagged ->
                    telling { load() }
                is Event.SyncChanged -> shownProblem.value = event.detail
                is Event.Warning -> shownProblem.value = event.warning.text
            }
        }
    }

    /** Writes an entry; a private one, unless it is shared. */
    suspend fun write(text: String, shared: Boolean): String =
        write(Draft(text, shared = shared))

    /** Writes an entry of any kind. */
    suspend fun write(draft: Draft): String = journal.write(draft).also { load() }

    /** As many of the newest entries, for who wants more than is shown. */
    suspend fun newest(limit: Int): List<Entry> = journal.page(PageRequest(limit)).entries

    /** One entry, by its id or the beginning of it. */
    suspend fun entry(id: String): Entry = journal.entry(id)

    /** Sends and receives. */
    suspend fun sync(): SyncReport = journal.syncNow(30.seconds).also { load() }

    /** A link for a partner. */
    suspend fun invite(): String = journal.invite(1.days).link

    /** A link for a further device of this person's own. */
    suspend fun linkDevice(): String = journal.link(1.days).link

    /** Takes up a partner's link. */
    suspend fun join(link: String) {
        journal.join(link)
        load()
    }

    /** Says whether both sides show the same emoji. */
    suspend fun confirm(same: Boolean) {
        journal.confirm(same)
        load()
    }

    /** Before the app sleeps. */
    suspend fun suspend(): Unit = telling { journal.suspend() }

    /** When it is back. */
    suspend fun resume(): Unit = telling {
        journal.resume()
        load()
    }

    /**
     * Goes to sleep in the middle of a sync, as an app does that leaves the screen, and wakes after
     * [sleeping].
     */
    suspend fun nap(sleeping: () -> Unit): Unit = coroutineScope {
        val stream = journal.listen()
        val syncing = launch {
            try {
                journal.syncNow(10.minutes)
            } catch (_: JournalException.Cancelled) {
                // by sleep
            }
        }
        do {
            val event = stream.nextEvent() ?: break
        } while (event !is Event.SyncChanged)
        stream.stop()
        stream.destroy()
        journal.suspend()
        syncing.join()
        sleeping()
        journal.resume()
        load()
    }

    /** Ends it, and waits until everything is closed. */
    suspend fun shutdown() {
        journal.shutdown()
        journal.destroy()
    }

    /** Does something and shows its error, if the person can do something about it. */
    suspend fun telling(work: suspend () -> Unit) {
        try {
            work()
            shownProblem.value = null
        } catch (error: JournalException) {
            if (error !is JournalException.Cancelled) shownProblem.value = error.message
        }
    }

    private suspend fun load() {
        shownEntries.value = journal.page(PageRequest(limit = 50)).entries
        shownPairing.value = journal.pairing()
    }

    companion object {
        /** Opens the diary in [home], or begins one there for [person] if there is none. */
        suspend fun open(home: Path, keys: KeyStore, person: NewPerson? = null): Diary {
            val journal = try {
                Journal.open(home, keys)
            } catch (error: JournalException.NotFound) {
                Journal.create(home, keys, person ?: throw error)
            }
            return Diary(journal).apply { load() }
        }

        /** Makes this device one more of somebody who has a diary. */
        suspend fun joinOwn(home: Path, keys: KeyStore, link: String, deviceName: String): Diary =
            Diary(Journal.joinOwn(home, keys, link, deviceName))
    }
}
