// A diary for Android, kept tiny: views, and the model that the command line has (Diary.kt).
// Source: it is compiled against Android's classes (bindings/kotlin/android-check) and never run,
// since there is no Android where this is tested.

package org.sidelight.diary.android

import android.app.Activity
import android.os.Bundle
import android.widget.Button
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.TextView
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.combine
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.sidelight.JournalException
import org.sidelight.NewPerson
import org.sidelight.android.AndroidKeyStore
import org.sidelight.diary.Diary
import org.sidelight.toLocalDate

class DiaryActivity : Activity() {
    private var scope = CoroutineScope(SupervisorJob() + Dispatchers.Main)
    private lateinit var shown: TextView
    private var diary: Diary? = null

    override fun onCreate(saved: Bundle?) {
        super.onCreate(saved)
        val text = EditText(this).apply { hint = "What was today?" }
        val write = Button(this).apply { this.text = "Write" }
        shown = TextView(this)
        write.setOnClickListener {
            val words = text.text.toString()
            text.text.clear()
            scope.launch { diary?.run { telling { write(words, shared = false) } } }
        }
        setContentView(
            LinearLayout(this).apply {
                orientation = LinearLayout.VERTICAL
                listOf(text, write, shown).forEach(::addView)
            },
        )
        scope.launch {
            try {
                open()
            } catch (error: JournalException) {
                shown.text = error.message
            }
        }
    }

    private suspend fun open() {
        val home = filesDir.resolve("journal").toPath()
        val diary = Diary.open(home, AndroidKeyStore(this), NewPerson("Me"))
        this.diary = diary
        scope.launch { diary.keepUpToDate() }
        combine(diary.entries, diary.problem) { entries, problem ->
            val lines = entries.map { "${it.date.toLocalDate()}  ${it.text}" }
            (listOfNotNull(problem) + lines).joinToString("\n\n")
        }.collect { shown.text = it }
    }

    override fun onStart() {
        super.onStart()
        scope.launch { diary?.resume() }
    }

    /** A phone kills an app that keeps a lock or socket while it sleeps. */
    override fun onStop() {
        scope.launch { withContext(NonCancellable) { diary?.suspend() } }
        super.onStop()
    }

    override fun onDestroy() {
        val ending = diary
        CoroutineScope(Dispatchers.Default).launch { ending?.shutdown() }
        scope.cancel()
        super.onDestroy()
    }
}
