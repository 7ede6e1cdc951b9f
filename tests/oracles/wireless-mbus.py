# needs: pyMeterBus==0.8.5 cryptography==50.0.2
"""Random records, decoded by pyMeterBus as wired M-Bus, and sent encrypted and not as wireless M-Bus."""

import json
import random
from decimal import Decimal

import meterbus
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

RANDOM = random.Random(13757)
KEY = bytes(range(16))

# How the oracle names a unit, and how many of ours one of it is (a power of ten), by the path.
UNITS = {
    "Wh": ("energy", "kW.h", -3), "J": ("energy", "MJ", -6), "m^3": ("volume", "m3", 0), "kg": ("mass", "kg", 0),
    "W": ("power", "W", 0), "J/h": ("power", "kJ/h", -3), "m^3/h": ("flow", "m3/h", 0), "m^3/min": ("flow", "m3/min", 0),
    "m^3/s": ("flow", "m3/s", 0), "kg/h": ("mass-flow", "kg/h", 0), "K": ("temperature-difference", "K", 0),
    "bar": ("pressure", "bar", 0), "V": ("voltage", "V", 0), "A": ("current", "A", 0),
}
TEMPERATURES = {"VIFUnit.FLOW_TEMPERATURE": "flow-temperature", "VIFUnit.RETURN_TEMPERATURE": "return-temperature",
                "VIFUnit.EXTERNAL_TEMPERATURE": "temperature"}
FUNCTIONS = {"FunctionType.INSTANTANEOUS_VALUE": "", "FunctionType.MAXIMUM_VALUE": "-max",
             "FunctionType.MINIMUM_VALUE": "-min", "FunctionType.ERROR_STATE_VALUE": "-error"}
# Codes that count powers of ten.
PRIMARY = [*range(0x00, 0x20), *range(0x28, 0x6C)]
SECOND = [*range(0x40, 0x60)]


def crc(data):
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x3D65 if value & 0x8000 else value << 1) & 0xFFFF
    return (value ^ 0xFFFF).to_bytes(2, "big")


def format_a(data):
    """With the length, and a checksum behind 10 bytes and behind each 16 that follow."""
    data = bytes([len(data)]) + data
    blocks = [data[:10], *(data[at:at + 16] for at in range(10, len(data), 16))]
    return b"".join(block + crc(block) for block in blocks)


def format_b(data):
    blocks = [data[:125], data[125:]] if len(data) > 125 else [data]
    length = bytes([len(data) + 2 * len(blocks)])
    first = length + blocks[0]
    return b"".join(block + crc(block) for block in [first, *blocks[1:]])


def stripped(data):
    return bytes([len(data)]) + data


def number(field):
    """Bytes of a value that is known."""
    if field == 5:
        return RANDOM.choice([b"\x00\x00\xc0\x3f", b"\x00\x00\x20\x41", b"\x00\x80\xbb\x44", b"\x00\x00\x00\xbf"])
    if field < 8:
        size = {6: 6, 7: 8}.get(field, field)
        limit = min(1 << 8 * size - 1, 10 ** 12)
        return RANDOM.choice([RANDOM.randrange(1 - limit, limit), RANDOM.randrange(100)]).to_bytes(size, "little", signed=True)
    digits = {9: 2, 10: 4, 11: 6, 12: 8, 14: 12}[field]
    text = str(RANDOM.randrange(10 ** digits)).zfill(digits)
    if RANDOM.random() < 0.2:
        text = "F" + text[1:]
    return bytes.fromhex(text)[::-1]


def record():
    field = RANDOM.choice([1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14])
    function = RANDOM.choice([0, 0, 0, 1, 2, 3])
    storage, tariff, subunit = RANDOM.choice([(0, 0, 0)] * 3 + [(1, 0, 0), (2, 0, 0), (17, 0, 0), (0, 1, 0), (0, 2, 0), (3, 3, 0), (0, 0, 1)])
    dif = field | function << 4 | (storage & 1) << 6
    extension = storage >> 1 | tariff << 4 | subunit << 6
    dib = bytes([dif]) if extension == 0 else bytes([dif | 0x80, extension])
    vib = bytes([0xFD, RANDOM.choice(SECOND)]) if RANDOM.random() < 0.2 else bytes([RANDOM.choice(PRIMARY)])
    return dib + vib + number(field)


def decoded(records):
    """Path and value with unit, as the oracle reads the records."""
    body = bytes([0x08, 0x01, 0x72]) + bytes.fromhex("78563412AE0C0100") + bytes([1, 0, 0, 0]) + records
    wired = bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) & 0xFF, 0x16])
    fields = {}
    for found in meterbus.load(wired).records:
        said = found.interpreted
        unit = said["unit"].removeprefix("MeasureUnit.")
        unit = getattr(meterbus.MeasureUnit, unit).value if hasattr(meterbus.MeasureUnit, unit) else unit
        path, ours, power = (TEMPERATURES[said["type"]], "Cel", 0) if said["type"] in TEMPERATURES else UNITS[unit]
        path += FUNCTIONS[said["function"]]
        for word, value in (("-unit-", said.get("device")), (".tariff-", said.get("tariff")), ("-history-", said["storage_number"])):
            path += f"{word}{value}" if value else ""
        # The oracle multiplies by powers of ten that a binary number only comes near.
        value = Decimal(repr(float(f"{float(said['value']):.14g}"))).scaleb(power)
        fields.setdefault(path, [float(value), ours])
    return fields


def put(settings, telegram, fields=None, error=None):
    line = {"settings": settings, "hex": telegram.hex()}
    line.update({"error": error} if error else {"fields": fields})
    print(json.dumps(line))


def padded(records):
    return b"\x2F\x2F" + records + b"\x2F" * (-(len(records) + 2) % 16)


def cbc(key, iv, data):
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def cmac(key, data):
    code = CMAC(algorithms.AES(key))
    code.update(data)
    return code.finalize()


ADDRESS = bytes.fromhex("AE0C785634120100")


def mode_5(records, access):
    data = padded(records)
    configuration = (5 << 8 | len(data) // 16 << 4).to_bytes(2, "little")
    sealed = cbc(KEY, ADDRESS + bytes([access]) * 8, data)
    return b"\x44" + ADDRESS + bytes([0x7A, access, 0]) + configuration + sealed


def mode_7(records, access):
    data = padded(records)
    counter = RANDOM.randrange(1 << 31).to_bytes(4, "little")
    derived = [cmac(KEY, bytes([purpose]) + counter + ADDRESS[2:6] + b"\x07" * 7) for purpose in (0, 1)]
    configuration = (7 << 8 | len(data) // 16 << 4).to_bytes(2, "little")
    message = bytes([0x7A, access, 0]) + configuration + b"\x10" + cbc(derived[0], bytes(16), data)
    code = cmac(derived[1], b"\x25" + counter + message)[:8]
    layer = b"\x90\x0F\x00\x2C\x25" + counter + code
    return b"\x44" + ADDRESS + bytes([0x8C, 0x20, access]) + layer + message, int.from_bytes(counter, "little")


def extended(records, access):
    session = (1 << 29 | RANDOM.randrange(1 << 29)).to_bytes(4, "little")
    data = crc(b"\x78" + records)[::-1] + b"\x78" + records
    iv = ADDRESS + b"\x20" + session + bytes(3)
    encryptor = Cipher(algorithms.AES(KEY), modes.CTR(iv)).encryptor()
    return b"\x44" + ADDRESS + bytes([0x8D, 0x20, access]) + session + encryptor.update(data)


for _ in range(150):
    chosen = [record() for _ in range(RANDOM.randrange(1, 8))]
    records, fields = b"".join(chosen), {}
    for one in chosen:
        # One by one: the oracle loses its way in some that follow others. What is said twice counts the first time.
        fields = decoded(one) | fields
    framed = RANDOM.choice([format_a, format_b, stripped])
    access = RANDOM.randrange(256)
    plain = b"\x44" + ADDRESS + bytes([0x7A, access, 0, 0, 0]) + records
    put({}, framed(plain), fields)
    put({"key": KEY.hex()}, framed(plain), error="unsupported")
    secret = mode_5(records, access)
    put({"key": KEY.hex()}, framed(secret), fields)
    put({}, framed(secret), error="unsupported")
    put({"key": KEY[::-1].hex()}, framed(secret), error="malformed")
    secret, counter = mode_7(records, access)
    put({"key": KEY.hex()}, framed(secret), fields | {"sequence": [counter, None]})
    changed = bytearray(secret)
    changed[-RANDOM.randrange(1, 17)] ^= 1 << RANDOM.randrange(8)
    put({"key": KEY.hex()}, framed(bytes(changed)), error="malformed")
    secret = extended(records, access)
    put({"key": KEY.hex()}, framed(secret), fields)
    put({"key": KEY[::-1].hex()}, framed(secret), error="malformed")
    telegram = bytearray(format_a(plain))
    telegram[RANDOM.randrange(12, len(telegram))] ^= 1 << RANDOM.randrange(8)
    put({}, bytes(telegram), error="malformed")
