#!/usr/bin/env bash
# Takes down the rigs in DIR (DIR/tor, DIR/matrix*) and removes DIR.
#   rigs-down.sh DIR        now
#   rigs-down.sh DIR PID    once the process PID has ended, however it ended, or DIR is gone
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd); dir=${1:?usage: rigs-down.sh DIR [PID]}; pid=${2:-}
case $(basename "$dir") in hushgate-rigs-*) ;; *) echo "rigs-down: $dir is not a directory of rigs" >&2; exit 2;; esac

# A zombie has ended, even if nobody has waited for it yet.
alive() { [ -d "/proc/$pid" ] && ! grep -qs '^State:[[:space:]]*Z' "/proc/$pid/status"; }
down() {
  [ ! -f "$dir/tor/net.json" ] || "$here/tor-testnet" down "$dir/tor"
  for server in "$dir"/matrix*/; do
    [ ! -f "$server/homeserver.pid" ] || "$here/matrix-testserver" down "$server"
  done
}

if [ -n "$pid" ]; then
  trap '' HUP INT TERM # a Ctrl-C is meant for the process that we wait for
  while alive && [ -d "$dir" ]; do sleep 0.2; done
  [ -d "$dir" ] || exit 0
  down
  sleep 1 # a rig that was just starting may have got one process further
fi
down
rm -rf "$dir"
