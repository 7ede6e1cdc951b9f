#!/bin/sh
# Builds plugin.wasm from plugin.py. Needs Python 3.10 or newer with venv; fetches the rest once, from PyPI.
set -eu
cd "$(dirname "$0")"

componentize=0.25.1
cache=${HUSHGATE_PLUGIN_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/hushgate/plugin-tools}
tools=$cache/python-componentize-py-$componentize

fail() {
    echo "build.sh: $1" >&2
    exit 1
}

# Complete or not there at all: another build may run at the same time.
install_tools() {
    python3 -c 'import ensurepip, venv' 2>/dev/null ||
        fail "Python 3 with venv is missing (Debian: apt-get install python3-venv)"
    echo "Installing componentize-py $componentize from PyPI into $tools (70 MB), once"
    mkdir -p "$cache"
    new=$(mktemp -d "$tools.XXXXXX")
    trap 'rm -rf "$new"' EXIT
    python3 -m venv "$new"
    "$new/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps \
        "componentize-py==$componentize" ||
        fail "pip could not install it: is there a network, and room in $cache?"
    [ -e "$tools" ] || mv "$new" "$tools"
}

[ -e "$tools" ] || install_tools
[ -d wit ] || fail "wit/ is missing: \`hushgate plugin new\` puts it here"
kind=$(sed -n 's/^kind = "\(.*\)"$/\1/p' plugin.toml)
mkdir -p target

# --stub-wasi because a plugin reaches nothing; VIRTUAL_ENV so that it finds none of this machine's own packages.
VIRTUAL_ENV=$tools "$tools/bin/python" "$tools/bin/componentize-py" --quiet --wit-path wit --world "$kind-plugin" \
    componentize plugin --stub-wasi --output target/plugin.wasm
rm -rf __pycache__
mv target/plugin.wasm plugin.wasm
