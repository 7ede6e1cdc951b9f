# needs: chirpstack-api==4.20.0
"""Events of ChirpStack v4, made and written as JSON by its own protobuf definitions: what is 0 is left out there."""

import json
import random

from chirpstack_api import integration
from google.protobuf.json_format import MessageToJson

RANDOM = random.Random(20261127)
START_MS = 1_795_759_200_000


def line(event, channel, fields):
    body = MessageToJson(event, indent=None)
    print(json.dumps({"settings": {}, "channel": channel, "hex": body.encode().hex(), "fields": fields}))


def common(event):
    event.time.FromMilliseconds(START_MS + RANDOM.randrange(10**9))
    event.device_info.dev_eui = f"{RANDOM.randrange(2**64):016x}"
    event.device_info.device_name = "never to be told"
    return event


def number():
    kind = RANDOM.randrange(4)
    if kind == 0:
        return float(RANDOM.randrange(-1000, 1000))
    if kind == 1:
        return RANDOM.randrange(-10_000, 10_000) * 0.1
    if kind == 2:
        return RANDOM.uniform(-200.0, 200.0)
    return RANDOM.choice([0.0, 1e-9, 1234567890123.0, 18.900000000000002, 0.1 + 0.2])


def rounded(value):
    return value if value.is_integer() else float(f"{value:.12g}")


def value(depth):
    kind = RANDOM.randrange(7 if depth < 3 else 5)
    if kind < 2:
        return number()
    if kind == 2:
        return RANDOM.choice([True, False])
    if kind == 3:
        return RANDOM.choice(["", "open", "21.5 °C", "x" * 1024, "x" * 1025])
    if kind == 4:
        return None
    if kind == 5:
        return [value(depth + 1) for _ in range(RANDOM.randrange(4))]
    return {name: value(depth + 1) for name in RANDOM.sample(["a", "b-c", "d1"], RANDOM.randrange(4))}


def flatten(name, value, fields):
    if isinstance(value, dict):
        for key, inner in value.items():
            flatten(f"{name}.{key}", inner, fields)
    elif isinstance(value, list):
        for at, inner in enumerate(value, 1):
            flatten(f"{name}-{at}", inner, fields)
    elif isinstance(value, float):
        fields[name] = [rounded(value), None]
    elif isinstance(value, bool) or (isinstance(value, str) and len(value.encode()) <= 1024):
        fields[name] = [value, None]


def uplink():
    event = common(integration.UplinkEvent())
    event.f_cnt = RANDOM.choice([0, 1, 65535, 65536, 2**32 - 1, RANDOM.randrange(2**32)])
    event.f_port = RANDOM.choice([0, 1, 223, 255])
    event.data = RANDOM.randbytes(RANDOM.randrange(12))
    event.tx_info.modulation.lora.spreading_factor = 7
    heard = []
    for _ in range(RANDOM.randrange(4)):
        reception = event.rx_info.add(gateway_id=f"{RANDOM.randrange(2**64):016x}")
        reception.rssi = RANDOM.randrange(-130, -1)
        reception.snr = RANDOM.randrange(-80, 60) / 4
        reception.location.latitude = 52.5
        heard.append((reception.snr, float(reception.rssi)))
    fields = {"sequence": [event.f_cnt, None]}
    if event.f_port:
        fields["port"] = [event.f_port, None]
    if heard:
        ratio, signal = max(heard)
        fields |= {"signal": [signal, "{dBm}"], "signal-noise-ratio": [ratio, "dB"]}
    decoded = {f"n{at}": value(0) for at in range(RANDOM.randrange(6))}
    event.object.update(decoded)
    for name, inner in decoded.items():
        flatten(name, inner, fields)
    line(event, "application/1/device/0101010101010101/event/up", fields)


def status():
    event = common(integration.StatusEvent())
    event.margin = RANDOM.randrange(-32, 32)
    event.battery_level = RANDOM.randrange(1, 401) / 4
    event.external_power_source = RANDOM.random() < 0.2
    event.battery_level_unavailable = RANDOM.random() < 0.2
    fields = {"link-margin": [float(event.margin), "dB"]}
    if not event.external_power_source and not event.battery_level_unavailable:
        fields["battery"] = [event.battery_level, "%"]
    line(event, "application/1/device/0101010101010101/event/status", fields)


def location():
    event = common(integration.LocationEvent())
    event.location.latitude = RANDOM.choice([0.0, 52.25, -8.5])
    event.location.longitude = RANDOM.choice([13.5, -179.75])
    event.location.altitude = RANDOM.choice([0.0, 34.5])
    fields = {
        "latitude": [event.location.latitude, "deg"],
        "longitude": [event.location.longitude, "deg"],
    }
    if event.location.altitude:
        fields["altitude"] = [event.location.altitude, "m"]
    line(event, "application/1/device/0101010101010101/event/location", fields)


for _ in range(300):
    uplink()
for _ in range(60):
    status()
    location()
