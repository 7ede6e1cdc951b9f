#!/bin/sh
# Builds plugin.wasm from src/. Needs Node 18 or newer and npm; fetches the rest once, from npm.
set -eu
cd "$(dirname "$0")"

componentize=0.4.5
cache=${HUSHGATE_PLUGIN_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/hushgate/plugin-tools}
tools=$cache/js-componentize-qjs-$componentize
wit=../../../wit

fail() {
    echo "build.sh: $1" >&2
    exit 1
}

# Complete or not there at all: another build may run at the same time.
install_tools() {
    command -v npm >/dev/null || fail "npm is missing (Debian: apt-get install npm)"
    echo "Installing componentize-qjs $componentize from npm into $tools (40 MB), once"
    mkdir -p "$cache"
    new=$(mktemp -d "$tools.XXXXXX")
    trap 'rm -rf "$new"' EXIT
    npm install --prefix "$new" --silent --no-audit --no-fund --ignore-scripts \
        "componentize-qjs@$componentize" ||
        fail "npm could not install it: is there a network, and room in $cache?"
    [ -e "$tools" ] || mv "$new" "$tools"
}

command -v node >/dev/null || fail "Node is missing (Debian: apt-get install nodejs)"
[ -e "$tools" ] || install_tools
[ -d "$wit" ] || fail "$wit is missing: build it in a checkout of Hushgate"
mkdir -p target

# Not the smallest QuickJS: a codec runs for each uplink. --stub-wasi because a plugin reaches nothing.
"$tools/node_modules/.bin/componentize-qjs" --wit "$wit" --world adapter-plugin --js src/plugin.js \
    --sync --stub-wasi --output target/plugin.wasm >target/build.log ||
    fail "src/ could not be made a component"
mv target/plugin.wasm plugin.wasm
