//! Texts that are no grant: each is told with file and line, and what it must be.

use super::Grant;
use crate::source::Source;
use std::path::Path;

const GOOD: &str = r#"subject = "ada"
device = "pacemaker"
recipient = "hospital"
purpose = "sector-health:PatientMonitoring"
every = "5 min"
retention = "30 days"
valid-from = 2026-11-23T00:00:00Z
valid-until = 2027-11-23T00:00:00Z
uses = 10
ends-with = { path = "at-home", flag = true }
[[field]]
path = "heart-rate"
unit = "/min"
range = [30, 220]
step = 5
[record]
notice = "short"
language = "en"
data-category = "pd:Health"
"#;

/// What stands in the file, what is written in its place, the line that is named, and part of what is said.
const BAD: &[(&str, &str, usize, &str)] = &[
    ("step = 5", "step = 0", 11, "`step` must be above 0"),
    ("step = 5", "step = -1", 11, "`step` must be above 0"),
    ("step = 5", "step = nan", 11, "`step` must be above 0"),
    ("step = 5", "step = inf", 11, "`step` must be above 0"),
    ("step = 5", "step = 1e-300", 11, "`step` must be above 0"),
    ("[30, 220]", "[220, 30]", 11, "the smaller first"),
    ("[30, 220]", "[nan, 220]", 11, "`range` must be two numbers"),
    ("[30, 220]", "[30, inf]", 11, "`range` must be two numbers"),
    ("[30, 220]", "[30]", 14, "invalid length"),
    ("\"/min\"", "\"per minute\"", 11, "`unit` must be one of UCUM"),
    ("\"/min\"", "\"mm[Hg\"", 11, "`unit` must be one of UCUM"),
    ("\"/min\"", "\"a{b]\"", 11, "`unit` must be one of UCUM"),
    ("\"/min\"", "\"°C\"", 11, "`unit` must be one of UCUM"),
    ("\"/min\"", "\"\"", 11, "`unit` must be one of UCUM"),
    ("PatientMonitoring", "PatientMonitring", 4, "nearest are `sector-health:PatientMonitoring`"),
    ("sector-health:PatientMonitoring", "dpv:Healthcare", 4, "is no purpose of the Data Privacy"),
    ("sector-health:PatientMonitoring", "two words", 4, "without spaces"),
    ("uses = 10", "uses = 0", 9, "from 1 to 1000000"),
    ("uses = 10", "uses = -1", 9, "from 1 to 1000000"),
    ("uses = 10", "uses = 1000001", 9, "from 1 to 1000000"),
    ("uses = 10", "uses = 9223372036854775807", 9, "from 1 to 1000000"),
    ("uses = 10", "uses = 9223372036854775808", 9, ""),
    ("uses = 10", "uses = 1.5", 9, "invalid type"),
    ("uses = 10", "valid-for = \"1 day\"", 9, "contradicts `valid-until`"),
    ("valid-until = 2027-11-23T00:00:00Z", "", 7, "needs an end"),
    ("valid-until = 2027-11-23T00:00:00Z", "valid-for = \"0 s\"", 8, "must be a duration"),
    ("valid-until = 2027-11-23T00:00:00Z", "valid-for = \"90000 years\"", 8, "after the year 9999"),
    ("valid-until = 2027", "valid-until = 2025", 8, "must be after `valid-from`"),
    ("at-home\", flag = true", "at-home\"", 10, "needs one of `flag`, `is`, `above` and `below`"),
    ("flag = true", "flag = true, is = \"yes\"", 10, "needs one of `flag`"),
    ("flag = true", "above = 1, below = 9", 10, "needs one of `flag`"),
    ("flag = true", "above = nan", 10, "must be numbers"),
    ("flag = true", "below = inf", 10, "must be numbers"),
    ("flag = true", "is = \"\"", 10, "texts of 1 to 256 bytes"),
    ("\"at-home\"", "\"\"", 10, "texts of 1 to 256 bytes"),
    ("flag = true", "flag = true, unit = \"Cel\"", 10, "`unit` goes with `above` and `below`"),
    ("flag = true", "above = 38, unit = \"°C\"", 10, "`unit` must be one of UCUM"),
    ("flag = true", "flag = true, once = 1", 10, "unknown field"),
    ("T00:00:00Z\nuses", "\nuses", 8, "a date and time with zone"),
    ("\"short\"", "\"\"", 17, "must be a text"),
    ("\"short\"", "\"\\u0007\"", 17, "without control characters"),
    ("\"en\"", "\"English, please\"", 18, "must be a language tag"),
    ("\"pd:Health\"", "\"health\"", 19, "must be a term of DPV's"),
    ("language", "langauge", 18, "unknown field"),
];

#[test]
fn what_is_no_grant_is_told_with_file_and_line() {
    let read = |text: &str| {
        let source = Source::from_text(Path::new("grants/ada.toml"), text);
        Grant::from_source(&source).map_err(|it| it.to_string())
    };
    assert_eq!(read(GOOD).unwrap().uses, Some(10));
    let long = format!("\"{}\"", "a".repeat(4097));
    let long = [("\"short\"", long.as_str(), 17, "1 to 4096 bytes")];
    for (from, to, line, problem) in BAD.iter().copied().chain(long) {
        assert_eq!(GOOD.matches(from).count(), 1, "{from}");
        let error = read(&GOOD.replace(from, to)).unwrap_err();
        assert!(error.starts_with(&format!("grants/ada.toml:{line}: ")), "{to}: {error}");
        assert!(error.contains(problem), "{to}: {error}");
    }
}
