//! What a unit is called in UCUM, whichever way it was written.

/// Texts that people write for a unit, and its UCUM code. Consulted only where no UCUM code was given.
const WORDS: &[(&str, &[&str])] = &[
    (
        "/min",
        &[
            "/min",
            "1/min",
            "bpm",
            "beats/min",
            "beats/minute",
            "beats per minute",
            "breaths/min",
            "breaths/minute",
            "per minute",
        ],
    ),
    ("mm[Hg]", &["mmHg", "mm Hg", "mm[Hg]"]),
    ("kPa", &["kPa"]),
    ("Cel", &["C", "°C", "Cel", "degC", "deg C", "degrees C", "degree Celsius", "degrees Celsius"]),
    ("[degF]", &["F", "°F", "[degF]", "degF", "deg F", "degrees F", "degrees Fahrenheit"]),
    ("%", &["%", "percent"]),
    ("mg/dL", &["mg/dL", "mg/dl"]),
    ("mmol/L", &["mmol/L", "mmol/l"]),
    ("kg", &["kg", "kilogram", "kilograms"]),
    ("g", &["g", "gram", "grams"]),
    ("[lb_av]", &["[lb_av]", "lb_av", "lb", "lbs", "pound", "pounds"]),
    ("cm", &["cm", "centimeter", "centimeters"]),
    ("m", &["m", "meter", "meters", "metre", "metres"]),
    ("km", &["km"]),
    ("[in_i]", &["[in_i]", "in_i", "in", "inch", "inches"]),
    ("kg/m2", &["kg/m2", "kg/m^2", "kg/m²"]),
    ("s", &["s", "sec", "second", "seconds"]),
    ("ms", &["ms", "millisecond", "milliseconds"]),
    ("min", &["min", "minute", "minutes"]),
    ("h", &["h", "hr", "hour", "hours"]),
    ("kcal", &["kcal", "kilocalorie", "kilocalories"]),
    ("kJ", &["kJ"]),
    ("/d", &["/d", "steps/day", "steps/d", "/day"]),
    ("1", &["steps", "step", "count", "{steps}"]),
];

/// UCUM codes that mean the same as the one that `docs/fields.md` uses, annotations taken off.
const SYNONYMS: &[(&str, &str)] = &[
    ("", "1"),
    ("1/min", "/min"),
    ("min-1", "/min"),
    ("mg/dl", "mg/dL"),
    ("mmol/l", "mmol/L"),
    ("kg/m^2", "kg/m2"),
    ("kg.m-2", "kg/m2"),
    ("1/d", "/d"),
    ("/(24.h)", "/d"),
];

/// The usual form of a UCUM code: `{beats}/min` is `/min`, and what only counts things is `1`.
pub(crate) fn of_ucum(code: &str) -> String {
    let bare = without_annotations(code);
    match SYNONYMS.iter().find(|(written, _)| *written == bare) {
        Some((_, usual)) => (*usual).to_owned(),
        None => bare,
    }
}

/// The UCUM code of a unit that is given as text for people.
pub(crate) fn of_words(text: &str) -> Option<&'static str> {
    let text = text.trim();
    WORDS.iter().find(|(_, words)| words.contains(&text)).map(|(ucum, _)| *ucum)
}

/// UCUM, section 12: what is in curly braces has no effect on the meaning.
fn without_annotations(code: &str) -> String {
    let mut bare = String::with_capacity(code.len());
    let mut rest = code;
    while let Some((before, after)) = rest.split_once('{') {
        bare.push_str(before);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    bare.push_str(rest);
    bare
}
