// Journals as Kotlin writes them: durations, paths, flows, and coroutines whose cancelling stops
// the work. All else is generated from the Rust library.

package org.sidelight

import java.nio.file.Path
import java.time.Instant
import kotlin.time.Duration
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.withContext

/** Begins a journal in the folder [home]; see [Journal.Companion.create]. */
public suspend fun Journal.Companion.create(home: Path, keys: KeyStore, person: NewPerson): Journal =
    create(home.toString(), keys, person)

/** Opens the journal in the folder [home]; see [Journal.Companion.open]. */
public suspend fun Journal.Companion.open(home: Path, keys: KeyStore): Journal =
    open(home.toString(), keys)

/** Makes this device one more of a person's; see [Journal.Companion.joinOwn]. */
public suspend fun Journal.Companion.joinOwn(
    home: Path,
    keys: KeyStore,
    link: String,
    deviceName: String,
): Journal = joinOwn(home.toString(), keys, link, deviceName)

/** Brings a journal back in the folder [home]; see [Journal.Companion.recover]. */
public suspend fun Journal.Companion.recover(
    home: Path,
    keys: KeyStore,
    words: String,
    address: String,
    deviceName: String,
    ticket: String? = null,
): Journal = recover(home.toString(), keys, words, address, deviceName, ticket)

/** Opens the journal in the folder [home] for reading; see [Reader.Companion.open]. */
public suspend fun Reader.Companion.open(home: Path, keys: KeyStore): Reader =
    open(home.toString(), keys)

/**
 * Does [block], then shuts the journal down and waits until everything is closed, however the
 * block ends.
 */
public suspend inline fun <R> Journal.use(block: (Journal) -> R): R =
    try {
        block(this)
    } finally {
        withContext(NonCancellable) { shutdown() }
        destroy()
    }

/**
 * What happens from the moment of collecting on, until the collector goes away or the journal is
 * shut down. Each collector has all of it; one that is slow is told [Event.Lagged]. Collect
 * first, then load what is shown.
 */
public val Journal.events: Flow<Event>
    get() = flow {
        val stream = listen()
        try {
            while (true) emit(stream.nextEvent() ?: break)
        } finally {
            stream.stop()
            stream.destroy()
        }
    }

/**
 * Pages of at most [limit] entries, the newest first, each read when it is collected.
 */
public fun Journal.pages(limit: Int = 50): Flow<Page> =
    pages(null) { page(PageRequest(limit, it)) }

/** Pages of at most [limit] entries, the newest first, each read when it is collected. */
public fun Reader.pages(limit: Int = 50): Flow<Page> =
    pages(null) { page(PageRequest(limit, it)) }

/** Pages of what [request] finds, the newest first, each looked for when it is collected. */
public fun Journal.pages(request: SearchRequest): Flow<Page> =
    pages(request.before) { search(request.copy(before = it)) }

/** Pages of what [request] finds, the newest first, each looked for when it is collected. */
public fun Reader.pages(request: SearchRequest): Flow<Page> =
    pages(request.before) { search(request.copy(before = it)) }

private fun pages(first: String?, read: suspend (String?) -> Page): Flow<Page> = flow {
    var before = first
    do {
        val page = read(before)
        emit(page)
        before = page.next
    } while (before != null)
}

/**
 * Sends and receives until all is in sync or the [deadline] is over. Cancelling the coroutine
 * stops the sync; nothing is lost by that.
 *
 * @throws JournalException as [Journal.syncNow] says
 */
public suspend fun Journal.syncNow(deadline: Duration): SyncReport =
    stoppable { syncNow(deadline.inWholeMilliseconds, it) }

/** Invites a partner, for at most [lifetime]: the link to show to them and nobody else. */
public suspend fun Journal.invite(lifetime: Duration): Invited = invite(lifetime.inWholeMilliseconds)

/** Invites a further device of this person, for at most [lifetime]. */
public suspend fun Journal.link(lifetime: Duration): Invited = link(lifetime.inWholeMilliseconds)

/**
 * Packs what is new for a further device; false if the [deadline] was over before. For a background
 * task while the phone is charged. Cancelling the coroutine stops it.
 */
public suspend fun Journal.prepareVolumes(deadline: Duration): Boolean =
    stoppable { prepareVolumes(deadline.inWholeMilliseconds, it) }

/** Invites the partner that there is to compare once more, for at most [lifetime]. */
public suspend fun Journal.inviteAgain(lifetime: Duration): Invited =
    inviteAgain(lifetime.inWholeMilliseconds)

/**
 * Holds a private entry for so long, a month at most: what was chosen of it is shared then. Gives
 * when that is, by this device's clock.
 */
public suspend fun Journal.hold(promotion: Promotion, hold: Duration): Instant =
    Instant.ofEpochMilli(hold(promotion, hold.inWholeMilliseconds))

/**
 * Brings the search index up to date; false if the [deadline] was over before. Cancelling the
 * coroutine stops it.
 */
public suspend fun Journal.prepareSearch(deadline: Duration): Boolean =
    stoppable { prepareSearch(deadline.inWholeMilliseconds, it) }

/**
 * Writes entries into the folder [dir], unencrypted, as [options] say. Cancelling the coroutine
 * stops it, and leaves nothing half-written.
 */
public suspend fun Journal.export(dir: Path, options: ExportOptions): ExportReport =
    stoppable { export(dir.toString(), options, it) }

/**
 * Imports a journal from elsewhere: a file, or a folder of Markdown. Cancelling the coroutine
 * stops it; importing again goes on.
 */
public suspend fun Journal.importFrom(
    file: Path,
    options: ImportOptions = ImportOptions(),
): ImportReport = stoppable { importFrom(file.toString(), options, it) }

/**
 * Checks a folder of evidence, and writes it as a [page] to read; see [verifyEvidence].
 * Cancelling the coroutine stops it.
 */
public suspend fun verifyEvidence(folder: Path, page: Path? = null): Evidence =
    stoppable { verifyEvidence(folder.toString(), page?.toString(), it) }

/** Does [work] with a token that is cancelled with the coroutine. */
private suspend fun <T> stoppable(work: suspend (CancelToken) -> T): T {
    val token = CancelToken()
    try {
        return work(token)
    } catch (cancelled: CancellationException) {
        token.cancel()
        throw cancelled
    } finally {
        token.destroy()
    }
}
