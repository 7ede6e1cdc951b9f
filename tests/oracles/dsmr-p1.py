# needs: dsmr-parser==1.11.2
"""Telegrams with random values, decoded by dsmr-parser."""

import json
import logging
import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from dsmr_parser import telegram_specifications as specifications
from dsmr_parser.exceptions import InvalidChecksumError, ParseError
from dsmr_parser.parsers import TelegramParser

logging.disable(logging.CRITICAL)
RANDOM = random.Random(20160226)
ZONE = ZoneInfo("Europe/Amsterdam")

UNITS = {"kWh": "kW.h", "Wh": "W.h", "kW": "kW", "W": "W", "kvarh": "kvar.h", "varh": "var.h",
         "kvar": "kvar", "var": "var", "V": "V", "A": "A", "m3": "m3", "GJ": "GJ", "kVA": "kV.A"}

# The oracle's names, ours, how the value is written and its unit.
MEASURED = [
    ("ELECTRICITY_IMPORTED_TOTAL", "energy", "1-0:1.8.0", "010.3f", "kWh"),
    ("ELECTRICITY_USED_TARIFF_1", "energy.tariff-1", "1-0:1.8.1", "010.3f", "kWh"),
    ("ELECTRICITY_USED_TARIFF_2", "energy.tariff-2", "1-0:1.8.2", "010.3f", "kWh"),
    ("ELECTRICITY_DELIVERED_TARIFF_1", "energy-exported.tariff-1", "1-0:2.8.1", "010.3f", "kWh"),
    ("ELECTRICITY_DELIVERED_TARIFF_2", "energy-exported.tariff-2", "1-0:2.8.2", "010.3f", "kWh"),
    ("CURRENT_ELECTRICITY_USAGE", "power", "1-0:1.7.0", "06.3f", "kW"),
    ("CURRENT_ELECTRICITY_DELIVERY", "power-exported", "1-0:2.7.0", "06.3f", "kW"),
    ("INSTANTANEOUS_VOLTAGE_L1", "voltage-l1", "1-0:32.7.0", "05.1f", "V"),
    ("INSTANTANEOUS_VOLTAGE_L2", "voltage-l2", "1-0:52.7.0", "05.1f", "V"),
    ("INSTANTANEOUS_VOLTAGE_L3", "voltage-l3", "1-0:72.7.0", "05.1f", "V"),
    ("INSTANTANEOUS_CURRENT_L1", "current-l1", "1-0:31.7.0", "03.0f", "A"),
    ("INSTANTANEOUS_CURRENT_L2", "current-l2", "1-0:51.7.0", "05.2f", "A"),
    ("INSTANTANEOUS_CURRENT_L3", "current-l3", "1-0:71.7.0", "05.2f", "A"),
    ("INSTANTANEOUS_ACTIVE_POWER_L1_POSITIVE", "power-l1", "1-0:21.7.0", "06.3f", "kW"),
    ("INSTANTANEOUS_ACTIVE_POWER_L2_POSITIVE", "power-l2", "1-0:41.7.0", "06.3f", "kW"),
    ("INSTANTANEOUS_ACTIVE_POWER_L3_POSITIVE", "power-l3", "1-0:61.7.0", "06.3f", "kW"),
    ("INSTANTANEOUS_ACTIVE_POWER_L1_NEGATIVE", "power-exported-l1", "1-0:22.7.0", "06.3f", "kW"),
    ("INSTANTANEOUS_ACTIVE_POWER_L2_NEGATIVE", "power-exported-l2", "1-0:42.7.0", "06.3f", "kW"),
    ("INSTANTANEOUS_ACTIVE_POWER_L3_NEGATIVE", "power-exported-l3", "1-0:62.7.0", "06.3f", "kW"),
]
COUNTED = [
    ("SHORT_POWER_FAILURE_COUNT", "power-failures", "0-0:96.7.21"),
    ("LONG_POWER_FAILURE_COUNT", "power-failures-long", "0-0:96.7.9"),
    ("VOLTAGE_SAG_L1_COUNT", "voltage-sags-l1", "1-0:32.32.0"),
    ("VOLTAGE_SAG_L2_COUNT", "voltage-sags-l2", "1-0:52.32.0"),
    ("VOLTAGE_SAG_L3_COUNT", "voltage-sags-l3", "1-0:72.32.0"),
    ("VOLTAGE_SWELL_L1_COUNT", "voltage-swells-l1", "1-0:32.36.0"),
    ("VOLTAGE_SWELL_L2_COUNT", "voltage-swells-l2", "1-0:52.36.0"),
    ("VOLTAGE_SWELL_L3_COUNT", "voltage-swells-l3", "1-0:72.36.0"),
]
# Of Sagemcom's T210-D-r, which has no prefixes of units.
AUSTRIA = [
    ("ELECTRICITY_IMPORTED_TOTAL", "energy", "1-0:1.8.0", "Wh"),
    ("ELECTRICITY_EXPORTED_TOTAL", "energy-exported", "1-0:2.8.0", "Wh"),
    ("ELECTRICITY_REACTIVE_IMPORTED_TOTAL", "energy-reactive", "1-0:3.8.0", "varh"),
    ("ELECTRICITY_REACTIVE_EXPORTED_TOTAL", "energy-reactive-exported", "1-0:4.8.0", "varh"),
    ("ELECTRICITY_REACTIVE_IMPORTED_TARIFF_1", "energy-reactive.tariff-1", "1-0:3.8.1", "varh"),
    ("CURRENT_ELECTRICITY_USAGE", "power", "1-0:1.7.0", "W"),
    ("CURRENT_REACTIVE_IMPORTED", "power-reactive", "1-0:3.7.0", "var"),
    ("CURRENT_REACTIVE_EXPORTED", "power-reactive-exported", "1-0:4.7.0", "var"),
]


def stamp():
    """A moment, as a meter writes it."""
    moment = datetime(2015, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=RANDOM.randrange(15 * 366 * 86400))
    local = moment.astimezone(ZONE)
    return local.strftime("%y%m%d%H%M%S") + ("S" if local.dst() else "W")


def amount(form):
    digits = int(form.split(".")[0])
    whole = digits - (1 + int(form[-2]) if form[-2] != "0" else 0)
    value = RANDOM.choice([0, RANDOM.random(), RANDOM.random() * (10 ** whole - 1)])
    return format(value, form)


def signed(lines):
    covered = "\r\n".join([r"/ISk5\2MT382-1000", "", *lines, "!"])
    return f"{covered}{TelegramParser.crc16(covered):04X}\r\n"


def put(settings, text, fields=None, error=None):
    line = {"settings": settings, "hex": text.encode().hex()}
    line.update({"error": error} if error else {"fields": fields})
    print(json.dumps(line))


def value_of(telegram, name):
    found = getattr(telegram, name, None)
    return found[0] if isinstance(found, list) else found


def netherlands():
    chosen = [row for row in MEASURED if RANDOM.random() < 0.8]
    counted = [row for row in COUNTED if RANDOM.random() < 0.8]
    lines = ["1-3:0.2.8(50)", f"0-0:1.0.0({stamp()})", "0-0:96.1.1(4B384547303034303436333935353037)"]
    lines += [f"{code}({amount(form)}*{unit})" for _, _, code, form, unit in chosen]
    lines += [f"{code}({RANDOM.randrange(100000):05})" for _, _, code in counted]
    lines += ["0-0:96.13.0()", f"0-0:96.14.0({RANDOM.choice([1, 2]):04})"]
    gas = RANDOM.random() < 0.7
    if gas:
        lines += ["0-1:24.1.0(003)", "0-1:96.1.0(3232323241424344313233343536373839)",
                  f"0-1:24.2.1({stamp()})({amount('09.3f')}*m3)"]
    text = signed(lines)
    telegram = TelegramParser(specifications.V5).parse(text, throw_ex=True)
    fields = {ours: [float(value_of(telegram, name).value), UNITS[unit]] for name, ours, _, _, unit in chosen}
    fields |= {ours: [value_of(telegram, name).value, None] for name, ours, _ in counted}
    fields["tariff"] = [int(telegram.ELECTRICITY_ACTIVE_TARIFF.value), None]
    if gas:
        reading = telegram.MBUS_DEVICES[0].MBUS_METER_READING
        fields["gas-volume"] = [float(reading.value), UNITS[reading.unit]]
    put({}, text, fields)
    return text


def austria():
    lines = [f"0-0:1.0.0({stamp()})"]
    lines += [f"{code}({RANDOM.randrange(10 ** 9):09}*{unit})" for _, _, code, unit in AUSTRIA]
    text = signed(lines)
    # The oracle knows the meter's telegram inside an encrypted frame alone.
    plain = specifications.SAGEMCOM_T210_D_R | {"general_global_cipher": False}
    telegram = TelegramParser(plain).parse(text, throw_ex=True)
    put({}, text, {ours: [float(getattr(telegram, name).value), UNITS[unit]] for name, ours, _, unit in AUSTRIA})


def belgium():
    months = RANDOM.randrange(14)
    lines = [f"0-0:1.0.0({stamp()})", f"1-0:1.4.0({amount('06.3f')}*kW)",
             f"1-0:1.6.0({stamp()})({amount('06.3f')}*kW)",
             f"0-0:98.1.0({months})(1-0:1.6.0)(1-0:1.6.0)"
             + "".join(f"({stamp()})({stamp()})({amount('06.3f')}*kW)" for _ in range(months)),
             "0-1:24.1.0(003)", f"0-1:24.2.3({stamp()})({amount('09.3f')}*m3)",
             "0-2:24.1.0(007)", f"0-2:24.2.1({stamp()})({amount('09.3f')}*m3)"]
    text = signed(lines)
    telegram = TelegramParser(specifications.BELGIUM_FLUVIUS).parse(text, throw_ex=True)
    gas, water = (device.MBUS_METER_READING for device in telegram.MBUS_DEVICES)
    put({}, text, {
        "power-average": [float(telegram.BELGIUM_CURRENT_AVERAGE_DEMAND.value), "kW"],
        "power-peak": [float(telegram.BELGIUM_MAXIMUM_DEMAND_MONTH.value), "kW"],
        "gas-volume": [float(gas.value), "m3"],
        "water-volume": [float(water.value), "m3"],
    })


def old():
    lines = ["0-0:96.1.1(4B384547303034303436333935353037)", f"1-0:1.8.1({amount('09.3f')}*kWh)",
             f"1-0:1.7.0({amount('07.2f')}*kW)", "0-1:24.1.0(3)",
             f"0-1:24.3.0({stamp()[:12]})(00)(60)(1)(0-1:24.2.1)(m3)", f"({amount('09.3f')})"]
    text = "\r\n".join([r"/ISk5\2MT382-1004", "", *lines, "!", ""])
    telegram = TelegramParser(specifications.V3).parse(text, throw_ex=True)
    put({"checksum": "optional"}, text, {
        "energy.tariff-1": [float(telegram.ELECTRICITY_USED_TARIFF_1.value), "kW.h"],
        "power": [float(telegram.CURRENT_ELECTRICITY_USAGE.value), "kW"],
        "gas-volume": [float(telegram.GAS_METER_READING.value), "m3"],
    })
    put({}, text, error="malformed")


def broken(text):
    """A digit that changed on the way: the oracle must see it, too."""
    places = [at for at, char in enumerate(text) if char.isdigit() and 30 < at < text.index("\n!")]
    at = RANDOM.choice(places)
    changed = text[:at] + str((int(text[at]) + RANDOM.randrange(1, 10)) % 10) + text[at + 1:]
    try:
        TelegramParser(specifications.V5).parse(changed)
    except (InvalidChecksumError, ParseError):
        put({}, changed, error="malformed")


for _ in range(120):
    broken(netherlands())
for _ in range(60):
    austria()
    belgium()
    old()
