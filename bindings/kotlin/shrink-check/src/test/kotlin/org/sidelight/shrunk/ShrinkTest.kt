package org.sidelight.shrunk

import com.android.tools.r8.R8
import com.android.tools.r8.R8Command
import com.android.tools.r8.origin.Origin
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

class ShrinkTest {
    @TempDir lateinit var folder: Path

    @Test
    fun `what R8 has shrunk, by the rules in the jar alone, works as before`() {
        val shrunk = shrink("with", library())
        val (code, said) = run(shrunk)
        assertEquals(0, code, said)
        assertTrue(said.startsWith("whole: "), said)
        val (before, after) = classes(library()) to classes(shrunk)
        println("MEASURED R8: $before classes of the library alone, $after of everything")
        assertTrue(after < before + 2500, "hardly anything was taken away")
    }

    @Test
    fun `without the rules it does not`() {
        val bare = folder.resolve("bare.jar")
        ZipFile(library().toFile()).use { jar ->
            zip(bare, jar.entries().toList().filter { !it.name.startsWith("META-INF/proguard") }) {
                jar.getInputStream(it).readAllBytes()
            }
        }
        assertNotEquals(0, run(shrink("without", bare)).first)
    }

    /** The whole program as one jar, shrunk and renamed as an app's is. */
    private fun shrink(name: String, library: Path): Path {
        val rules = folder.resolve("$name.pro")
        Files.writeString(
            rules,
            "-keep class org.sidelight.shrunk.MainKt { public static void main(java.lang.String[]); }\n",
        )
        val output = folder.resolve("$name.jar")
        val others = listOf(
            Unit::class.java, kotlinx.coroutines.Job::class.java, com.sun.jna.Native::class.java,
            Class.forName("org.jetbrains.annotations.NotNull"),
        )
        val jars = listOf(library, program()) + others.map(::home)
        val arguments = listOf(
            "--classfile", "--release", "--lib", System.getProperty("java.home"),
            "--pg-conf", rules.toString(), "--output", output.toString(),
        ) + jars.map(Path::toString)
        R8.run(R8Command.parse(arguments.toTypedArray(), Origin.unknown()).build())
        return output
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
