#!/bin/sh
# Builds plugin.wasm from plugin.c and glue/. Needs Python 3 with venv; fetches the compiler once, from PyPI.
set -eu
cd "$(dirname "$0")"

ziglang=0.17.1
wasmtime=50.0.1
cache=${HUSHGATE_PLUGIN_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/hushgate/plugin-tools}
tools=$cache/c-ziglang-$ziglang-wasmtime-$wasmtime
python=$tools/bin/python

fail() {
    echo "build.sh: $1" >&2
    exit 1
}

# Complete or not there at all: another build may run at the same time.
install_tools() {
    python3 -c 'import ensurepip, venv' 2>/dev/null ||
        fail "Python 3 with venv is missing (Debian: apt-get install python3-venv)"
    echo "Installing ziglang $ziglang and wasmtime $wasmtime from PyPI into $tools (450 MB), once"
    mkdir -p "$cache"
    new=$(mktemp -d "$tools.XXXXXX")
    trap 'rm -rf "$new"' EXIT
    python3 -m venv "$new"
    "$new/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps \
        "ziglang==$ziglang" "wasmtime==$wasmtime" ||
        fail "pip could not install them: is there a network, and room in $cache?"
    [ -e "$tools" ] || mv "$new" "$tools"
}

[ -e "$tools" ] || install_tools
[ -d wit ] || fail "wit/ is missing: \`hushgate plugin new\` puts it here"
kind=$(sed -n 's/^kind = "\(.*\)"$/\1/p' plugin.toml)
mkdir -p target

# No C library: a plugin reaches nothing. The component (glue/*.wat) owns the memory, 1 MiB at first.
export ZIG_GLOBAL_CACHE_DIR="$PWD/target/zig" ZIG_LOCAL_CACHE_DIR="$PWD/target/zig"
"$python" -m ziglang cc -target wasm32-freestanding -std=c17 -Os -Wall -Wextra -nostdlib \
    -Wl,--no-entry -Wl,--import-memory -Wl,--initial-memory=1048576 -Wl,-z,stack-size=131072 \
    -Wl,--strip-all \
    -o target/core.wasm plugin.c glue/*.c
"$python" glue/component.py "glue/$kind.wat" target/core.wasm target/plugin.wasm
mv target/plugin.wasm plugin.wasm
