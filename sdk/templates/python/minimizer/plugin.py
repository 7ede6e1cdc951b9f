"""Lets a reading through when its first number has moved by at least 1 since the last one that went through.

wit/*.wit says what the gateway hands over and wants back. `wit_world` is made from it by the build; an error is
raised as `Err`.
"""

import struct

from componentize_py_types import Err
from wit_world.exports.minimizer import Step
from wit_world.imports.types import ConfigError_Invalid, Reading, Scalar_Int, Scalar_Real

# The state is the last number that went through, as 8 bytes, little-endian. Anything else is no state.
STATE = struct.Struct("<d")


class Minimizer:
    def configure(self, json: str) -> None:
        if "".join(json.split()) != "{}":
            raise Err(ConfigError_Invalid(("settings", "must be empty: this plugin has none")))

    def minimize(self, state: bytes | None, now_ms: int, readings: list[Reading]) -> Step:
        last = read_state(state)
        moved = []
        for reading in readings:
            number = first_number(reading)
            if number is None:
                continue
            if last is not None and abs(number - last) < 1:
                continue
            last = number
            moved.append(reading)
        return Step(write_state(last), moved)


def first_number(reading: Reading) -> float | None:
    for field in reading.fields:
        if isinstance(field.value, (Scalar_Int, Scalar_Real)):
            return float(field.value.value)
    return None


def read_state(state: bytes | None) -> float | None:
    if state is None or len(state) != STATE.size:
        return None
    return STATE.unpack(state)[0]


def write_state(last: float | None) -> bytes | None:
    return None if last is None else STATE.pack(last)
