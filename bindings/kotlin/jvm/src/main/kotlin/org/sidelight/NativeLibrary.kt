package org.sidelight

import com.sun.jna.CallbackThreadInitializer
import com.sun.jna.Native

/** Which native library holds everything. */
internal object NativeLibrary {
    init {
        // The thread that calls a log's sink stays attached while it lives, and keeps no program
        // from ending. JNA has to know before the library is loaded.
        val daemon = CallbackThreadInitializer(true, false, "sidelight-log")
        Native.setCallbackThreadInitializer(uniffiCallbackInterfaceLogSink.log, daemon)
    }

    /**
     * The one for tests, if it is on the class path: it is the other one and a relay. Two of
     * them in one process would not know each other's journals.
     */
    @JvmStatic
    val name: String
        get() = if (javaClass.getResource(MARKER) != null) "sidelight_ffi_testing" else "sidelight_ffi"

    private const val MARKER = "/META-INF/sidelight-testing"
}
