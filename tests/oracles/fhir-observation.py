# needs: fhir.resources==8.3.0
"""Observations and Bundles of FHIR R4, right and broken, judged and read by fhir.resources (its R4B, which has the same
Observation)."""

import json
import random
from decimal import Decimal

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.observation import Observation

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
# Code, path, and units as FHIR and as we write them.
CODES = [
    ("8867-4", "heart-rate", [("/min", "/min"), ("{beats}/min", "/min")]),
    ("8310-5", "body-temperature", [("Cel", "Cel"), ("[degF]", "[degF]")]),
    ("9279-1", "respiratory-rate", [("/min", "/min"), ("{breaths}/min", "/min")]),
    ("59408-5", "oxygen-saturation", [("%", "%")]),
    ("2708-6", "oxygen-saturation", [("%", "%")]),
    ("2339-0", "glucose", [("mg/dL", "mg/dL")]),
    ("15074-8", "glucose", [("mmol/L", "mmol/L")]),
    ("29463-7", "body-weight", [("kg", "kg"), ("g", "g"), ("[lb_av]", "[lb_av]")]),
    ("8302-2", "body-height", [("cm", "cm"), ("[in_i]", "[in_i]")]),
    ("39156-5", "bmi", [("kg/m2", "kg/m2")]),
    ("93832-4", "sleep-duration", [("h", "h"), ("min", "min")]),
]
COUNTED = {"preliminary", "final", "amended", "corrected"}
rng = random.Random(4001)


def number():
    # Longer ones are not promised to the last bit.
    digits = rng.choice([2, 3, 4, 15])
    return Decimal(rng.randint(1, 10**digits)).scaleb(-rng.randint(0, digits - 1))


def concept(code):
    codings = [{"system": LOINC, "code": code, "display": "x"}, {"system": "http://snomed.info/sct", "code": "1"}]
    rng.shuffle(codings)
    return {"coding": codings, "text": "x"}


def quantity(units):
    written, _ = rng.choice(units)
    made = {"value": number(), "unit": "something", "system": UCUM, "code": written}
    if rng.random() < 0.1:
        made["comparator"] = rng.choice(["<", "<=", ">=", ">"])
    return made


def observation():
    code, _, units = rng.choice(CODES)
    made = {"resourceType": "Observation", "id": "a", "status": rng.choice([*COUNTED, *COUNTED, "entered-in-error", "cancelled"]),
            "code": concept(code), "subject": {"reference": "Patient/ada"}}
    if rng.random() < 0.9:
        made["valueQuantity"] = quantity(units)
    else:
        made["dataAbsentReason"] = {"coding": [{"code": "unknown"}]}
    if rng.random() < 0.6:
        made["effectiveDateTime"] = rng.choice(["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.25+01:00", "2026-01-02", "2026-01", "2026"])
    elif rng.random() < 0.5:
        made["effectivePeriod"] = {"start": "2026-01-02T03:04:05Z", "end": "2026-01-02T04:04:05Z"}
    return made


def pressure():
    made = {"resourceType": "Observation", "status": "final", "code": concept("85354-9"), "component": []}
    for code in ("8480-6", "8462-4"):
        component = {"code": concept(code)}
        if rng.random() < 0.8:
            component["valueQuantity"] = quantity([("mm[Hg]", "mm[Hg]")])
        else:
            component["dataAbsentReason"] = {"text": "x"}
        made["component"].append(component)
    return made


def broken(made):
    kind = rng.randrange(6)
    if kind == 0:
        made.pop(rng.choice(["status", "code"]))
    elif kind == 1:
        made["valueInteger"] = 7
        made["valueString"] = "7"
    elif kind == 2:
        made["effectiveDateTime"] = rng.choice(["2026-13", "2026-01-02T03:04", "yesterday", "2026-02-30"])
        made.pop("effectivePeriod", None)
    elif kind == 3:
        made["effectiveInstant"] = "2026-01-02T03:04:05Z"
        made["effectiveDateTime"] = "2026-01-02T03:04:05Z"
    elif kind == 4:
        made["code"] = "8867-4"
    else:
        made["component"] = {"code": {}}
    return made


def values(read):
    """What the library read, in our words."""
    paths = {code: (path, dict(units)) for code, path, units in CODES}
    paths |= {code: (f"blood-pressure.{name}", {"mm[Hg]": "mm[Hg]"}) for code, name in (("8480-6", "systolic"), ("8462-4", "diastolic"))}
    told = {}
    if read.status in COUNTED:
        for part in [read, *(read.component or [])]:
            quantity = part.valueQuantity
            code = next(it.code for it in part.code.coding if it.system == LOINC)
            if quantity and not quantity.comparator and code in paths:
                path, units = paths[code]
                told.setdefault(path, [float(quantity.value), units[quantity.code]])
    return told


def text(made):
    """JSON with decimals as they are: `json` knows floats alone."""
    marked = json.dumps(made, default=lambda it: f"\u0001{it:f}\u0001")
    return marked.replace('"\\u0001', "").replace('\\u0001"', "")


def tell(made, **expected):
    print(json.dumps({"settings": {}, "channel": "hub", "hex": text(made).encode().hex(), **expected}))


def main():
    for _ in range(300):
        made = observation() if rng.random() < 0.7 else pressure()
        tell(made, fields=values(Observation.model_validate(made)))
    for _ in range(60):
        entries = [{"resource": observation()}, {"resource": {"resourceType": "Patient", "id": "ada"}}]
        made = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        read = Bundle.model_validate(made)
        tell(made, fields=values(read.entry[0].resource))
    for _ in range(120):
        made = broken(observation())
        try:
            Observation.model_validate(made)
        except ValueError:
            tell(made, error="malformed")


main()
