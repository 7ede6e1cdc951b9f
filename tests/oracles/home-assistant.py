# needs: jinja2==3.1.6
"""States and templates, rendered by Jinja itself with the filters that Home Assistant replaces.

Products are rounded in the template: Jinja multiplies in binary (0.30000000000000004), the adapter in decimals.
"""

import json
import random

import jinja2

NOTHING = object()


def forgiving_float(value, default=NOTHING):
    try:
        return float(value)
    except (ValueError, TypeError):
        if default is NOTHING:
            raise
        return default


def forgiving_int(value, default=NOTHING):
    try:
        return int(value) if not isinstance(value, str) else int(float(value))
    except (ValueError, TypeError):
        if default is NOTHING:
            raise
        return default


def forgiving_round(value, places=0):
    value = round(float(value), places)
    return int(value) if places == 0 else value


def is_defined(value):
    if isinstance(value, jinja2.Undefined):
        raise jinja2.UndefinedError
    return value


environment = jinja2.Environment()
environment.filters.update(
    float=forgiving_float, int=forgiving_int, round=forgiving_round, is_defined=is_defined
)

TEMPLATES = [
    "{{ value_json.a }}",
    "{{value_json['a']}}",
    "{{ value_json.n.a }}",
    "{{ value_json['n']['a'] | float }}",
    "{{ value_json.l[1] }}",
    "{{ value_json.a / 10 }}",
    "{{ value_json.a | float / 10 }}",
    "{{ (value_json.a * 0.1) | round(4) }}",
    "{{ (value_json.a | float * 0.01 + 1) | round(4) }}",
    "{{ value_json.a | int }}",
    "{{ value_json.a | round(1) }}",
    "{{ value_json.a | round }}",
    "{{ -value_json.a }}",
    "{{ (0 - value_json.a) | abs }}",
    "{{ value_json.x | default(7) }}",
    "{{ value_json.x | float(3) }}",
    "{{ value_json.x | is_defined }}",
    "{{ value_json.x.y }}",
    "{{ value_json.t | float(1) }}",
    "{{ value_json.t | int(2) }}",
    "{{ 1 if value_json.a > 50 else 2 if value_json.a >= 0 else 3 }}",
    "{{ 1 if value_json.x is defined else 2 }}",
    "{{ 1 if value_json.b else 2 }}",
    "{{ 1 if value_json.b and value_json.a > 0 else 2 }}",
    "{{ 1 if not value_json.b or value_json.t == 'open' else 2 }}",
    "{{ 1 if value_json.t != 'open' else 2 }}",
    "{{ 2 + 3 * value_json.c - 1 }}",
    "{{ (2 + 3) * value_json.c }}",
]


def state(chance):
    a = chance.choice(
        [chance.randint(-500, 4000), round(chance.uniform(-50, 150), chance.choice([1, 2])), 0]
    )
    state = {"a": a, "n": {"a": round(chance.uniform(0, 99), 2)}, "l": [1, chance.randint(0, 9)]}
    state["b"] = chance.choice([True, False])
    state["c"] = chance.randint(0, 99)
    state["t"] = chance.choice(["open", "closed", "12.5", "-3", ""])
    return state


def main():
    chance = random.Random(20251127)
    for template in TEMPLATES:
        for _ in range(15):
            body = json.dumps(state(chance))
            fields = {}
            try:
                text = environment.from_string(template).render(
                    value=body, value_json=json.loads(body)
                )
                fields["power"] = [float(text), "W"]
            except (jinja2.UndefinedError, ValueError, TypeError):
                pass
            entity = {
                "stat_t": "t",
                "val_tpl": template,
                "dev_cla": "power",
                "unit_of_meas": "W",
            }
            settings = {"entities": [entity]}
            line = {"settings": settings, "channel": "t", "hex": body.encode().hex(), "fields": fields}
            print(json.dumps(line))


if __name__ == "__main__":
    main()
