# needs: pycayennelpp==2.4.0
"""Cayenne LPP payloads, decoded by pycayennelpp."""

import json
import random

from cayennelpp import LppFrame
from cayennelpp.lpp_type import LppType

random.seed(1)

# Our words and units. What pycayennelpp knows and is not here (122, load), we do not read.
REAL = {
    2: ("analog-input", None),
    3: ("analog-output", None),
    101: ("illuminance", "lx"),
    103: ("temperature", "Cel"),
    104: ("humidity", "%"),
    115: ("pressure", "hPa"),
    116: ("voltage", "V"),
    117: ("current", "A"),
    118: ("frequency", "Hz"),
    120: ("percentage", "%"),
    121: ("altitude", "m"),
    125: ("concentration", "[ppm]"),
    128: ("power", "W"),
    130: ("distance", "m"),
    131: ("energy", "kW.h"),
    132: ("direction", "deg"),
}
INT = {0: ("digital-input", None), 1: ("digital-output", None), 100: ("generic", None), 133: ("unix-time", "s")}
FLAG = {102: "occupancy", 142: "on"}
AXES = {113: ("acceleration", "[g]"), 134: ("gyroscope", "deg/s")}
TYPES = [*REAL, *INT, *FLAG, *AXES, 135, 136]


def fields(item):
    kind, channel, value = int(item.type), item.channel, item.value
    if kind in REAL:
        path, unit = REAL[kind]
        return {f"{path}-{channel}": [float(value[0]), unit]}
    if kind in INT:
        path, unit = INT[kind]
        return {f"{path}-{channel}": [int(value[0]), unit]}
    if kind in FLAG:
        return {f"{FLAG[kind]}-{channel}": [value[0] != 0, None]}
    if kind in AXES:
        path, unit = AXES[kind]
        return {f"{path}-{channel}.{axis}": [float(it), unit] for axis, it in zip("xyz", value)}
    if kind == 135:
        return {f"colour-{channel}": ["#" + "".join(f"{int(it):02x}" for it in value), None]}
    places = zip(("latitude", "longitude", "altitude"), ("deg", "deg", "m"), value)
    return {f"{path}-{channel}": [float(it), unit] for path, unit, it in places}


def data(size):
    edge = random.choice([b"\x00", b"\xff", b"\x80", b"\x7f", None])
    if edge is None:
        return random.randbytes(size)
    return edge + random.choice([b"\x00", b"\xff"]) * (size - 1)


def payload():
    """Each channel once, so that all values are in one reading."""
    channels = random.sample(range(256), random.randint(1, 6))
    parts = []
    for channel in channels:
        kind = random.choice(TYPES)
        parts.append(bytes([channel, kind]) + data(LppType.get_lpp_type(kind).size))
    return b"".join(parts)


def show(settings, **line):
    print(json.dumps({"settings": settings, "channel": "node", **line}))


for _ in range(300):
    body = payload()
    expected = {}
    for item in LppFrame.from_bytes(body).data:
        expected |= fields(item)
    show({}, hex=body.hex(), fields=expected)

for _ in range(60):
    kind = random.choice(TYPES)
    body = bytes([random.randrange(256), kind]) + data(LppType.get_lpp_type(kind).size)
    short = body[: random.randrange(len(body))]
    try:
        LppFrame.from_bytes(short)
        # pycayennelpp takes no bytes for a frame of no values; we take them for one that was cut off.
        assert short == b""
    except BufferError:
        pass
    show({}, hex=short.hex(), error="malformed")

for kind in range(256):
    # Load (122) is a type of pycayennelpp's own.
    if LppType.get_lpp_type(kind) is None or kind == 122:
        show({}, hex=bytes([1, kind, 0, 0, 0, 0]).hex(), error="unsupported")
