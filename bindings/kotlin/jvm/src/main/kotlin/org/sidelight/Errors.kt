package org.sidelight

/** What an app does next when a call has failed. */
public enum class NextStep {
    /** Reload what is shown: the thing is gone. */
    RELOAD,

    /** Ask the person to unlock the device, and try again. */
    UNLOCK,

    /** Offer to pair. */
    PAIR,

    /** Say that this device was removed, and offer to begin anew. */
    BEGIN_ANEW,

    /** Try again later, by itself: everything is kept. */
    TRY_LATER,

    /** Show the relay's reason. */
    SHOW,

    /** Offer the update. */
    UPDATE,

    /** Ask for room on the device; report it, if there is. */
    MAKE_ROOM,

    /** Let the person correct what they asked for. */
    CORRECT,

    /** Nothing: it was asked for. */
    NOTHING,

    /** Report it: it is a bug. */
    REPORT,
}

/** What to do next. */
public val JournalException.nextStep: NextStep
    get() = when (this) {
        is JournalException.NotFound -> NextStep.RELOAD
        is JournalException.KeysLocked -> NextStep.UNLOCK
        is JournalException.NotPaired -> NextStep.PAIR
        is JournalException.Removed -> NextStep.BEGIN_ANEW
        is JournalException.Offline -> NextStep.TRY_LATER
        is JournalException.Refused -> NextStep.SHOW
        is JournalException.UpdateNeeded -> NextStep.UPDATE
        is JournalException.Storage -> NextStep.MAKE_ROOM
        is JournalException.Invalid -> NextStep.CORRECT
        is JournalException.Cancelled -> NextStep.NOTHING
        is JournalException.Internal -> NextStep.REPORT
    }
