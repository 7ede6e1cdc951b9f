# needs: mini-racer==0.14.1
"""Codecs in the style of published ones, run by V8 instead of QuickJS."""

import base64
import json
import random

from py_mini_racer import MiniRacer

RANDOM = random.Random(20261127)
RECEIVED = "2026-11-27T06:25:00.123Z"

CODECS = [
    # Bits, signs, parseFloat of toFixed, texts, and a port that it does not know.
    """function decodeUplink(input) {
      var b = input.bytes, data = {};
      if (input.fPort > 3) { return { errors: ['unknown FPort'] }; }
      data.bat = ((b[0] << 8 | b[1]) & 0x3FFF) / 1000;
      data.temp = parseFloat(((b[2] << 24 >> 16 | b[3]) / 100).toFixed(2));
      data.hum = ((b[4] << 8 | b[5]) & 0xFFF) * 0.1;
      data.text = (b[6] * 1.1).toFixed(3) + ' V';
      data.state = b[7] & 1 ? 'open' : 'closed';
      data.flag = !!(b[7] & 2);
      data.big = (b[8] << 24 | b[9] << 16 | b[10] << 8 | b[11]) >>> 0;
      return { data: data, warnings: ['ignored'] };
    }""",
    # Channels and types until the bytes end, with lists, floats, and globals that nobody declared.
    """var seen = 0;
    function Decoder(bytes, port) {
      var decoded = { port1: port, seen: ++seen };
      leaked = (typeof leaked === 'undefined' ? 0 : leaked) + 1;
      decoded.leaked = leaked;
      for (var i = 0; i < bytes.length;) {
        var type = bytes[i++] % 4;
        if (type === 0) { decoded.a = (decoded.a || []).concat(readInt16(bytes.slice(i, i + 2)) / 10); i += 2; }
        else if (type === 1) { decoded.f = readFloat(bytes.slice(i, i + 4)); i += 4; }
        else if (type === 2) { decoded.s = { x: Math.pow(bytes[i] / 50, 3) - 0.053, y: Math.log(bytes[i]) }; i += 1; }
        else { decoded.last = String.fromCharCode(65 + bytes[i] % 26); i += 1; }
      }
      return decoded;
    }
    function readInt16(b) { var v = (b[1] << 8) + b[0]; return v > 0x7fff ? v - 0x10000 : v; }
    function readFloat(b) {
      var bits = (b[3] << 24) | (b[2] << 16) | (b[1] << 8) | b[0];
      var sign = bits >>> 31 ? -1 : 1, e = (bits >>> 23) & 0xff;
      var m = e === 0 ? (bits & 0x7fffff) << 1 : (bits & 0x7fffff) | 0x800000;
      return e === 255 ? NaN : sign * m * Math.pow(2, e - 150);
    }""",
    # What is newer in the language, and the time.
    """const names = new Map([[0, 'heart beat'], [1, 'alarm']]);
    class Reader { constructor(bytes) { this.view = new DataView(Uint8Array.from(bytes).buffer); }
      at(offset) { return this.view.getInt16(offset, true); } }
    function decodeUplink({ bytes, fPort, recvTime }) {
      if (bytes.length < 4) throw new Error('too short');
      const reader = new Reader(bytes);
      const [first, ...rest] = bytes;
      const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
      return { data: { kind: names.get(first % 3) ?? 'other', hex, sum: rest.reduce((a, b) => a + b, 0) * 0.01,
        angle: reader.at(0) / 182.04, ratio: reader.at(2) / 0, when: recvTime.toISOString(),
        year: recvTime.getUTCFullYear(), none: undefined, big: 2 ** 40 + fPort,
        match: /^(?<head>[0-9a-f]{2})/.exec(hex).groups.head } };
    }""",
]

CALL = """
function run(bytes, port) {
  if (typeof decodeUplink !== 'function') { return JSON.stringify({ data: Decoder(bytes, port) }); }
  return JSON.stringify(decodeUplink({ bytes: bytes, fPort: port, recvTime: new Date('%s') }));
}
""" % RECEIVED


def flatten(name, value, fields):
    if isinstance(value, dict):
        for key, inner in value.items():
            flatten(f"{name}.{key}" if name else key, inner, fields)
    elif isinstance(value, list):
        for at, inner in enumerate(value, 1):
            flatten(f"{name}-{at}", inner, fields)
    elif isinstance(value, (bool, str)):
        fields[name] = [value, None]
    elif value is not None:
        value = float(value)
        fields[name] = [value if value.is_integer() else float(f"{value:.12g}"), None]


def answer(codec, payload, port):
    """By a new engine each time: a codec must not find what it left behind."""
    engine = MiniRacer()
    try:
        engine.eval(codec + CALL)
        output = json.loads(engine.call("run", list(payload), port))
    except Exception:  # whatever the codec threw
        return {"error": "malformed"}
    if output.get("errors"):
        return {"error": "malformed"}
    fields = {}
    flatten("", output["data"], fields)
    return {"fields": fields}


for codec in CODECS:
    for _ in range(60):
        payload = RANDOM.randbytes(RANDOM.choice([1, 3, 12, 20]))
        port = RANDOM.randrange(1, 5)
        uplink = {"f_port": port, "frm_payload": base64.b64encode(payload).decode(), "received_at": RECEIVED}
        body = json.dumps({"end_device_ids": {}, "uplink_message": uplink})
        frame = {"settings": {"codec": codec}, "channel": "v3/a/devices/b/up", "hex": body.encode().hex()}
        print(json.dumps(frame | answer(codec, payload, port)))
