package org.sidelight

/** Where the library's log goes. No text, key, mailbox, name or address is ever in it. */
public object Logs {
    /**
     * Sends the log of all journals of this process to [sink] from now on, from [level] upwards.
     * It is called on one thread of the library's own, and may take its time.
     *
     * @throws JournalException.Invalid if this process logs in another way already
     */
    public fun sendTo(sink: LogSink, level: LogLevel = LogLevel.INFO): Unit = setLogSink(level, sink)

    /** Sends it to nobody from now on. */
    public fun stop(): Unit = setLogSink(LogLevel.ERROR, null)
}
