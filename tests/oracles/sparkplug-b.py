# needs: pysparkplug==0.3.2 protobuf==3.20.3 paho-mqtt==1.6.1
"""Sparkplug B messages, made and decoded by pysparkplug."""

import json
import math
import random
import struct

from pysparkplug import DataType, Metric
from pysparkplug._protobuf import Payload

random.seed(1)

TIME = 1_700_000_000_000
INTS = {DataType.INT8: 8, DataType.INT16: 16, DataType.INT32: 32, DataType.INT64: 64}
UINTS = {DataType.UINT8: 8, DataType.UINT16: 16, DataType.UINT32: 32, DataType.UINT64: 63}
TEXTS = [DataType.STRING, DataType.TEXT, DataType.UUID]
TYPES = [*INTS, *UINTS, *TEXTS, DataType.FLOAT, DataType.DOUBLE, DataType.BOOLEAN, DataType.DATETIME]
TOPICS = {
    "NBIRTH": "spBv1.0/group/NBIRTH/node",
    "DBIRTH": "spBv1.0/group/DBIRTH/node/device",
    "NDATA": "spBv1.0/group/NDATA/node",
    "DDATA": "spBv1.0/group/DDATA/node/device",
    "DDEATH": "spBv1.0/group/DDEATH/node/device",
}


def shortest(value):
    """pysparkplug widens 32 bits to 64 (21.3 is 21.299999237060547). We answer with the shortest decimal that stands for the same
    32 bits, as the device meant it, with up to 9 places."""
    same = lambda it: struct.pack("<f", it) == struct.pack("<f", value)
    for places in range(10):
        if abs(value) * 10**places < 1e15 and same(round(value, places)):
            return round(value, places)
    return value


def raw(data_type):
    """A value as it is in the message."""
    if data_type in INTS:
        bits = INTS[data_type]
        least, most = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        return data_type.encode(random.choice([least, -1, 0, 1, most, random.randint(least, most)]))
    if data_type in UINTS:
        most = 2 ** UINTS[data_type] - 1
        return random.choice([0, 1, most, random.randint(0, most)])
    if data_type in TEXTS:
        return random.choice(["", "idle", "Küche", "x" * 1024])
    if data_type == DataType.FLOAT:
        return random.choice([0.0, -0.5, 21.3, 1e10, random.uniform(-1e4, 1e4), round(random.uniform(-99, 99), 2)])
    if data_type == DataType.DOUBLE:
        return random.choice([0.1, -1e300, 5e-324, random.uniform(-1e4, 1e4)])
    if data_type == DataType.BOOLEAN:
        return random.choice([False, True])
    return random.randint(0, 2**41)


def expected(pb):
    """What pysparkplug reads, in our form."""
    metric = Metric.from_pb(pb)
    if metric.is_null or metric.value is None:
        return None
    if metric.datatype == DataType.DATETIME:
        # pysparkplug makes a calendar date of it, and loses milliseconds in floating point.
        return [pb.long_value, "ms"]
    if metric.datatype == DataType.FLOAT:
        return [shortest(metric.value), None]
    return [metric.value, None]


def message(metrics):
    payload = Payload()
    payload.timestamp = TIME
    payload.metrics.extend(metrics)
    payload.seq = random.randrange(256)
    return payload


def show(topic, body, **line):
    print(json.dumps({"settings": line.pop("settings", {}), "channel": topic, "hex": body.hex(), **line}))


def metric(name, data_type):
    pb = Metric(timestamp=TIME, name=name, datatype=data_type, value=None, is_null=True).to_pb(True)
    if random.random() < 0.9:
        pb.ClearField("is_null")
        setattr(pb, data_type.field, raw(data_type))
    return pb


for _ in range(300):
    kind, topic = random.choice(list(TOPICS.items()))
    metrics = [metric(f"m{at}", random.choice(TYPES)) for at in range(random.randint(0, 6))]
    payload = message(metrics)
    found = {f"m{at}": expected(pb) for at, pb in enumerate(payload.metrics)}
    fields = {path: value for path, value in found.items() if value is not None}
    fields["sequence"] = [payload.seq, None]
    if kind != "NDATA" and kind != "DDATA":
        fields["online"] = [kind.endswith("BIRTH"), None]
    show(topic, payload.SerializeToString(), fields=fields)

for _ in range(50):
    # Aliases in place of names, and no types: what a birth would have told is in the settings.
    data_type = random.choice([*INTS, DataType.FLOAT])
    name = {**{it: it.name.replace("INT", "Int") for it in INTS}, DataType.FLOAT: "Float"}[data_type]
    pb = Metric(timestamp=TIME, name="x", datatype=data_type, value=None).to_pb(True)
    pb.ClearField("is_null")
    setattr(pb, data_type.field, raw(data_type))
    value = expected(pb)
    pb.ClearField("name")
    pb.ClearField("datatype")
    pb.alias = random.randrange(2**64)
    settings = {"aliases": {str(pb.alias): "x"}, "names": {"x": {"path": "x", "unit": "m", "type": name}}}
    body = message([pb]).SerializeToString()
    show(TOPICS["NDATA"], body, settings=settings, fields={"x": [value[0], "m"]})
    show(TOPICS["NDATA"], body, error="unsupported")

for _ in range(30):
    body = message([metric("x", DataType.DOUBLE)]).SerializeToString()
    # The sequence number comes last, and never without.
    show(TOPICS["NDATA"], body[: random.randrange(len(body) - 2)], error="malformed")

for topic in ["spBv1.0/group/NCMD/node", "spBv1.0/group/DCMD/node/device", "spBv1.0/STATE/host", "group/NDATA/node"]:
    show(topic, message([]).SerializeToString(), error="not-mine")

death = Payload(timestamp=TIME)
death.metrics.append(Metric(timestamp=TIME, name="bdSeq", datatype=DataType.UINT64, value=3).to_pb(True))
show("spBv1.0/group/NDEATH/node", death.SerializeToString(), fields={"online": [False, None], "bdseq": [3, None]})
assert math.isfinite(shortest(1e38))
