# needs: bthome-ble==3.25.0
"""What bthome-ble, the reference implementation of BTHome, understands of random frames.

One JSON object a line: settings, body in hexadecimal, and the fields or the error that our adapter must answer.

Left out, because we decide by the specification and not as bthome-ble does:
- 0x58 (temperature in steps of 0.35): it rounds to one decimal, so only even numbers of steps are tried.
- Several objects of kinds that share one of our names and not one of its own (mm and m, mL and L, kg and lb;
  opening, door, garage door, window): it numbers them apart, or overwrites one by the other.
- Binary sensors that are neither 0 nor 1, texts that are empty or no UTF-8, frames that end inside an object:
  it reads what it can, we refuse.
- Bit 1 of the device information is tried: it reads an address there, and so do we.
"""

import json
import logging
import random
import struct
import time

from bleak.backends.device import BLEDevice
from bthome_ble import BTHomeBluetoothDeviceData
from bthome_ble.const import MEAS_TYPES
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from habluetooth import BluetoothServiceInfoBleak

logging.disable(logging.CRITICAL)

UUID = "0000fcd2-0000-1000-8000-00805f9b34fb"

# Its device class (and unit, where two of them share a class) to our path and unit.
SENSORS = {
    "acceleration": ("acceleration", "m/s2"),
    "battery": ("battery", "%"),
    "channel": ("channel", None),
    "carbon_dioxide": ("co2", "[ppm]"),
    "conductivity": ("conductivity", "uS/cm"),
    "count": ("count", None),
    "current": ("current", "A"),
    "dew_point": ("dew-point", "Cel"),
    "direction": ("direction", "deg"),
    "distance/mm": ("distance", "mm"),
    "distance/m": ("distance", "m"),
    "duration": ("duration", "s"),
    "energy": ("energy", "kW.h"),
    "gas": ("gas-volume", "m3"),
    "gyroscope": ("gyroscope", "deg/s"),
    "humidity": ("humidity", "%"),
    "illuminance": ("illuminance", "lx"),
    "light_level": ("light-level", None),
    "mass/kg": ("mass", "kg"),
    "mass/lb": ("mass", "[lb_av]"),
    "moisture": ("moisture", "%"),
    "packet_id": ("packet-id", None),
    "pm25": ("pm2-5", "ug/m3"),
    "pm10": ("pm10", "ug/m3"),
    "power": ("power", "W"),
    "precipitation": ("precipitation", "mm"),
    "pressure": ("pressure", "hPa"),
    "raw": ("raw", None),
    "rotation": ("rotation", "deg"),
    "rotational_speed": ("rotational-speed", "/min"),
    "settings_revision": ("settings-revision", None),
    "speed": ("speed", "m/s"),
    "temperature": ("temperature", "Cel"),
    "text": ("text", None),
    "timestamp": ("timestamp", "s"),
    "uv_index": ("uv-index", None),
    "volatile_organic_compounds": ("voc", "ug/m3"),
    "voltage": ("voltage", "V"),
    "volume/L": ("volume", "L"),
    "volume/mL": ("volume", "mL"),
    "volume_flow_rate": ("flow", "m3/h"),
    "volume_storage": ("volume-stored", "L"),
    "water": ("water-volume", "L"),
}
COUNTED = {"channel", "count", "light-level", "packet-id", "settings-revision", "timestamp"}
BINARY = {
    "generic": "state", "power": "on", "opening": "open", "battery": "battery-low",
    "battery_charging": "charging", "carbon_monoxide": "co-alarm", "cold": "cold",
    "connectivity": "online", "door": "open", "garage_door": "open", "gas": "gas-alarm",
    "heat": "hot", "light": "light", "lock": "locked", "moisture": "water-leak",
    "motion": "motion", "moving": "moving", "occupancy": "occupancy", "plug": "plugged-in",
    "presence": "presence", "problem": "fault", "running": "running", "safety": "safe",
    "smoke": "smoke", "sound": "sound", "tamper": "tamper", "vibration": "vibration",
    "window": "open",
}
EVENTS = {"button": "action", "dimmer": "dimmer-action", "command": "command"}
APART = [{0x40, 0x41}, {0x47, 0x48, 0x4E}, {0x06, 0x07}, {0x11, 0x1A, 0x1B, 0x2D}]


def value(rng, number):
    """Bytes for the object `number`, its identifier before them."""
    kind = MEAS_TYPES[number]
    if kind.data_format == "string":
        text = "".join(rng.choice("abcäß°C 0") for _ in range(rng.randint(1, 9))).encode()
        return bytes([number, len(text)]) + text
    if kind.data_format == "raw":
        raw = rng.randbytes(rng.randint(1, 9))
        return bytes([number, len(raw)]) + raw
    if kind.data_format == "command":
        arguments = rng.randbytes(rng.randint(0, 3))
        return bytes([number, len(arguments) | rng.randint(0, 7) << 5, rng.randint(0, 6)]) + arguments
    if number == 0x3A:
        return bytes([number, rng.choice([0, 1, 2, 3, 4, 5, 6, 7, 0x80, 0x81])])
    if number == 0x3C:
        return bytes([number, rng.randint(0, 3), rng.randint(0, 255)])
    if number == 0x58:
        return bytes([number]) + struct.pack("b", rng.randint(-64, 63) * 2)
    if type(kind.meas_format).__name__ == "BaseBinarySensorDescription":
        return bytes([number, rng.randint(0, 1)])
    edge = rng.choice([None, None, b"\x00", b"\xff", b"\x80", b"\x7f"])
    body = edge * kind.data_length if edge else rng.randbytes(kind.data_length)
    return bytes([number]) + body


def objects(rng):
    numbers = [rng.choice(list(MEAS_TYPES)) for _ in range(rng.randint(1, 7))]
    for group in APART:
        one = next((it for it in numbers if it in group), None)
        numbers = [it for it in numbers if it not in group or it == one]
    if numbers.count(0x00) > 1:
        numbers = [it for it in numbers if it]
    # It tells the last of several, and we number them.
    for once in (0xF0, 0xF1, 0xF2):
        while numbers.count(once) > 1:
            numbers.remove(once)
    if 0xF1 in numbers and 0xF2 in numbers:
        numbers.remove(0xF2)
    if rng.random() < 0.9:
        numbers.sort()
    body = b"".join(value(rng, it) for it in numbers)
    if numbers and rng.random() < 0.1:
        body += bytes([rng.choice([0x30, 0x39, 0x66, 0x9F, 0xEF, 0xF3])]) + rng.randbytes(2)
    return body


def ask(service_data, mac, key):
    """What bthome-ble says."""
    info = BluetoothServiceInfoBleak(
        name="sensor", address=mac, rssi=-60, manufacturer_data={}, service_data={UUID: service_data},
        service_uuids=[UUID], source="", device=BLEDevice(mac, "sensor", {}),
        advertisement=None, connectable=False, time=time.time(), tx_power=None,
    )
    parser = BTHomeBluetoothDeviceData(bindkey=key)
    return parser, parser.update(info)


def numbered(path, key, base):
    return path + key.removeprefix(base).replace("_", "-")


def fields(parser, update):
    found = {}
    for key, it in update.entity_values.items():
        name = key.key
        if name == "signal_strength":
            continue
        described = update.entity_descriptions[key]
        base, unit = str(described.device_class), described.native_unit_of_measurement
        path, ours = SENSORS.get(base) or SENSORS[f"{base}/{unit}"]
        told = it.native_value
        if base == "timestamp":
            told = int(told.timestamp())
        elif isinstance(told, (int, float)):
            told = int(told) if path in COUNTED else float(told)
        found[numbered(path, name, base)] = [told, ours]
    for key, it in update.binary_entity_values.items():
        base = str(update.binary_entity_descriptions[key].device_class)
        # Of a lock, 1 is "unlocked".
        told = not it.native_value if base == "lock" else it.native_value
        found[numbered(BINARY[base], key.key, base)] = [told, None]
    for key, it in update.events.items():
        base = key.key.split("_")[0]
        suffix = numbered("", key.key, base)
        found[EVENTS[base] + suffix] = [it.event_type.replace("_", "-"), None]
        properties = it.event_properties or {}
        if "steps" in properties:
            found["dimmer-steps" + suffix] = [properties["steps"], None]
        if properties.get("args", "")[0:]:
            found["command-arguments" + suffix] = [properties["args"], None]
    if parser.device_type_id is not None:
        found["device-type"] = [parser.device_type_id, None]
    version = next(iter(update.devices.values())).sw_version
    if version and not version.startswith("BTHome"):
        found["firmware"] = [version, None]
    return found


def line(settings, body, answer):
    print(json.dumps({"settings": settings, "channel": "sensor", "hex": body.hex()} | answer))


def published(mac, service_data):
    return json.dumps(
        {"id": mac, "rssi": -60, "servicedatauuid": "0xfcd2", "servicedata": service_data.hex()}
    ).encode()


def encrypted(rng, mac, key, body, counter):
    info = bytes([rng.choice([0x41, 0x45])])
    nonce = bytes.fromhex(mac.replace(":", "")) + b"\xd2\xfc" + info + counter.to_bytes(4, "little")
    sealed = AESCCM(key, tag_length=4).encrypt(nonce, body, None)
    return info + sealed[:-4] + counter.to_bytes(4, "little") + sealed[-4:]


def main():
    rng = random.Random(20261127)
    for turn in range(400):
        mac = ":".join(f"{it:02X}" for it in rng.randbytes(6))
        body = objects(rng)
        plain = bytes([rng.choice([0x40, 0x44])]) + body
        if turn % 10 == 9:
            address = bytes.fromhex(mac.replace(":", ""))[::-1]
            plain = bytes([0x42]) + address + body
        expected = {"fields": fields(*ask(plain, mac, None))}
        if turn % 4 == 0:
            expected["fields"]["signal"] = [-60.0, "{dBm}"]
            line({"encoding": "theengs"}, published(mac, plain), expected)
        else:
            line({}, plain, expected)
    for _ in range(200):
        mac = ":".join(f"{it:02X}" for it in rng.randbytes(6))
        key, body = rng.randbytes(16), objects(rng)
        if len(body) < 2:
            continue
        counter = rng.choice([0, 1, 2**32 - 1, rng.randrange(2**32)])
        sealed = encrypted(rng, mac, key, body, counter)
        settings = {"mac": mac, "bind-key": key.hex()}
        parser, update = ask(sealed, mac, key)
        assert parser.bindkey_verified
        line(settings, sealed, {"fields": fields(parser, update) | {"sequence": [counter, None]}})
        altered = bytearray(sealed)
        altered[rng.randrange(1, len(altered))] ^= 1 << rng.randrange(8)
        assert not ask(bytes(altered), mac, key)[0].bindkey_verified
        line(settings, bytes(altered), {"error": "malformed"})
        plain = b"\x40" + body
        assert ask(plain, mac, key)[0].downgrade_detected
        line(settings, plain, {"error": "unsupported"})
        line({}, sealed, {"error": "unsupported"})


main()
