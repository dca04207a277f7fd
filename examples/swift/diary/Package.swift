// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "Diary",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [
        .library(name: "DiaryModel", targets: ["DiaryModel"]),
        .executable(name: "diary", targets: ["diary"]),
    ],
    dependencies: [
        .package(name: "Sidelight", path: "../../../bindings/swift")
    ],
    targets: [
        // What the command line and the phone share.
        .target(
            name: "DiaryModel", dependencies: [.product(name: "Sidelight", package: "Sidelight")]),
        .executableTarget(name: "diary", dependencies: ["DiaryModel"]),
    ],
    swiftLanguageModes: [.v6]
)
