#!/bin/sh
# Builds Plugins/EchoRust and puts libprovider-inference-echo-rust.so into the folder OUT. Without a network: it has no
# crates. Exit 69 when there is no cargo.
set -eu
out=${1:?usage: build-rust-provider.sh OUT}
root=$(cd "$(dirname "$0")/.." && pwd)
if ! command -v cargo >/dev/null; then
    echo "build-rust-provider.sh: skipped: cargo is not installed" >&2
    exit 69
fi
mkdir -p "$out"
target=${CARGO_TARGET_DIR:-$root/.build/rust}
cargo build --release --offline --locked --quiet --manifest-path "$root/Plugins/EchoRust/Cargo.toml" --target-dir "$target"
# Renamed into place: a process that has the old one open keeps it whole.
cp "$target/release/libprovider_inference_echo_rust.so" "$out/.libprovider-inference-echo-rust.so.new"
mv "$out/.libprovider-inference-echo-rust.so.new" "$out/libprovider-inference-echo-rust.so"
