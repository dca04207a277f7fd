// swift-tools-version: 6.0
import PackageDescription

#if canImport(Darwin)
    // From build-xcframework.sh.
    let library = Target.binaryTarget(name: "SidelightFFI", path: "SidelightFFI.xcframework")
#else
    // Generated: SidelightFFI.h and module.modulemap.
    let library = Target.systemLibrary(name: "SidelightFFI")
#endif

// No unsafe flags: a package that has them cannot be a versioned dependency. Where the library
// is on Linux comes from the command line instead; `cargo xtask swift` knows.
let package = Package(
    name: "Sidelight",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        .library(name: "Sidelight", targets: ["Sidelight"]),
        // For the tests of apps. It wants the library for tests in the place of the other one.
        .library(name: "SidelightTesting", targets: ["SidelightTesting"]),
    ],
    targets: [
        library,
        // Generated: SidelightCore.swift. What uniffi writes is not clean in mode 6.
        .target(
            name: "SidelightCore",
            dependencies: ["SidelightFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: [.linkedLibrary("sidelight_ffi", .when(platforms: [.linux]))]
        ),
        // Written by hand, above it.
        .target(name: "Sidelight", dependencies: ["SidelightCore"]),
        // The same three, for tests.
        .systemLibrary(name: "SidelightTestingFFI"),
        .target(
            name: "SidelightTestingCore",
            dependencies: ["SidelightCore", "SidelightTestingFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        .target(name: "SidelightTesting", dependencies: ["Sidelight", "SidelightTestingCore"]),
        .testTarget(name: "SidelightTests", dependencies: ["SidelightTesting"]),
    ],
    swiftLanguageModes: [.v6]
)
