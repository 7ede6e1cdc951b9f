//! `cases.toml` as written, and the checks of each part.

use super::{
    Budget, CASES_MAX, Case, Properties, Table,
    ask::{Ask, Close, Expected, Step, Truncated},
};
use crate::source::{self, SettingsError, Source};
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use hushgate_wasm::bindings::{Field, FieldView, Frame, Reading, Request, Scalar};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Component, Path},
};
use toml::Spanned;

/// The largest body of a frame in a file of its own, in bytes.
const BODY_BYTES_MAX: u64 = 1 << 20;

type Settings = serde_json::Map<String, serde_json::Value>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    settings: Settings,
    #[serde(default)]
    case: Vec<Spanned<CaseFile>>,
    #[serde(default)]
    properties: PropertiesFile,
    #[serde(default)]
    budget: BudgetFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CaseFile {
    name: String,
    settings: Option<Settings>,
    refused: Option<String>,
    frame: Option<FrameFile>,
    readings: Option<Vec<ReadingFile>>,
    contains: Option<Vec<ReadingFile>>,
    error: Option<String>,
    truncated: Option<TruncatedFile>,
    #[serde(default)]
    step: Vec<StepFile>,
    request: Option<RequestFile>,
    verdict: Option<String>,
    #[serde(default)]
    obligations: Vec<String>,
    #[serde(default)]
    must_not_contain: Vec<String>,
    #[serde(default)]
    max_precision: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum TruncatedFile {
    Refused,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FrameFile {
    #[serde(default)]
    channel: String,
    content_type: Option<String>,
    #[serde(default)]
    received_ms: u64,
    hex: Option<String>,
    text: Option<String>,
    base64: Option<String>,
    file: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ReadingFile {
    kind: String,
    at_ms: Option<u64>,
    #[serde(default)]
    field: Vec<FieldFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldFile {
    path: String,
    value: Option<ValueFile>,
    unit: Option<String>,
    #[serde(default)]
    within: f64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ValueFile {
    Flag(bool),
    Int(i64),
    Real(f64),
    Text(String),
    Blob { hex: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StepFile {
    #[serde(default)]
    now_ms: u64,
    state: Option<String>,
    readings: Vec<ReadingFile>,
    #[serde(default)]
    expect: Vec<ReadingFile>,
    contains: Option<Vec<ReadingFile>>,
    error: Option<bool>,
    leaves: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RequestFile {
    device: String,
    subjects: Vec<String>,
    purpose: String,
    recipient: String,
    now_ms: u64,
    #[serde(default)]
    field: Vec<FieldFile>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PropertiesFile {
    no_trap_on_random_bytes: Option<u32>,
    deterministic: Option<bool>,
    undeclared_fields_absent: Option<bool>,
    truncation_at_every_byte: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct BudgetFile {
    fuel: Option<u64>,
    memory_kib: Option<usize>,
}

/// The files beside `cases.toml` that its frames are read from. None if it cannot be understood.
pub(super) fn files(source: &Source) -> Vec<String> {
    let cases = source.parse::<File>().map(|it| it.case).unwrap_or_default();
    cases.into_iter().filter_map(|it| it.into_inner().frame?.file).collect()
}

/// Checks the whole file. Frames in files of their own are read from `dir`.
pub(super) fn table(source: &Source, dir: &Path) -> Result<Table, SettingsError> {
    let file: File = source.parse()?;
    if file.case.len() > CASES_MAX {
        return Err(source.whole(format!("has more than {CASES_MAX} cases")));
    }
    let default = Properties::default();
    let random = file.properties.no_trap_on_random_bytes.unwrap_or(default.random);
    if random > 100_000 {
        return Err(source.named("no-trap-on-random-bytes", "must be 0 to 100000"));
    }
    let on = |setting: Option<bool>, default| setting.unwrap_or(default);
    let given = file.properties;
    let properties = Properties {
        random,
        deterministic: on(given.deterministic, default.deterministic),
        undeclared_absent: on(given.undeclared_fields_absent, default.undeclared_absent),
        truncated: on(given.truncation_at_every_byte, default.truncated),
    };
    let memory_bytes = file.budget.memory_kib.map(|it| it.saturating_mul(1 << 10));
    let budget = Budget { fuel: file.budget.fuel, memory_bytes };
    let settings = &file.settings;
    let cases = file.case.into_iter().map(|it| {
        let span = it.span();
        let at = source.place(&span);
        case(it.into_inner(), settings, at, dir).map_err(|problem| source.error(span, problem))
    });
    Ok(Table { cases: cases.collect::<Result<_, _>>()?, properties, budget })
}

fn case(file: CaseFile, settings: &Settings, at: String, dir: &Path) -> Result<Case, String> {
    let settings = file.settings.as_ref().unwrap_or(settings).clone();
    let case = |ask| Case {
        name: file.name,
        at,
        settings: serde_json::Value::Object(settings).to_string(),
        ask,
        must_not_contain: file.must_not_contain,
        max_precision: file.max_precision.into_iter().collect(),
    };
    let ask = match (file.refused, file.frame, file.step, file.request) {
        (Some(setting), None, step, None) if step.is_empty() => Ask::Refuse { setting },
        (None, Some(frame), step, None) if step.is_empty() => Ask::Decode {
            frame: self::frame(frame, dir)?,
            expected: expected(file.readings, file.contains, file.error)?,
            truncated: match file.truncated {
                Some(TruncatedFile::Refused) => Truncated::Refused,
                None => Truncated::Answered,
            },
        },
        (None, None, steps, None) if !steps.is_empty() => {
            Ask::Minimize { steps: steps.into_iter().map(self::step).collect::<Result<_, _>>()? }
        }
        (None, None, step, Some(request)) if step.is_empty() => {
            let verdict = file.verdict.ok_or("needs `verdict`")?;
            let verdict = std::iter::once(verdict).chain(file.obligations).collect();
            Ask::Evaluate { request: self::request(request)?, verdict }
        }
        _ => {
            return Err(
                "must have one of `frame` (adapters), `[[case.step]]` (minimizers), `request` \
                        (policies) or `refused`"
                    .into(),
            );
        }
    };
    Ok(case(ask))
}

fn frame(file: FrameFile, dir: &Path) -> Result<Frame, String> {
    let FrameFile { channel, content_type, received_ms, hex, text, base64, file } = file;
    let body = match (hex, text, base64, file) {
        (Some(hex), None, None, None) => bytes_of_hex(&hex)?,
        (None, Some(text), None, None) => text.into_bytes(),
        (None, None, Some(text), None) => {
            BASE64.decode(text.as_bytes()).map_err(|_| "`base64` is not Base64 (RFC 4648)")?
        }
        (None, None, None, Some(path)) => beside(dir, &path)?,
        _ => return Err("`frame` must have one of `hex`, `text`, `base64` and `file`".into()),
    };
    Ok(Frame { channel, content_type, received_ms, body })
}

fn beside(dir: &Path, path: &str) -> Result<Vec<u8>, String> {
    if !matches!(Path::new(path).components().collect::<Vec<_>>()[..], [Component::Normal(_)]) {
        return Err("`file` must stand beside cases.toml".into());
    }
    source::read_bytes(&dir.join(path), BODY_BYTES_MAX).map_err(|it| it.to_string())
}

fn bytes_of_hex(text: &str) -> Result<Vec<u8>, String> {
    let digits: String = text.split_whitespace().collect();
    HEXLOWER_PERMISSIVE
        .decode(digits.as_bytes())
        .map_err(|_| format!("`{text}` is not hexadecimal: two digits a byte"))
}

fn expected(
    readings: Option<Vec<ReadingFile>>,
    contains: Option<Vec<ReadingFile>>,
    error: Option<String>,
) -> Result<Expected, String> {
    match (readings, contains, error) {
        (Some(all), None, None) => Ok(Expected::Exactly(close(all)?)),
        (None, Some(some), None) => Ok(Expected::Among(close(some)?)),
        (None, None, Some(error)) => {
            match ["not-mine", "malformed", "unsupported"].contains(&error.as_str()) {
                true => Ok(Expected::Error(error)),
                false => Err("`error` must be not-mine, malformed or unsupported".into()),
            }
        }
        _ => Err("must have one of `readings`, `contains` and `error`".into()),
    }
}

fn close(files: Vec<ReadingFile>) -> Result<Vec<Close>, String> {
    files
        .into_iter()
        .map(|file| {
            let within = file.field.iter().map(|it| it.within).collect();
            Ok(Close { reading: reading(file)?, within })
        })
        .collect()
}

fn reading(file: ReadingFile) -> Result<Reading, String> {
    let fields = file.field.into_iter().map(|it| {
        let path = it.path;
        let value = it.value.ok_or_else(|| format!("field `{path}` needs a value"))?;
        Ok::<_, String>(Field { path, value: scalar(value)?, unit: it.unit })
    });
    let fields = fields.collect::<Result<_, _>>()?;
    Ok(Reading { kind: file.kind, at_ms: file.at_ms, fields })
}

fn readings(files: Vec<ReadingFile>) -> Result<Vec<Reading>, String> {
    files.into_iter().map(reading).collect()
}

fn scalar(value: ValueFile) -> Result<Scalar, String> {
    Ok(match value {
        ValueFile::Flag(it) => Scalar::Flag(it),
        ValueFile::Int(it) => Scalar::Int(it),
        ValueFile::Real(it) => Scalar::Real(it),
        ValueFile::Text(it) => Scalar::Text(it),
        ValueFile::Blob { hex } => Scalar::Blob(bytes_of_hex(&hex)?),
    })
}

fn step(file: StepFile) -> Result<Step, String> {
    let expected = match (file.contains, file.error) {
        (None, None | Some(false)) => Expected::Exactly(close(file.expect)?),
        (Some(some), None) => Expected::Among(close(some)?),
        (None, Some(true)) => Expected::Error("error".into()),
        _ => return Err("a step must have one of `expect`, `contains` and `error = true`".into()),
    };
    Ok(Step {
        now_ms: file.now_ms,
        state: file.state.as_deref().map(bytes_of_hex).transpose()?,
        readings: readings(file.readings)?,
        expected,
        left: file.leaves.as_deref().map(bytes_of_hex).transpose()?,
    })
}

fn request(file: RequestFile) -> Result<Request, String> {
    let fields = file.field.into_iter().map(|it| {
        let value = it.value.map(scalar).transpose()?;
        Ok::<_, String>(FieldView { path: it.path, unit: it.unit, value })
    });
    Ok(Request {
        fields: fields.collect::<Result<_, _>>()?,
        device: file.device,
        subjects: file.subjects,
        purpose: file.purpose,
        recipient: file.recipient,
        now_ms: file.now_ms,
    })
}
