package org.sidelight.android

import android.util.Log
import org.sidelight.LogLevel
import org.sidelight.LogSink

/** The library's log in logcat, under one [tag]: `Logs.sendTo(LogcatSink())`. */
public class LogcatSink(private val tag: String = "sidelight") : LogSink {
    override fun log(level: LogLevel, target: String, line: String) {
        val priority = when (level) {
            LogLevel.DEBUG -> Log.DEBUG
            LogLevel.INFO -> Log.INFO
            LogLevel.WARN -> Log.WARN
            LogLevel.ERROR -> Log.ERROR
        }
        Log.println(priority, tag, "$target: $line")
    }
}
