#!/usr/bin/env bash
# Makes sure that Rust can compile to wasm32-unknown-unknown, and prints (last line of stdout) the
# value to put in RUSTUP_TOOLCHAIN for guest builds ("" = the ordinary toolchain).
#   1. the std for the target is already there           -> nothing to do
#   2. a private toolchain was made by an earlier run    -> that one
#   3. rustup can fetch it (an ordinary machine, online) -> rustup target add
#   4. Debian: unpack rustc-web + rust-web-src privately (no root, nothing in /usr, rustup untouched)
#      and build std once from Debian's own source with its vendored dependencies (no network).
# Env: WASM_TC_DIR (default: ./.wasm-toolchain), WASM_TC_FORCE=debian (skips 1 and 3), J (jobs, default: all cores)
set -euo pipefail
T=wasm32-unknown-unknown; DIR=${WASM_TC_DIR:-$PWD/.wasm-toolchain}; J=${J:-$(nproc)}
HOST=$(rustc -vV | sed -n 's/^host: //p'); MULTIARCH=${HOST/-unknown/}
B="$DIR/usr/lib/rustlib/$HOST/bin"
say() { echo "wasm-toolchain: $*" >&2; }
have() { [ -n "$(ls "$(rustc --print target-libdir --target $T 2>/dev/null)"/libstd-*.rlib 2>/dev/null)" ]; }
# The linkers are links into rustup's toolchain: they dangle once that one is replaced.
made() { [ -f "$DIR/.ready" ] && [ -x "$B/wasm-component-ld" ]; }
if [ "${WASM_TC_FORCE:-}" != debian ]; then
  if have; then say "$T is present"; echo ""; exit 0; fi
  if made; then echo "$DIR/usr"; exit 0; fi
  if command -v rustup >/dev/null; then
    say "runs 'rustup target add $T'"
    if timeout 120 rustup target add $T >&2; then echo ""; exit 0; fi
  fi
fi
if made; then echo "$DIR/usr"; exit 0; fi
command -v apt-get >/dev/null || { say "no std for $T: run 'rustup target add $T'"; exit 1; }
# the wasm linkers ship inside rustup's rustc component (host side), take them from there
RB=$(rustc --print sysroot)/lib/rustlib/$HOST/bin
[ -x "$RB/wasm-component-ld" ] || { say "no wasm-component-ld in $RB"; exit 1; }
mkdir -p "$DIR"
exec 9>"$DIR/.lock"; flock 9 # two builds may share the directory
if made; then echo "$DIR/usr"; exit 0; fi
say "unpacks Debian's rustc-web and rust-web-src into $DIR (about 500 MB; the system stays as it is) and builds std for $T"
find "$DIR" -mindepth 1 -maxdepth 1 ! -name .lock -exec rm -rf {} +
mkdir -p "$DIR/debs" "$DIR/std/src"
if [ "$(id -u)" = 0 ]; then apt-get update -q >&2 || true; fi
P="rustc-web cargo-web rust-web-src libstd-rust-web-dev"
# + the versioned libstd package + whatever shared libraries this system lacks
P="$P $(apt-cache depends libstd-rust-web-dev | awk '/Depends: libstd-rust-web-[0-9]/{print $2}')"
# shellcheck disable=SC2086 # a list of package names
P="$P $(apt-get install -s --no-install-recommends $P | awk '/^Inst/{print $2}')"
( cd "$DIR/debs"
  # shellcheck disable=SC2046,SC2086
  apt-get download -q $(printf '%s\n' $P | sort -u)
  for d in *.deb; do case $d in
    rust-web-src_*) dpkg-deb --fsys-tarfile "$d" | tar -x -C "$DIR" --wildcards './usr/src/rustc-*/library' './usr/lib/rustlib';;
    *) dpkg-deb -x "$d" "$DIR";; esac; done ) >&2
rm -rf "$DIR/debs"
# rustup puts <toolchain>/lib on the library path; Debian keeps the .so files one level lower
for so in "$DIR/usr/lib/$MULTIARCH"/*.so*; do ln -sf "$MULTIARCH/$(basename "$so")" "$DIR/usr/lib/"; done
mkdir -p "$B"; ln -sf "$RB"/rust-lld "$RB"/wasm-component-ld "$RB"/gcc-ld "$B/"
# build std once and install it in the private sysroot
export RUSTUP_TOOLCHAIN="$DIR/usr"
unset RUSTC CARGO RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_TARGET_DIR CARGO_BUILD_TARGET || true
echo '#![no_std]' > "$DIR/std/src/lib.rs"
printf '[package]\nname = "sysroot-stub"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' > "$DIR/std/Cargo.toml"
( cd "$DIR/std"
  RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Cembed-bitcode=yes --remap-path-prefix=$DIR/usr/lib/rustlib/src/rust=/rustc-src" \
  cargo build -q --release -j"$J" --target $T -Zbuild-std=std,panic_abort --offline \
    --config 'source.crates-io.replace-with="v"' --config "source.v.directory=\"$DIR/usr/lib/rustlib/src/rust/library/vendor\"" ) >&2
L="$DIR/usr/lib/rustlib/$T/lib"; mkdir -p "$L"
for f in "$DIR/std/target/$T"/release/deps/*.rlib; do case $f in */libsysroot_stub-*) ;; *) cp "$f" "$L/";; esac; done
rm -rf "$DIR/std" "${DIR:?}/usr/src" "${DIR:?}/usr/share"; touch "$DIR/.ready"
echo "$DIR/usr"
