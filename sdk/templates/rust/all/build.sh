#!/bin/sh
# Builds plugin.wasm. Needs rustup's Rust 1.95 or newer; what else is missing, toolchain.sh fetches or names.
set -eu
cd "$(dirname "$0")"
tools=${HUSHGATE_PLUGIN_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/hushgate/plugin-tools}
toolchain=$(WASM_TC_DIR=${WASM_TC_DIR:-$tools/rust} bash toolchain.sh | tail -n 1)
if [ -n "$toolchain" ]; then export RUSTUP_TOOLCHAIN="$toolchain"; fi
# Panic locations would carry the paths of this machine.
export RUSTFLAGS="--remap-path-prefix=$PWD=/plugin --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
target=${CARGO_TARGET_DIR:-target}
cargo build --quiet --release --target wasm32-unknown-unknown --target-dir "$target"
cp "$target/wasm32-unknown-unknown/release/$(echo '{{id}}' | tr - _).wasm" plugin.wasm
