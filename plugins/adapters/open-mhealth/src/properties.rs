//! The properties that schemas share, with their units and words.

use super::{
    rule::{FrameRule, Rule, Unit},
    time::DURATIONS,
};

/// The property of every schema that says when.
pub(crate) const TIME_FRAME: &str = "effective_time_frame";
/// The property that says which of many values this one is.
pub(crate) const STATISTIC: &str = "descriptive_statistic";

pub(crate) const BEATS: &[Unit] = &[("beats/min", "/min")];
pub(crate) const PRESSURE: &[Unit] = &[("mmHg", "mm[Hg]")];
pub(crate) const GLUCOSE: &[Unit] = &[("mg/dL", "mg/dL"), ("mmol/L", "mmol/L")];
pub(crate) const TEMPERATURE: &[Unit] = &[("K", "K"), ("F", "[degF]"), ("C", "Cel")];
pub(crate) const SHARE: &[Unit] = &[("%", "%")];
pub(crate) const STEPS: &[Unit] = &[("steps", "{steps}")];
pub(crate) const SLEEP: &[Unit] = &[("sec", "s"), ("min", "min"), ("h", "h")];
pub(crate) const FLOW: &[Unit] = &[("L/min", "L/min"), ("LPM", "L/min")];
pub(crate) const MASS: &[Unit] = &[
    ("fg", "fg"),
    ("pg", "pg"),
    ("ng", "ng"),
    ("ug", "ug"),
    ("mg", "mg"),
    ("g", "g"),
    ("kg", "kg"),
    ("Metric Ton", "t"),
    ("gr", "[gr]"),
    ("oz", "[oz_av]"),
    ("lb", "[lb_av]"),
    ("Ton", "[ston_av]"),
];

pub(crate) const STATISTICS: Rule = Rule::OneOf(&[
    "average",
    "count",
    "maximum",
    "median",
    "minimum",
    "standard deviation",
    "sum",
    "variance",
    "20th percentile",
    "80th percentile",
    "lower quartile",
    "upper quartile",
    "quartile deviation",
    "1st quintile",
    "2nd quintile",
    "3rd quintile",
    "4th quintile",
]);
/// `descriptive-statistic-1.0`, which some schemas name instead of 1.x.
pub(crate) const STATISTICS_1_0: Rule = Rule::OneOf(&[
    "average",
    "maximum",
    "minimum",
    "standard deviation",
    "variance",
    "sum",
    "median",
]);
pub(crate) const ACTIVITY: Rule =
    Rule::OneOf(&["at rest", "active", "before exercise", "after exercise", "during exercise"]);
pub(crate) const SLEEPING: Rule = Rule::OneOf(&["before sleeping", "during sleep", "on waking"]);
pub(crate) const MEAL: Rule = Rule::OneOf(&[
    "fasting",
    "not fasting",
    "before meal",
    "after meal",
    "before breakfast",
    "after breakfast",
    "before lunch",
    "after lunch",
    "before dinner",
    "after dinner",
    "2 hours postprandial",
    "with meal",
    "with food",
]);
pub(crate) const SPECIMEN_1: Rule = Rule::OneOf(&[
    "interstitial fluid",
    "capillary blood",
    "plasma",
    "serum",
    "tears",
    "whole blood",
]);
pub(crate) const SPECIMEN_2: Rule = Rule::OneOf(&[
    "breath",
    "capillary blood",
    "interstitial fluid",
    "saliva",
    "sweat",
    "tears",
    "urine",
]);
pub(crate) const POSTURE: Rule =
    Rule::OneOf(&["sitting", "lying down", "standing", "semi-recumbent"]);
pub(crate) const LOCATION: Rule = Rule::OneOf(&[
    "left ankle",
    "right ankle",
    "left hip",
    "right hip",
    "left thigh",
    "right thigh",
    "left thorax",
    "middle left thorax",
    "left upper arm",
    "right upper arm",
    "left wrist",
    "right wrist",
]);
pub(crate) const THERMOMETER: Rule = Rule::OneOf(&[
    "axillary",
    "finger",
    "forehead",
    "oral",
    "rectal",
    "temporal artery",
    "toe",
    "tympanic",
    "wrist",
    "vagina",
]);

pub(crate) const OMH_FRAME: (&str, Rule) =
    (TIME_FRAME, Rule::Frame(FrameRule { part_of_day: true, only_interval: false }));
pub(crate) const OMH_SPAN: (&str, Rule) =
    (TIME_FRAME, Rule::Frame(FrameRule { part_of_day: true, only_interval: true }));
pub(crate) const IEEE_FRAME: (&str, Rule) =
    (TIME_FRAME, Rule::Frame(FrameRule { part_of_day: false, only_interval: false }));
pub(crate) const IEEE_SPAN: (&str, Rule) =
    (TIME_FRAME, Rule::Frame(FrameRule { part_of_day: false, only_interval: true }));

pub(crate) const HEART_RATE: (&str, Rule) =
    ("heart_rate", Rule::Quantity(Some("heart-rate"), BEATS));
pub(crate) const SYSTOLIC: (&str, Rule) =
    ("systolic_blood_pressure", Rule::Quantity(Some("blood-pressure.systolic"), PRESSURE));
pub(crate) const DIASTOLIC: (&str, Rule) =
    ("diastolic_blood_pressure", Rule::Quantity(Some("blood-pressure.diastolic"), PRESSURE));
pub(crate) const BLOOD_GLUCOSE: (&str, Rule) =
    ("blood_glucose", Rule::Quantity(Some("glucose"), GLUCOSE));
pub(crate) const BODY_WEIGHT: (&str, Rule) =
    ("body_weight", Rule::Quantity(Some("body-weight"), MASS));
pub(crate) const BODY_TEMPERATURE: (&str, Rule) =
    ("body_temperature", Rule::Quantity(Some("body-temperature"), TEMPERATURE));
pub(crate) const OXYGEN_SATURATION: (&str, Rule) =
    ("oxygen_saturation", Rule::Quantity(Some("oxygen-saturation"), SHARE));
pub(crate) const TOTAL_SLEEP_TIME: (&str, Rule) =
    ("total_sleep_time", Rule::Quantity(Some("sleep-duration"), DURATIONS));

pub(crate) const STATISTIC_PROPERTY: (&str, Rule) = (STATISTIC, STATISTICS);
pub(crate) const DENOMINATOR: (&str, Rule) = ("descriptive_statistic_denominator", Rule::Text);
pub(crate) const WINDOW: (&str, Rule) = ("statistic_window", Rule::Text);
pub(crate) const ACTIVITY_PROPERTY: (&str, Rule) =
    ("temporal_relationship_to_physical_activity", ACTIVITY);
pub(crate) const SLEEPING_PROPERTY: (&str, Rule) = ("temporal_relationship_to_sleep", SLEEPING);
pub(crate) const MEAL_PROPERTY: (&str, Rule) = ("temporal_relationship_to_meal", MEAL);
pub(crate) const POSTURE_PROPERTY: (&str, Rule) = ("body_posture", POSTURE);
pub(crate) const NOTES: (&str, Rule) = ("user_notes", Rule::Text);
pub(crate) const LATENCY: (&str, Rule) =
    ("latency_to_sleep_onset", Rule::Quantity(None, DURATIONS));
pub(crate) const ARISING: (&str, Rule) = ("latency_to_arising", Rule::Quantity(None, DURATIONS));
pub(crate) const AWAKE: (&str, Rule) = ("wake_after_sleep_onset", Rule::Quantity(None, DURATIONS));
pub(crate) const AWAKENINGS: (&str, Rule) = ("number_of_awakenings", Rule::Integer);
pub(crate) const MAIN_SLEEP: (&str, Rule) = ("is_main_sleep", Rule::Flag);
