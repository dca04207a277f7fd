package org.sidelight

import java.nio.file.Files
import java.nio.file.Path
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class HomesTest {
    @TempDir lateinit var home: Path

    @Test
    fun `the library loads from the class path, with no property set`() {
        for (property in listOf("jna.library.path", "uniffi.component.sidelight.libraryOverride")) {
            assertNull(System.getProperty(property))
        }
        assertEquals(Versions.inPom(), version())
    }

    @Test
    fun `what is written is there after opening again, and beside the writer`() = runBlocking {
        val keys = memoryKeyStore()
        Journal.create(home, keys, NewPerson("Ana")).use { journal ->
            journal.write(Draft("walked by the river"))
            val drafts = List(5) { Draft("entry $it", date = Day(2026, 8, it + 1, 120)) }
            assertEquals(5, journal.writeMany(drafts).toSet().size)
        }
        Journal.open(home, keys).use { journal ->
            val pages = journal.pages(limit = 4).toList()
            assertEquals(listOf(4, 2), pages.map { it.entries.size })
            val texts = pages.flatMap { it.entries }.map { it.text }
            assertTrue("walked by the river" in texts && "entry 4" in texts)
            val reader = Reader.open(home, keys)
            journal.write(Draft("and back"))
            assertEquals("and back", reader.page(PageRequest(1)).entries.single().text)
            assertEquals(7, reader.status().entries)
            reader.destroy()
        }
    }

    @Test
    fun `an entry of every kind crosses with its fields`() = runBlocking {
        Journal.create(home, memoryKeyStore(), NewPerson("Ana")).use { journal ->
            val day = Day(2026, 8, 1, 120)
            val (answers, others) = kinds().partition { kind ->
                kind.fields.any { it.name == "target" }
            }
            assertEquals(21, answers.size + others.size)
            assertTrue(others.size > answers.size)
            for (kind in others) {
                val fields = kind.fields.mapNotNull { it.example() }
                val shown = journal.entry(journal.write(Draft("words", kind.name, day, fields = fields)))
                assertEquals(kind.name, shown.kind)
                assertEquals(day, shown.date)
                assertEquals(fields.map { it.name }.toSet(), shown.fields.map { it.name }.toSet())
                assertTrue(shown.mine && !shown.together && !shown.takenBack && !shown.unproved)
                assertEquals(Space.PRIVATE, shown.space)
            }
            val tagged = Draft("tagged", fields = listOf(Field("tags", listOf("river", "été 🌊"))))
            val shown = journal.entry(journal.write(tagged))
            assertEquals(listOf("river", "été 🌊"), shown.listOf("tags"))
        }
    }

    /** A value that the field may hold. */
    private fun KindField.example(): Field? = when (holds) {
        FieldHolds.WORDS -> Field(name, "words")
        FieldHolds.CHOICE -> Field(name, words.first())
        FieldHolds.FLAG -> Field(name, true)
        FieldHolds.NUMBER -> Field(name, 1)
        FieldHolds.DAY -> Field(name, "2026-08-01")
        FieldHolds.DAYS -> Field(name, days(Day(2026, 8, 1, 120), Day(2026, 8, 2, 120)))
        FieldHolds.SET_OF_WORDS -> Field(name, listOf("one", "two"))
        FieldHolds.SET_OF -> Field(name, listOf(words.first()))
        FieldHolds.TIME -> Field(name, "20:00")
        FieldHolds.SET_OF_TIMES -> Field(name, listOf("22:00-07:30"))
        FieldHolds.ENTRY, FieldHolds.HASH -> null
    }

    @Test
    fun `text is edited by places, as a whole, and erased`() = runBlocking {
        Journal.create(home, memoryKeyStore(), NewPerson("Ana")).use { journal ->
            val id = journal.write(Draft("Sunday: 🥞"))
            val before = journal.entry(id)
            journal.edit(id, before.version, listOf(TextEdit(8, 1, "pancakes 🥞")))
            assertEquals("Sunday: pancakes 🥞", journal.entry(id).text)
            journal.setText(id, "Our Sunday: pancakes 🥞")
            journal.setDate(id, Day(2026, 8, 2, -90))
            journal.editFields(id, null, listOf(FieldEdit.Add("tags", "food")))
            val after = journal.entry(id)
            assertEquals("Our Sunday: pancakes 🥞", after.text)
            assertEquals("2026-08-02", after.date.toLocalDate().toString())
            assertEquals(listOf("food"), after.listOf("tags"))
            assertNotEquals(before.version, after.version)
            assertEquals(ErasedFrom.EVERYWHERE, journal.erase(listOf(id)).single().from)
            fails<JournalException.NotFound>(NextStep.RELOAD) { journal.entry(id) }
            Unit
        }
    }

    @Test
    fun `an export is stopped with its coroutine or is whole, and an import is reported`() = runBlocking {
        Journal.create(home.resolve("journal"), memoryKeyStore(), NewPerson("Ana")).use { journal ->
            journal.write(Draft("kept"))
            val all = ExportOptions(ExportFormat.JSON, ExportScope.BOTH, private = true)
            val report = journal.export(home.resolve("out"), all)
            assertEquals(1, report.entries)
            assertTrue("kept" in Files.readString(Path.of(report.path)))

            val file = home.resolve("Journal.json")
            val entry = """{"uuid":"A1","creationDate":"2024-05-01T10:00:00Z","text":"from afar"}"""
            Files.writeString(file, """{"metadata":{"version":"1.0"},"entries":[$entry]}""")
            val options = ImportOptions(dryRun = true)
            assertEquals(1, journal.importFrom(file, options).imported)
            assertEquals(1, journal.importFrom(file).imported)
            assertEquals(1, journal.importFrom(file).alreadyThere)
            assertNull(journal.importProgress())
            val stopped = CancelToken().apply { cancel() }
            fails<JournalException.Cancelled>(NextStep.NOTHING) {
                journal.export(home.resolve("other").toString(), all, stopped)
            }
            assertFalse(Files.exists(home.resolve("other/sidelight.json")))
        }
    }

    @Test
    fun `calls after shutdown are cancelled, once, twice and from 32 threads`() = runBlocking {
        val journal = Journal.create(home, memoryKeyStore(), NewPerson("Ana"))
        withContext(Dispatchers.IO.limitedParallelism(32)) {
            coroutineScope { List(32) { async { journal.shutdown() } }.awaitAll() }
        }
        journal.shutdown()
        withContext(Dispatchers.IO.limitedParallelism(32)) {
            val calls = List(32) {
                async { fails<JournalException.Cancelled>(NextStep.NOTHING) { journal.today() } }
            }
            calls.awaitAll()
        }
        assertNull(journal.listen().nextEvent())
        journal.destroy()
        journal.destroy()
    }

    @Test
    fun `a suspended journal lets another one in, and goes on after resuming`() = runBlocking {
        val keys = memoryKeyStore()
        Journal.create(home, keys, NewPerson("Ana")).use { journal ->
            journal.suspend()
            fails<JournalException.Cancelled>(NextStep.NOTHING) { journal.write(Draft("asleep")) }
            Journal.open(home, keys).use { it.write(Draft("by another")) }
            journal.resume()
            assertEquals("by another", journal.page(PageRequest()).entries.single().text)
        }
    }

    @Test
    fun `opening and shutting down again and again leaves no thread and no file`() = runBlocking {
        val keys = memoryKeyStore()
        Journal.create(home, keys, NewPerson("Ana")).use { it.write(Draft("one")) }
        repeat(20) { Journal.open(home, keys).use { journal -> journal.today() } }
        val before = Footprint.settled()
        repeat(LOOPS) { Journal.open(home, keys).use { journal -> journal.today() } }
        // A thread that has answered may still be on its way out.
        val until = System.nanoTime() + 60_000_000_000
        while (Footprint.now().threads > before.threads && System.nanoTime() < until) Thread.yield()
        val after = Footprint.settled()
        println("MEASURED $LOOPS times open and shutdown: $before, then $after")
        assertTrue(after.threads <= before.threads, "$before, then $after")
        // A journal that is left behind is several objects.
        assertTrue(after.objects <= before.objects + LOOPS * 3 / 2, "$before, then $after")
        assertTrue(after.heap <= before.heap + 4_096, "$before, then $after")
        assertTrue(after.resident <= before.resident + 32, "$before, then $after")
        assertTrue(after.files <= before.files + 2, "$before, then $after")
    }

    private companion object {
        const val LOOPS = 1000
    }
}
