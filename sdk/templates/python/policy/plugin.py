"""Lets nothing leave between 22:00 and 06:00 UTC.

wit/*.wit says what the gateway hands over and wants back. `wit_world` is made from it by the build; an error is
raised as `Err`.
"""

from componentize_py_types import Err
from wit_world.exports.policy import Request, Verdict, Verdict_Release, Verdict_Withhold
from wit_world.imports.types import ConfigError_Invalid

HOUR_MS = 3_600_000


class Policy:
    def configure(self, json: str) -> None:
        if "".join(json.split()) != "{}":
            raise Err(ConfigError_Invalid(("settings", "must be empty: this plugin has none")))

    def evaluate(self, request: Request) -> Verdict:
        hour = request.now_ms // HOUR_MS % 24
        if 6 <= hour < 22:
            return Verdict_Release([])
        return Verdict_Withhold("outside 06:00 to 22:00 UTC")
