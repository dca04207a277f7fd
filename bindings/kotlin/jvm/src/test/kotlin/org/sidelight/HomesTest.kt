package org.sidelight

import java.nio.file.Path
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class HomesTest {
    @TempDir lateinit var home: Path

    @Test
    fun `what is written is there after opening again`() = runBlocking {
        val keys = memoryKeyStore()
        Journal.create(home, keys, NewPerson("Ana")).use { it.write(Draft("walked by the river")) }
        Journal.open(home, keys).use {
            val page = it.page(PageRequest())
            assertEquals(listOf("walked by the river"), page.entries.map { it.text })
        }
    }
}
