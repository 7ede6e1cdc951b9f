# needs: cbor2==6.3.0
"""Random packs of SenML, encoded by cbor2 or json; names, times and values resolved here in decimals."""

import json
import random
from decimal import Decimal

import cbor2

LABELS = {"bver": -1, "bn": -2, "bt": -3, "bu": -4, "bv": -5, "bs": -6, "n": 0, "u": 1, "v": 2, "vs": 3,
          "vb": 4, "s": 5, "t": 6, "ut": 7, "vd": 8}
UNITS = {None: None, "Cel": "Cel", "%RH": "%", "beat/min": "/min", "lat": "deg", "kWh": "kW.h", "V": "V",
         "l": "L", "1/s": "/s", "/": "1", "hPa": "hPa", "ppm": "[ppm]", "VA": "V.A"}
rng = random.Random(8428)


def decimal():
    return Decimal(rng.randint(-99999, 99999)).scaleb(-rng.randint(0, 4))


def record(number, first):
    fields = {"n": f"s{number}"}
    if first:
        fields["bn"] = rng.choice(["urn:dev:ow:10e2073a01080063:", "dev/", "a:"])
    if rng.random() < 0.3:
        fields["bu"] = rng.choice([it for it in UNITS if it])
    if rng.random() < 0.3:
        fields["bv"] = decimal()
    if rng.random() < 0.3:
        fields["bt"] = Decimal(rng.randint(2**28, 2**31))
    if rng.random() < 0.5:
        fields["u"] = rng.choice([it for it in UNITS if it])
    if rng.random() < 0.3:
        fields["t"] = Decimal(rng.randint(-60, 60))
    if rng.random() < 0.2:
        fields["unknown"] = rng.choice([None, [1, {"x": 2}], "x"])
    kind = rng.choice(["v", "v", "v", "vs", "vb"])
    fields[kind] = {"v": decimal(), "vs": rng.choice(["", "ä", "on"]), "vb": rng.random() < 0.5}[kind]
    items = list(fields.items())
    rng.shuffle(items)
    return dict(items)


def resolve(records):
    base_unit, base_value, fields = None, Decimal(0), {}
    for it in records:
        base_unit, base_value = it.get("bu", base_unit), it.get("bv", base_value)
        path = "senml." + it["n"]
        if "v" in it:
            fields[path] = [float(base_value + it["v"]), UNITS[it.get("u", base_unit)]]
        else:
            fields[path] = [it.get("vs", it.get("vb")), None]
    return fields


def plain(value):
    """Whole, binary or decimal: whatever stands for the same number."""
    if not isinstance(value, Decimal):
        return value
    if value == value.to_integral_value() and rng.random() < 0.5:
        return int(value)
    return value if rng.random() < 0.5 else float(value)


def as_cbor(records):
    tree = [{LABELS.get(name, name): plain(value) for name, value in it.items()} for it in records]
    return cbor2.dumps(tree, canonical=rng.random() < 0.3)


def as_json(records):
    number = lambda it: float(it) if isinstance(it, Decimal) else it
    return json.dumps([{name: number(value) for name, value in it.items()} for it in records]).encode()


def tell(body, content_type, **expected):
    print(json.dumps({"settings": {}, "channel": "garden", "content-type": content_type, "hex": body.hex(), **expected}))


def main():
    for _ in range(300):
        records = [record(number, number == 0) for number in range(rng.randint(1, 8))]
        fields = resolve(records)
        tell(as_cbor(records), "application/senml+cbor", fields=fields)
        tell(as_json(records), "application/senml+json", fields=fields)
    for tree in [[], {}, [{0: "a", 2: "1"}], [{0: "", 2: 1}], [{0: "-", 2: 1}], [{0: "a", 2: 1, 4: True}], [{0: "a"}]]:
        tell(cbor2.dumps(tree), "application/senml+cbor", error="malformed")
    for tree in [[{0: "a", 2: 1, "x_": 1}], [{-1: 11, 0: "a", 2: 1}]]:
        tell(cbor2.dumps(tree), "application/senml+cbor", error="unsupported")


main()
