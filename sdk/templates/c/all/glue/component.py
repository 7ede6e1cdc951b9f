"""Puts the compiled C into a component: component.py WAT CORE_MODULE COMPONENT."""

import sys
from pathlib import Path

from wasmtime import wat2wasm

CORE_MODULE_SECTION = b"\x01"


def section(module):
    """The module as a section of a component: a number, the length, the bytes."""
    return CORE_MODULE_SECTION + leb128(len(module)) + module


def leb128(number):
    """The variable-length form in which WebAssembly writes lengths."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + leb128(rest) if rest else bytes([low])


wat, core, component = map(Path, sys.argv[1:])
placeholder = section(wat2wasm("(module $plugin)"))
shell = wat2wasm(wat.read_text())
if shell.count(placeholder) != 1:
    sys.exit(f"{wat}: must have one line `(core module $plugin)`, where the compiled C goes")
component.write_bytes(shell.replace(placeholder, section(core.read_bytes())))
