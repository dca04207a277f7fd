package org.sidelight

import java.nio.file.Files
import java.nio.file.Path

/** What the package's own build file says. */
object Versions {
    fun inPom(): String {
        val pom = Files.readString(Path.of("../pom.xml"))
        return pom.substringAfter("<version>").substringBefore("</version>")
    }
}
