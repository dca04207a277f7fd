package org.sidelight.android

import android.content.Context
import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import java.io.File
import java.security.KeyStore as Vault
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import org.sidelight.KeyStore

/**
 * The storage key wrapped under a key of the phone's Keystore, in the app's own files. It is of
 * this phone alone: neither a backup nor another phone opens it. Leave the file [name], and the
 * journal's folder, out of backups (`android:dataExtractionRules`).
 *
 * With [unlocked], Android 9 and later give the key only while the screen is unlocked; work in the
 * background then fails as `KeysLocked`, and is done later.
 */
public fun AndroidKeyStore(
    context: Context,
    name: String = "sidelight.key",
    unlocked: Boolean = false,
): KeyStore = WrappedKeyStore(File(context.noBackupFilesDir, name)) { wrapping(name, unlocked) }

private fun wrapping(name: String, unlocked: Boolean): SecretKey {
    val vault = Vault.getInstance(VAULT).apply { load(null) }
    (vault.getKey(name, null) as SecretKey?)?.let { return it }
    val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
    val spec = KeyGenParameterSpec.Builder(name, purposes)
        .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
        .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
        .setKeySize(256)
    if (unlocked && Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) spec.setUnlockedDeviceRequired(true)
    val generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, VAULT)
    generator.init(spec.build())
    return generator.generateKey()
}

private const val VAULT = "AndroidKeyStore"
