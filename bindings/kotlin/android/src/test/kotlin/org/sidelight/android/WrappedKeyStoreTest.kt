package org.sidelight.android

import java.io.File
import java.nio.file.Path
import java.security.InvalidKeyException
import java.security.KeyStoreException as VaultException
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.sidelight.KeyStoreException

class WrappedKeyStoreTest {
    @TempDir lateinit var home: Path

    private val vault: SecretKey = KeyGenerator.getInstance("AES").apply { init(256) }.generateKey()
    private val key = ByteArray(32) { it.toByte() }
    private val file: File get() = home.resolve("deep/key").toFile()
    private val keys get() = WrappedKeyStore(file) { vault }

    @Test
    fun `a key is kept sealed, and never replaced`() {
        assertNull(keys.load())
        keys.save(key)
        assertArrayEquals(key, keys.load())
        assertThrows(KeyStoreException.Other::class.java) { keys.save(ByteArray(32)) }
        assertArrayEquals(key, keys.load())
        val kept = file.readBytes().toList()
        assertFalse(kept.windowed(4).any { it == key.toList().subList(0, 4) })
    }

    @Test
    fun `what is damaged, newer, locked and refused is told apart`() {
        keys.save(key)
        val bytes = file.readBytes()
        for (at in bytes.indices.drop(1)) {
            file.writeBytes(bytes.copyOf().also { it[at] = (it[at] + 1).toByte() })
            assertThrows(KeyStoreException.Other::class.java) { keys.load() }
        }
        file.writeBytes(bytes.copyOf(20))
        assertThrows(KeyStoreException.Other::class.java) { keys.load() }
        file.writeBytes(bytes.copyOf().also { it[0] = 2 })
        assertThrows(KeyStoreException.NewerVersion::class.java) { keys.load() }
        file.writeBytes(bytes)
        val locked = WrappedKeyStore(file) { throw InvalidKeyException("locked") }
        assertThrows(KeyStoreException.Locked::class.java) { locked.load() }
        val refused = WrappedKeyStore(file) { throw VaultException("refused") }
        assertThrows(KeyStoreException.Denied::class.java) { refused.load() }
        assertThrows(KeyStoreException.Other::class.java) { WrappedKeyStore(home.resolve("new").toFile()) { vault }.save(ByteArray(31)) }
    }
}
