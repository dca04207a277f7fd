package org.sidelight

/** Which native library holds everything. */
internal object NativeLibrary {
    /**
     * The one for tests, if it is on the class path: it is the other one and a relay. Two of
     * them in one process would not know each other's journals.
     */
    @JvmStatic
    val name: String
        get() = if (javaClass.getResource(MARKER) != null) "sidelight_ffi_testing" else "sidelight_ffi"

    private const val MARKER = "/META-INF/sidelight-testing"
}
