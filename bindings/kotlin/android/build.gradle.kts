// Sidelight for Android, as an AAR. Not run in this repository's tests, which have no Android SDK:
// its sources are checked by ../android-check. `../build-android.sh` builds the native libraries.

plugins {
    id("com.android.library") version "8.13.0"
    id("org.jetbrains.kotlin.android") version "2.4.21"
}

group = "org.sidelight"
version = "0.1.0"

android {
    namespace = "org.sidelight.android"
    compileSdk = 36
    defaultConfig {
        minSdk = 26
        consumerProguardFiles("../jvm/src/main/resources/META-INF/proguard/sidelight.pro")
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    sourceSets["main"].kotlin.srcDirs(
        "src/main/kotlin",
        "../jvm/src/main/kotlin",
        "../../../target/bindings/kotlin/main",
    )
    sourceSets["main"].jniLibs.srcDir("../../../target/bindings/native/android")
}

kotlin { jvmToolchain(17) }

dependencies {
    // The AAR brings JNA's own libraries for phones.
    implementation("net.java.dev.jna:jna:5.19.1@aar")
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.11.0")
}
