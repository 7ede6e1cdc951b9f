//! Which LOINC code stands for which path and unit, for reading Observations and for writing them.
//!
//! # Promises
//!
//! - Each code appears once. Of several for one path and unit, the first is the one to write.
//! - Units are UCUM, and only such as the code's property has: none in mmol/L for a mass concentration.

/// The code system of all codes here, as FHIR names it.
pub const LOINC: &str = "http://loinc.org";

/// One code, and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coding {
    /// The LOINC code.
    pub code: &'static str,
    /// Its long common name in LOINC.
    pub display: &'static str,
    /// The field's path.
    pub path: &'static str,
    /// The units that a value may have, in UCUM.
    pub units: &'static [&'static str],
}

/// The code that says `path`, measured in `unit`.
#[must_use]
pub fn coding_of(path: &str, unit: &str) -> Option<&'static Coding> {
    CODINGS.iter().find(|it| it.path == path && it.units.contains(&unit))
}

/// Panels whose components have codes of [`CODINGS`]: the blood pressure, and vital signs together.
pub const PANELS: &[(&str, &str)] = &[
    ("85354-9", "Blood pressure panel with all children optional"),
    ("55284-4", "Blood pressure systolic and diastolic"),
    ("35094-2", "Blood pressure panel"),
    ("85353-1", "Vital signs, weight, height, head circumference, oxygen saturation and BMI panel"),
    ("34565-2", "Vital signs, weight and height panel"),
    ("8716-3", "Vital signs"),
];

/// A count: the only unit here whose numbers are whole.
pub const STEPS: &str = "{steps}";

const RATE: &[&str] = &["/min"];
const PRESSURE: &[&str] = &["mm[Hg]", "kPa"];
const TEMPERATURE: &[&str] = &["Cel", "[degF]"];
const MASS: &[&str] = &["kg", "g", "[lb_av]"];
const LENGTH: &[&str] = &["cm", "m", "[in_i]"];
const SHARE: &[&str] = &["%"];
const MASS_CONCENTRATION: &[&str] = &["mg/dL"];
const SUBSTANCE_CONCENTRATION: &[&str] = &["mmol/L"];

const fn coding(
    code: &'static str,
    display: &'static str,
    path: &'static str,
    units: &'static [&'static str],
) -> Coding {
    Coding { code, display, path, units }
}

/// All codes that are known without settings.
pub const CODINGS: &[Coding] = &[
    coding("8867-4", "Heart rate", "heart-rate", RATE),
    coding("76282-3", "Heart rate.beat-to-beat by EKG", "heart-rate", RATE),
    coding("40443-4", "Heart rate --resting", "heart-rate", RATE),
    coding("8889-8", "Heart rate by Pulse oximetry", "pulse-rate", RATE),
    coding("8893-0", "Heart rate Peripheral artery by palpation", "pulse-rate", RATE),
    coding("80404-7", "R-R interval", "rr-interval", &["s", "ms"]),
    coding("8480-6", "Systolic blood pressure", SYSTOLIC, PRESSURE),
    coding("8459-0", "Systolic blood pressure--sitting", SYSTOLIC, PRESSURE),
    coding("8460-8", "Systolic blood pressure--standing", SYSTOLIC, PRESSURE),
    coding("8461-6", "Systolic blood pressure--supine", SYSTOLIC, PRESSURE),
    coding("76534-7", "Systolic blood pressure by Noninvasive", SYSTOLIC, PRESSURE),
    coding("8462-4", "Diastolic blood pressure", DIASTOLIC, PRESSURE),
    coding("8453-3", "Diastolic blood pressure--sitting", DIASTOLIC, PRESSURE),
    coding("8454-1", "Diastolic blood pressure--standing", DIASTOLIC, PRESSURE),
    coding("8455-8", "Diastolic blood pressure--supine", DIASTOLIC, PRESSURE),
    coding("76535-4", "Diastolic blood pressure by Noninvasive", DIASTOLIC, PRESSURE),
    coding("8478-0", "Mean blood pressure", MEAN, PRESSURE),
    coding("76536-2", "Mean blood pressure by Noninvasive", MEAN, PRESSURE),
    coding(
        "59408-5",
        "Oxygen saturation in Arterial blood by Pulse oximetry",
        "oxygen-saturation",
        SHARE,
    ),
    coding("2708-6", "Oxygen saturation in Arterial blood", "oxygen-saturation", SHARE),
    coding("61006-3", "Perfusion index Tissue by Pulse oximetry", "pulse-amplitude-index", SHARE),
    coding("8310-5", "Body temperature", "body-temperature", TEMPERATURE),
    coding("8331-1", "Oral temperature", "body-temperature", TEMPERATURE),
    coding("8332-9", "Rectal temperature", "body-temperature", TEMPERATURE),
    coding("8333-7", "Tympanic membrane temperature", "body-temperature", TEMPERATURE),
    coding("8328-7", "Axillary temperature", "body-temperature", TEMPERATURE),
    coding("75539-7", "Body temperature - Temporal artery", "body-temperature", TEMPERATURE),
    coding("9279-1", "Respiratory rate", "respiratory-rate", RATE),
    coding("2339-0", "Glucose [Mass/volume] in Blood", "glucose", MASS_CONCENTRATION),
    coding(
        "41653-7",
        "Glucose [Mass/volume] in Capillary blood by Glucometer",
        "glucose",
        MASS_CONCENTRATION,
    ),
    coding("32016-8", "Glucose [Mass/volume] in Capillary blood", "glucose", MASS_CONCENTRATION),
    coding("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "glucose", MASS_CONCENTRATION),
    coding("99504-3", "Glucose [Mass/volume] in Interstitial fluid", "glucose", MASS_CONCENTRATION),
    coding("15074-8", "Glucose [Moles/volume] in Blood", "glucose", SUBSTANCE_CONCENTRATION),
    coding(
        "14743-9",
        "Glucose [Moles/volume] in Capillary blood by Glucometer",
        "glucose",
        SUBSTANCE_CONCENTRATION,
    ),
    coding(
        "14749-6",
        "Glucose [Moles/volume] in Serum or Plasma",
        "glucose",
        SUBSTANCE_CONCENTRATION,
    ),
    coding("29463-7", "Body weight", "body-weight", MASS),
    coding("3141-9", "Body weight Measured", "body-weight", MASS),
    coding("8302-2", "Body height", "body-height", LENGTH),
    coding("3137-7", "Body height Measured", "body-height", LENGTH),
    coding("8306-3", "Body height --lying", "body-height", LENGTH),
    coding("39156-5", "Body mass index (BMI) [Ratio]", "bmi", &["kg/m2"]),
    coding("41982-0", "Percentage of body fat Measured", "body-fat", SHARE),
    coding("55423-8", "Number of steps in unspecified time Pedometer", "steps", &[STEPS]),
    coding("41950-7", "Number of steps in 24 hour Measured", "steps", &[STEPS, "/d"]),
    coding("93832-4", "Sleep duration", "sleep-duration", &["h", "min", "s"]),
    coding(
        "55424-6",
        "Calories burned in unspecified time Pedometer",
        "energy-expended",
        &["kcal", "kJ"],
    ),
    coding("55430-3", "Walking distance unspecified time Pedometer", "distance", &["m", "km"]),
];

const SYSTOLIC: &str = "blood-pressure.systolic";
const DIASTOLIC: &str = "blood-pressure.diastolic";
const MEAN: &str = "blood-pressure.mean";
