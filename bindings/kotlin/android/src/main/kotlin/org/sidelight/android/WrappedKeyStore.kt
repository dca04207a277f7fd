package org.sidelight.android

import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.security.GeneralSecurityException
import java.security.InvalidKeyException
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import org.sidelight.KeyStore
import org.sidelight.KeyStoreException

/**
 * The storage key in a [file], wrapped under a key that never leaves the platform's vault, by
 * AES-GCM. It knows nothing of Android: what is Android's own comes as [wrapping], which gives the
 * vault's key and makes it at the first use.
 *
 * The file is one byte for its version (1), twelve of nonce, then the sealed key with its tag.
 */
public class WrappedKeyStore(
    private val file: File,
    private val wrapping: () -> SecretKey,
) : KeyStore {
    override fun load(): ByteArray? = told {
        if (!file.exists()) return@told null
        val bytes = file.readBytes()
        if (bytes.firstOrNull() != VERSION) throw KeyStoreException.NewerVersion()
        if (bytes.size != LEN) throw KeyStoreException.Other()
        val nonce = GCMParameterSpec(TAG_BITS, bytes, 1, NONCE_LEN)
        val cipher = Cipher.getInstance(CIPHER)
        cipher.init(Cipher.DECRYPT_MODE, wrapping(), nonce)
        cipher.doFinal(bytes, 1 + NONCE_LEN, KEY_LEN + TAG_LEN)
    }

    override fun save(key: ByteArray): Unit = told {
        if (file.exists() || key.size != KEY_LEN) throw KeyStoreException.Other()
        val cipher = Cipher.getInstance(CIPHER)
        // The vault draws the nonce itself, and insists on it.
        cipher.init(Cipher.ENCRYPT_MODE, wrapping())
        val bytes = byteArrayOf(VERSION) + cipher.iv + cipher.doFinal(key)
        if (bytes.size != LEN) throw KeyStoreException.Other()
        file.absoluteFile.parentFile?.mkdirs()
        val new = File(file.path + ".new")
        FileOutputStream(new).use { out ->
            out.write(bytes)
            out.fd.sync()
        }
        // Whoever is killed midway leaves all of it there or nothing.
        if (!new.renameTo(file)) throw KeyStoreException.Other()
    }

    private fun <T> told(work: () -> T): T =
        try {
            work()
        } catch (told: KeyStoreException) {
            throw told
        } catch (damaged: AEADBadTagException) {
            throw KeyStoreException.Other()
        } catch (locked: InvalidKeyException) {
            // Of a key that needs the person: the device is locked, or they have yet to unlock.
            throw KeyStoreException.Locked()
        } catch (refused: GeneralSecurityException) {
            throw KeyStoreException.Denied()
        } catch (unreadable: IOException) {
            throw KeyStoreException.Other()
        }

    private companion object {
        const val VERSION: Byte = 1
        const val NONCE_LEN = 12
        const val KEY_LEN = 32
        const val TAG_LEN = 16
        const val TAG_BITS = 8 * TAG_LEN
        const val LEN = 1 + NONCE_LEN + KEY_LEN + TAG_LEN
        const val CIPHER = "AES/GCM/NoPadding"
    }
}
