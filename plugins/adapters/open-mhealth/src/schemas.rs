//! The schemas that are read, as tables: github.com/openmhealth/schemas, and IEEE 1752.1-2021.
//!
//! # Promises
//!
//! - What a schema requires, and the types, units and words that it allows, are asked. Other properties are
//!   allowed unless the schema is closed.

use super::{
    properties::{
        ACTIVITY_PROPERTY, ARISING, AWAKE, AWAKENINGS, BLOOD_GLUCOSE, BODY_TEMPERATURE,
        BODY_WEIGHT, DENOMINATOR, DIASTOLIC, FLOW, HEART_RATE, IEEE_FRAME, IEEE_SPAN, LATENCY,
        LOCATION, MAIN_SLEEP, MEAL_PROPERTY, NOTES, OMH_FRAME, OMH_SPAN, OXYGEN_SATURATION,
        POSTURE_PROPERTY, SHARE, SLEEP, SLEEPING_PROPERTY, SPECIMEN_1, SPECIMEN_2, STATISTIC,
        STATISTIC_PROPERTY, STATISTICS_1_0, STEPS, SYSTOLIC, THERMOMETER, TIME_FRAME,
        TOTAL_SLEEP_TIME, WINDOW,
    },
    rule::Rule,
    time::DURATIONS,
};

/// One schema in one or more versions that say the same.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) namespace: &'static str,
    pub(crate) name: &'static str,
    pub(crate) versions: &'static [&'static str],
    pub(crate) required: &'static [&'static str],
    pub(crate) properties: &'static [(&'static str, Rule)],
    /// No other properties (`additionalProperties: false`).
    pub(crate) is_closed: bool,
}

/// The schema that is called so.
pub(crate) fn find(namespace: &str, name: &str, version: &str) -> Option<&'static Schema> {
    SCHEMAS
        .iter()
        .find(|it| it.namespace == namespace && it.name == name && it.versions.contains(&version))
}

const fn omh(
    name: &'static str,
    versions: &'static [&'static str],
    required: &'static [&'static str],
    properties: &'static [(&'static str, Rule)],
) -> Schema {
    Schema { namespace: "omh", name, versions, required, properties, is_closed: false }
}

const fn closed(schema: Schema) -> Schema {
    Schema { is_closed: true, ..schema }
}

const fn ieee(schema: Schema) -> Schema {
    Schema { namespace: "ieee", ..schema }
}

static SCHEMAS: &[Schema] = &[
    omh(
        "heart-rate",
        &["1.0", "1.1"],
        &["heart_rate"],
        &[HEART_RATE, OMH_FRAME, STATISTIC_PROPERTY, ACTIVITY_PROPERTY, SLEEPING_PROPERTY, NOTES],
    ),
    omh(
        "heart-rate",
        &["2.0"],
        &["heart_rate", TIME_FRAME],
        &[HEART_RATE, OMH_FRAME, STATISTIC_PROPERTY, ACTIVITY_PROPERTY, SLEEPING_PROPERTY],
    ),
    omh(
        "heart-rate",
        &["3.0"],
        &["heart_rate", TIME_FRAME],
        &[HEART_RATE, IEEE_FRAME, STATISTIC_PROPERTY, ACTIVITY_PROPERTY, SLEEPING_PROPERTY],
    ),
    closed(omh(
        "blood-pressure",
        &["2.0"],
        &["systolic_blood_pressure", "diastolic_blood_pressure"],
        &[SYSTOLIC, DIASTOLIC, OMH_FRAME, POSTURE_PROPERTY, STATISTIC_PROPERTY, NOTES],
    )),
    omh(
        "blood-pressure",
        &["3.0"],
        &["systolic_blood_pressure", "diastolic_blood_pressure", TIME_FRAME],
        &[
            SYSTOLIC,
            DIASTOLIC,
            OMH_FRAME,
            POSTURE_PROPERTY,
            STATISTIC_PROPERTY,
            ("measurement_location", LOCATION),
        ],
    ),
    omh(
        "blood-pressure",
        &["3.1"],
        &["systolic_blood_pressure", "diastolic_blood_pressure", TIME_FRAME],
        &[
            SYSTOLIC,
            DIASTOLIC,
            OMH_FRAME,
            POSTURE_PROPERTY,
            STATISTIC_PROPERTY,
            ("measurement_location", LOCATION),
            ACTIVITY_PROPERTY,
        ],
    ),
    omh(
        "blood-pressure",
        &["4.0"],
        &["systolic_blood_pressure", "diastolic_blood_pressure", TIME_FRAME],
        &[
            SYSTOLIC,
            DIASTOLIC,
            IEEE_FRAME,
            POSTURE_PROPERTY,
            STATISTIC_PROPERTY,
            ("measurement_location", LOCATION),
            ACTIVITY_PROPERTY,
        ],
    ),
    omh(
        "blood-glucose",
        &["2.0"],
        &["blood_glucose"],
        &[
            BLOOD_GLUCOSE,
            OMH_FRAME,
            STATISTIC_PROPERTY,
            MEAL_PROPERTY,
            SLEEPING_PROPERTY,
            NOTES,
            ("specimen_source", SPECIMEN_1),
            ("blood_glucose_specimen_source", SPECIMEN_1),
        ],
    ),
    omh(
        "blood-glucose",
        &["3.0"],
        &["blood_glucose", TIME_FRAME],
        &[
            BLOOD_GLUCOSE,
            OMH_FRAME,
            STATISTIC_PROPERTY,
            MEAL_PROPERTY,
            SLEEPING_PROPERTY,
            ("specimen_source", SPECIMEN_2),
        ],
    ),
    omh(
        "blood-glucose",
        &["4.0"],
        &["blood_glucose", TIME_FRAME],
        &[
            BLOOD_GLUCOSE,
            IEEE_FRAME,
            STATISTIC_PROPERTY,
            MEAL_PROPERTY,
            SLEEPING_PROPERTY,
            ("specimen_source", SPECIMEN_2),
        ],
    ),
    omh("body-weight", &["1.0"], &["body_weight"], &[BODY_WEIGHT, OMH_FRAME, STATISTIC_PROPERTY]),
    omh(
        "body-weight",
        &["2.0"],
        &["body_weight", TIME_FRAME],
        &[BODY_WEIGHT, OMH_FRAME, STATISTIC_PROPERTY],
    ),
    omh(
        "body-weight",
        &["3.0"],
        &["body_weight", TIME_FRAME],
        &[BODY_WEIGHT, IEEE_FRAME, STATISTIC_PROPERTY],
    ),
    omh(
        "body-temperature",
        &["2.0", "3.0"],
        &["body_temperature", TIME_FRAME],
        &[
            BODY_TEMPERATURE,
            OMH_FRAME,
            STATISTIC_PROPERTY,
            SLEEPING_PROPERTY,
            ("measurement_location", THERMOMETER),
        ],
    ),
    omh(
        "body-temperature",
        &["4.0"],
        &["body_temperature", TIME_FRAME],
        &[
            BODY_TEMPERATURE,
            IEEE_FRAME,
            STATISTIC_PROPERTY,
            SLEEPING_PROPERTY,
            ("measurement_location", THERMOMETER),
        ],
    ),
    // Its published revisions differ in words and units: what any of them allows.
    omh(
        "oxygen-saturation",
        &["1.0"],
        &["oxygen_saturation"],
        &[
            OXYGEN_SATURATION,
            OMH_FRAME,
            STATISTIC_PROPERTY,
            ("supplemental_oxygen_flow_rate", Rule::Amount(FLOW)),
            (
                "system",
                Rule::OneOf(&[
                    "peripheral capillary",
                    "arterial",
                    "capillary",
                    "intracardiac",
                    "jugular bulb",
                    "peripheral",
                    "conjunctival",
                    "venous",
                    "mixed venous",
                    "superior vena cava",
                ]),
            ),
            (
                "oxygen_therapy_mode_of_administration",
                Rule::OneOf(&["nasal cannula", "face mask", "Venturi mask"]),
            ),
            (
                "measurement_method",
                Rule::OneOf(&[
                    "pulse oximetry",
                    "arterial blood gas analyzer",
                    "CO-oximetry",
                    "near-infrared spectroscopy (NIRS)",
                ]),
            ),
        ],
    ),
    omh(
        "oxygen-saturation",
        &["2.0"],
        &["oxygen_saturation", TIME_FRAME],
        &[
            OXYGEN_SATURATION,
            OMH_FRAME,
            STATISTIC_PROPERTY,
            ("supplemental_oxygen_flow_rate", Rule::Quantity(None, &[("L/min", "L/min")])),
            ("system", Rule::OneOf(&["peripheral capillary"])),
            ("oxygen_therapy_mode_of_administration", Rule::OneOf(&["nasal cannula"])),
            ("measurement_method", Rule::OneOf(&["pulse oximetry"])),
        ],
    ),
    omh(
        "oxygen-saturation",
        &["3.0"],
        &["oxygen_saturation", TIME_FRAME],
        &[
            OXYGEN_SATURATION,
            IEEE_FRAME,
            STATISTIC_PROPERTY,
            ("supplemental_oxygen_flow_rate", Rule::Quantity(None, &[("L/min", "L/min")])),
            ("system", Rule::OneOf(&["peripheral capillary"])),
            ("oxygen_therapy_mode_of_administration", Rule::OneOf(&["nasal cannula"])),
            ("measurement_method", Rule::OneOf(&["pulse oximetry"])),
        ],
    ),
    omh(
        "step-count",
        &["1.0"],
        &["step_count"],
        &[("step_count", Rule::Number("steps", "{steps}")), OMH_FRAME],
    ),
    omh(
        "step-count",
        &["2.0"],
        &["step_count", TIME_FRAME],
        &[
            ("step_count", Rule::Number("steps", "{steps}")),
            OMH_SPAN,
            (STATISTIC, STATISTICS_1_0),
            WINDOW,
        ],
    ),
    omh(
        "step-count",
        &["3.0"],
        &["step_count", TIME_FRAME],
        &[
            ("step_count", Rule::Quantity(Some("steps"), STEPS)),
            OMH_SPAN,
            (STATISTIC, STATISTICS_1_0),
            DENOMINATOR,
        ],
    ),
    omh(
        "sleep-duration",
        &["1.0"],
        &["sleep_duration"],
        &[("sleep_duration", Rule::Quantity(Some("sleep-duration"), SLEEP)), OMH_FRAME, NOTES],
    ),
    omh(
        "sleep-duration",
        &["2.0"],
        &["sleep_duration", TIME_FRAME],
        &[
            ("sleep_duration", Rule::Quantity(Some("sleep-duration"), SLEEP)),
            OMH_SPAN,
            STATISTIC_PROPERTY,
            WINDOW,
            DENOMINATOR,
        ],
    ),
    omh(
        "total-sleep-time",
        &["1.0"],
        &["total_sleep_time", TIME_FRAME],
        &[TOTAL_SLEEP_TIME, OMH_SPAN, STATISTIC_PROPERTY, DENOMINATOR],
    ),
    ieee(omh(
        "total-sleep-time",
        &["1.0"],
        &["total_sleep_time", TIME_FRAME],
        &[
            TOTAL_SLEEP_TIME,
            IEEE_SPAN,
            STATISTIC_PROPERTY,
            DENOMINATOR,
            MAIN_SLEEP,
            ("sleep_events", Rule::Intervals),
        ],
    )),
    omh(
        "sleep-episode",
        &["1.0", "1.1"],
        &[TIME_FRAME],
        &[
            TOTAL_SLEEP_TIME,
            OMH_SPAN,
            LATENCY,
            ARISING,
            AWAKE,
            AWAKENINGS,
            MAIN_SLEEP,
            ("total_sleep_period_duration", Rule::Quantity(None, DURATIONS)),
            ("initial_sleep_onset_date_time", Rule::DateTime),
            ("final_awakening_date_time", Rule::DateTime),
            ("sleep_maintenance_efficiency_percentage", Rule::Quantity(None, SHARE)),
        ],
    ),
    ieee(omh(
        "sleep-episode",
        &["1.0"],
        &[TIME_FRAME],
        &[
            TOTAL_SLEEP_TIME,
            IEEE_SPAN,
            LATENCY,
            ARISING,
            AWAKE,
            AWAKENINGS,
            MAIN_SLEEP,
            ("light_sleep_duration", Rule::Quantity(None, DURATIONS)),
            ("deep_sleep_duration", Rule::Quantity(None, DURATIONS)),
            ("rem_sleep_duration", Rule::Quantity(None, DURATIONS)),
            ("sleep_efficiency_percentage", Rule::Quantity(None, SHARE)),
        ],
    )),
];
