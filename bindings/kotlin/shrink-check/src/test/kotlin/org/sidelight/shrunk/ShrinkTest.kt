package org.sidelight.shrunk

import java.nio.file.Files
import java.nio.file.Path
import java.util.zip.ZipEntry
import java.util.zip.ZipFile
import java.util.zip.ZipOutputStream
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import proguard.Configuration
import proguard.ConfigurationParser
import proguard.ProGuard

class ShrinkTest {
    @TempDir lateinit var folder: Path

    @Test
    fun `what ProGuard has shrunk, by the rules in the jars alone, works as before`() {
        val shrunk = shrink("with", rules(library()))
        val (code, said) = run(shrunk)
        assertEquals(0, code, said)
        assertTrue(said.startsWith("whole: "), said)
        val (before, after) = classes(library()) to classes(shrunk)
        println("MEASURED ProGuard: $before classes of the library alone, $after of everything")
        assertTrue(after < before + 2500, "hardly anything was taken away")
    }

    @Test
    fun `without the rules it does not`() {
        assertTrue(rules(library()).isNotEmpty())
        assertNotEquals(0, run(shrink("without", emptyList())).first)
    }

    /** The whole program as one jar, shrunk and renamed as an app's is. */
    private fun shrink(name: String, rules: List<String>): Path {
        val output = folder.resolve("$name.jar")
        val others = listOf(
            Unit::class.java, kotlinx.coroutines.Job::class.java, com.sun.jna.Native::class.java,
            Class.forName("org.jetbrains.annotations.NotNull"),
        ).map(::home)
        val written = folder.resolve("$name.pro")
        val own = listOf(
            "-keep class org.sidelight.shrunk.MainKt { public static void main(java.lang.String[]); }",
            "-dontnote **",
            "-dontoptimize", // what it makes of the coroutines' own code does not verify
            "-dontwarn android.annotation.SuppressLint", // an agent of the coroutines' names it
        )
        // ProGuard reads no rules from jars.
        Files.write(written, own + others.flatMap(::rules) + rules)
        val unwanted = "(!module-info.class,!META-INF/MANIFEST.MF,!META-INF/versions/**)"
        val java = Path.of(System.getProperty("java.home"), "jmods")
        val modules = listOf("java.base", "java.desktop", "java.logging", "jdk.unsupported")
        val arguments = (listOf(library(), program()) + others).flatMap { listOf("-injars", "'$it'$unwanted") } +
            listOf("-outjars", "'$output'") +
            modules.flatMap { listOf("-libraryjars", "'${java.resolve("$it.jmod")}'(!**.jar;!module-info.class)") } +
            listOf("-include", "'$written'")
        val configuration = Configuration()
        ConfigurationParser(arguments.toTypedArray(), System.getProperties()).use { it.parse(configuration) }
        ProGuard(configuration).execute()
        return output
    }

    /** The rules that a jar carries. */
    private fun rules(jar: Path): List<String> = ZipFile(jar.toFile()).use { file ->
        file.entries().asSequence()
            .filter { it.name.startsWith("META-INF/proguard/") && it.name.endsWith(".pro") }
            .flatMap { file.getInputStream(it).bufferedReader().readLines() }
            .toList()
    }

    /** This module's program as a jar. */
    private fun program(): Path {
        val classes = home(Class.forName("org.sidelight.shrunk.MainKt"))
        val jar = folder.resolve("program.jar")
        val files = Files.walk(classes).use { all -> all.filter(Files::isRegularFile).toList() }
        zip(jar, files.map { ZipEntry(classes.relativize(it).toString()) }) { Files.readAllBytes(classes.resolve(it.name)) }
        return jar
    }

    private fun zip(to: Path, entries: List<ZipEntry>, bytes: (ZipEntry) -> ByteArray) {
        ZipOutputStream(Files.newOutputStream(to)).use { out ->
            for (entry in entries) {
                out.putNextEntry(ZipEntry(entry.name))
                out.write(bytes(entry))
                out.closeEntry()
            }
        }
    }

    private fun library(): Path = home(org.sidelight.Journal::class.java)

    /** The jar or folder that a class comes from. */
    private fun home(of: Class<*>): Path = Path.of(of.protectionDomain.codeSource.location.toURI())

    private fun classes(jar: Path): Int =
        ZipFile(jar.toFile()).use { file -> file.entries().asSequence().count { it.name.endsWith(".class") } }

    private fun run(jar: Path): kotlin.Pair<Int, String> {
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        val home = Files.createTempDirectory(folder, "home").resolve("journal").toString()
        val process = ProcessBuilder(java, "-Xmx128m", "-cp", jar.toString(), "org.sidelight.shrunk.MainKt", home)
            .redirectErrorStream(true)
            .start()
        val said = String(process.inputStream.readAllBytes(), Charsets.UTF_8)
        return process.waitFor() to said
    }
}
