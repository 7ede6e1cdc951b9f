//! How a grant's file names the fields that may leave, and what the host does to each.
//!
//! # Promises
//!
//! - What contradicts itself is an error that names its line: nothing is guessed.

use super::{
    operator::{Operators, Summary, noise::NoiseFile, pseudonym::Pseudonyms},
    schema::{Domain, Rule},
    unit,
};
use crate::source::{SettingsError, Source};
use serde::Deserialize;
use std::time::Duration;
use toml::Spanned;

/// The most fields in one grant.
const FIELDS_MAX: usize = 64;

/// One field, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FieldFile {
    path: String,
    unit: Option<String>,
    range: Option<[f64; 2]>,
    step: Option<f64>,
    one_of: Option<Vec<String>>,
    #[serde(default)]
    flag: bool,
    buckets: Option<Vec<f64>>,
    #[serde(default)]
    pseudonym: bool,
    pseudonyms_max: Option<u32>,
    epoch: Option<String>,
    aggregate: Option<Summary>,
    noise: Option<NoiseFile>,
}

/// Reads and checks the fields of a grant.
pub fn rules(source: &Source, files: Vec<Spanned<FieldFile>>) -> Result<Vec<Rule>, SettingsError> {
    if files.is_empty() || files.len() > FIELDS_MAX {
        return Err(source.whole(format!("must have 1 to {FIELDS_MAX} `[[field]]` entries")));
    }
    let mut rules: Vec<Rule> = Vec::new();
    for file in files {
        let span = file.span();
        let written = file.get_ref().unit.as_deref().map_or(Ok(()), unit::check);
        written.map_err(|it| source.error(span.clone(), it))?;
        let rule = rule(file.into_inner()).and_then(|it| it.check().map_err(|it| it.to_string()));
        let rule = rule.map_err(|problem| source.error(span.clone(), problem))?;
        if rules.iter().any(|it| it.path == rule.path) {
            return Err(source.error(span, format!("names `{}` a second time", rule.path)));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn rule(file: FieldFile) -> Result<Rule, String> {
    let kind = (file.range, file.step, file.one_of, file.flag);
    let domain = match (kind, file.buckets, file.pseudonym) {
        ((Some([min, max]), Some(step), None, false), None, false) => {
            Domain::Number { min, max, step }
        }
        ((None, None, Some(texts), false), None, false) => Domain::Choice(texts),
        ((None, None, None, true), None, false) => Domain::Flag,
        ((None, None, None, false), Some(edges), false) => Domain::Buckets(edges),
        ((None, None, None, false), None, true) => {
            Domain::Pseudonym(pseudonyms(file.pseudonyms_max, file.epoch.as_deref())?)
        }
        _ => {
            return Err("must have either `range` and `step`, or `one-of`, or `flag = true`, \
                        or `buckets`, or `pseudonym = true`"
                .into());
        }
    };
    if !file.pseudonym && (file.pseudonyms_max.is_some() || file.epoch.is_some()) {
        return Err("`pseudonyms-max` and `epoch` go with `pseudonym = true` only".into());
    }
    let is_number = matches!(domain, Domain::Number { .. });
    if file.noise.is_some() && !is_number {
        return Err("`noise` goes with `range` and `step` only".into());
    }
    if file.aggregate.is_some() && !is_number && !matches!(domain, Domain::Buckets(_)) {
        return Err("`aggregate` goes with `range` and `step`, or with `buckets`, only".into());
    }
    let noise = file.noise.map(NoiseFile::checked).transpose()?;
    let operators = Operators { summary: file.aggregate, noise };
    Ok(Rule { path: file.path, unit: file.unit, domain, operators })
}

fn pseudonyms(max: Option<u32>, epoch: Option<&str>) -> Result<Pseudonyms, String> {
    let default = Pseudonyms::default();
    let max = max.unwrap_or(default.max);
    if !(1..=Pseudonyms::MAX).contains(&max) {
        return Err(format!("`pseudonyms-max` must be 1 to {}", Pseudonyms::MAX));
    }
    let epoch_ms = epoch.map_or(Ok(default.epoch_ms), |it| period_ms("epoch", it))?;
    Ok(Pseudonyms { max, epoch_ms })
}

/// A time of at least an hour: what begins anew with it can be observed each time.
pub(super) fn period_ms(name: &str, text: &str) -> Result<i64, String> {
    let period = humantime::parse_duration(text).ok();
    period
        .filter(|it| *it >= Duration::from_secs(3600))
        .and_then(|it| i64::try_from(it.as_millis()).ok())
        .ok_or_else(|| format!("`{name}` must be at least 1 h, such as `24 h` or `30 days`"))
}

#[cfg(test)]
mod tests {
    use super::super::grant::Grant;
    use crate::source::Source;
    use std::path::Path;

    /// What is wrong with a grant of this field.
    fn problem(field: &str) -> String {
        let text = format!(
            "subject = \"ada\"\ndevice = \"door\"\nrecipient = \"hospital\"\npurpose = \"p\"\n\
             every = \"10 s\"\nretention = \"1 h\"\nvalid-from = 1970-01-01T00:00:00Z\n\
             valid-until = 2027-01-01T00:00:00Z\nfield = [{{ path = \"v\", {field} }}]\n"
        );
        match Grant::from_source(&Source::from_text(Path::new("ada.toml"), &text)) {
            Ok(_) => "none".into(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_contradicts_itself_is_told_with_its_line() {
        let number = "range = [0, 9], step = 1";
        let noise = "sensitivity = 1, budget = \"1\"";
        for (field, says) in [
            ("buckets = [2, 1]".to_owned(), "`buckets` must be"),
            ("buckets = []".to_owned(), "`buckets` must be"),
            ("buckets = [nan]".to_owned(), "`buckets` must be"),
            (format!("buckets = [1], {number}"), "must have either"),
            ("pseudonym = true, flag = true".to_owned(), "must have either"),
            ("pseudonym = true, pseudonyms-max = 0".to_owned(), "`pseudonyms-max` must be"),
            ("pseudonym = true, pseudonyms-max = 1025".to_owned(), "`pseudonyms-max` must be"),
            ("pseudonym = true, epoch = \"1 min\"".to_owned(), "`epoch` must be"),
            ("flag = true, epoch = \"7 days\"".to_owned(), "go with `pseudonym = true`"),
            ("flag = true, aggregate = \"count\"".to_owned(), "`aggregate` goes with"),
            (format!("{number}, aggregate = \"mode\""), "unknown variant `mode`"),
            (format!("flag = true, noise = {{ {noise} }}"), "`noise` goes with"),
            (format!("buckets = [1], noise = {{ {noise} }}"), "`noise` goes with"),
            (format!("{number}, noise = {{ {noise}, epsilon = \"0.1\" }}"), "`epsilon` must be"),
            (format!("{number}, noise = {{ {noise}, period = \"1 s\" }}"), "`period` must be"),
            (format!("{number}, noise = {{ epsilon = \"1\" }}"), "missing field `sensitivity`"),
        ] {
            let problem = problem(&field);
            assert!(problem.starts_with("ada.toml:9: "), "{field}: {problem}");
            assert!(problem.contains(says), "{field}: {problem}");
        }
        assert_eq!(
            problem(&format!("{number}, noise = {{ {noise} }}, aggregate = \"sum\"")),
            "none"
        );
    }
}
