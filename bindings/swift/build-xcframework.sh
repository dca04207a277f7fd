#!/bin/bash
# Builds SidelightFFI.xcframework for iOS, its simulator and macOS, beside Package.swift.
#
# NOT RUN in this repository's CI, which has no Mac: only its shell syntax is checked. It wants
# Xcode, and Rust with the five targets below.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
out=$target/xcframework
device=aarch64-apple-ios
simulators=(aarch64-apple-ios-sim x86_64-apple-ios)
macs=(aarch64-apple-darwin x86_64-apple-darwin)

command -v xcodebuild >/dev/null || { echo "error: xcodebuild is missing; install Xcode" >&2; exit 1; }
# The oldest systems that Package.swift names.
export IPHONEOS_DEPLOYMENT_TARGET=16.0 MACOSX_DEPLOYMENT_TARGET=13.0

rm -rf "$out" SidelightFFI.xcframework
mkdir -p "$out"
for triple in "$device" "${simulators[@]}" "${macs[@]}"; do
    # Symbols stay until the bindings are generated: they carry what the generator reads.
    # As a static library alone: made into one for Rust, too, it is not optimised as a whole.
    cargo rustc --manifest-path "$root/Cargo.toml" --locked -p sidelight-ffi \
        --lib --crate-type staticlib --profile phone --target "$triple"
done

library() { echo "$target/$1/phone/libsidelight_ffi.a"; }
cargo run --manifest-path "$root/Cargo.toml" --locked -p sidelight-bindgen -- \
    swift "$(library "$device")" "$out/generated"
mkdir -p Sources/SidelightCore
cp "$out/generated/SidelightCore.swift" Sources/SidelightCore/

# In a folder of the module's own: two frameworks with a module map at the top of Headers cannot
# be in one app.
headers=$out/Headers/SidelightFFI
mkdir -p "$headers"
cp "$out/generated/SidelightFFI.h" "$out/generated/module.modulemap" "$headers/"

slice() {
    local into=$out/$1/libsidelight_ffi.a
    shift
    mkdir -p "$(dirname "$into")"
    local libraries=()
    for triple in "$@"; do libraries+=("$(library "$triple")"); done
    lipo -create "${libraries[@]}" -output "$into"
    # Debug information alone: it is most of the size, and an app strips the rest.
    strip -S "$into"
}
slice ios "$device"
slice simulator "${simulators[@]}"
slice macos "${macs[@]}"

xcodebuild -create-xcframework \
    -library "$out/ios/libsidelight_ffi.a" -headers "$out/Headers" \
    -library "$out/simulator/libsidelight_ffi.a" -headers "$out/Headers" \
    -library "$out/macos/libsidelight_ffi.a" -headers "$out/Headers" \
    -output SidelightFFI.xcframework
du -sh SidelightFFI.xcframework
