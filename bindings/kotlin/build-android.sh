#!/bin/sh
# Builds Sidelight's native library for phones, and Kotlin's half of the bindings. Not run in this
# repository's tests. It needs the Android NDK, r28 or later, in ANDROID_NDK_HOME, cargo-ndk 4, and
# rustup's targets: aarch64-linux-android, armv7-linux-androideabi, x86_64-linux-android.
set -eu
cd "$(dirname "$0")/../.."

native=target/bindings/native/android
# Phones with pages of 16 KB load no library that is aligned to less.
export RUSTFLAGS="${RUSTFLAGS:-} -C link-arg=-Wl,-z,max-page-size=16384"
# From Android 6 on the system reads packed relocations: a quarter of a megabyte less.
export RUSTFLAGS="$RUSTFLAGS -C link-arg=-Wl,--pack-dyn-relocs=android"
# As `build_for_phones` in xtask/src/bindings.rs asks, and says why: functions of the same bytes are
# one, Rust has frame pointers, which make its tables for unwinding smaller, and C has no tables.
export RUSTFLAGS="$RUSTFLAGS -C link-arg=-Wl,--icf=all -C force-frame-pointers=yes"
export CFLAGS="${CFLAGS:-} -fno-asynchronous-unwind-tables -fno-unwind-tables"
# As a shared library alone: made into one for Rust, too, it is not optimised as a whole.
cargo ndk --platform 26 -t arm64-v8a -t armeabi-v7a -t x86_64 -o "$native" \
    rustc --locked --profile phone --lib --crate-type cdylib -p sidelight-ffi

# The bindings come from a library that still has its symbols; only then are those dropped.
unset RUSTFLAGS CFLAGS
cargo run --locked -p sidelight-bindgen -- kotlin "$native/arm64-v8a/libsidelight_ffi.so" \
    target/bindings/kotlin/main
strip=$(find "$ANDROID_NDK_HOME/toolchains/llvm/prebuilt" -name llvm-strip | head -n 1)
for library in "$native"/*/libsidelight_ffi.so; do
    "$strip" "$library"
done
echo "Built. Now, in bindings/kotlin/android: gradle assembleRelease"
