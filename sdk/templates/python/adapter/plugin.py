"""Reads a temperature in degrees Celsius that a device sends as a text, such as `21.5`.

wit/*.wit says what the gateway hands over and wants back. `wit_world` is made from it by the build; an error is
raised as `Err`.
"""

import math
import re

from componentize_py_types import Err
from wit_world.exports.adapter import DecodeError_Malformed
from wit_world.imports.types import ConfigError_Invalid, Field, Frame, Reading, Scalar_Real

DECIMAL = re.compile(rb"[\t-\r ]*([+-]?[0-9]+(\.[0-9]+)?)[\t-\r ]*")


class Adapter:
    def configure(self, json: str) -> None:
        if "".join(json.split()) != "{}":
            raise Err(ConfigError_Invalid(("settings", "must be empty: this plugin has none")))

    def decode(self, frame: Frame) -> list[Reading]:
        match = DECIMAL.fullmatch(frame.body)
        celsius = float(match[1]) if match else math.nan
        if not math.isfinite(celsius):
            raise Err(DecodeError_Malformed("it is not a decimal number"))
        field = Field("temperature", Scalar_Real(celsius), "Cel")
        return [Reading("temperature", at_ms=None, fields=[field])]
