//! What a grant says beyond what the gateway enforces: who asked, what was shown, where data lies, how it was given.
//!
//! # Promises
//!
//! - All of it is optional, and none of it can widen what leaves: only the ledger of a court needs it.
//! - A text is short and has no control characters: it is printed on receipts.

pub mod jsonld;

use super::validity;
use crate::{
    message::Millis,
    source::{SettingsError, Source},
};
use serde::Deserialize;
use toml::{Spanned, value::Datetime};

/// The longest text, in bytes; a notice may be longer.
const TEXT_BYTES_MAX: usize = 256;
const NOTICE_BYTES_MAX: usize = 4096;

/// Categories of personal data (DPV-PD) that tell of health, and so are special (GDPR, Article 9).
const HEALTH: [&str; 6] = [
    "pd:Health",
    "pd:HealthHistory",
    "pd:HealthRecord",
    "pd:MedicalHealth",
    "pd:MentalHealth",
    "pd:PhysicalHealth",
];

/// The part `[record]` of a grant, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Who answers for what is done with the data.
    pub controller: Option<String>,
    /// Where the controller lives.
    pub address: Option<String>,
    /// How the controller is reached.
    pub contact: Option<String>,
    /// What kind of data it is: a term of DPV-PD.
    pub data_category: Option<String>,
    /// What the subject was told.
    pub notice: Option<String>,
    /// In which language.
    pub language: Option<String>,
    /// Where the recipient keeps it.
    pub storage_location: Option<String>,
    /// Whose law it is under.
    pub jurisdiction: Option<String>,
    /// Who gave it: the subject, or who may speak for them.
    pub given_by: Option<String>,
    /// When it was given.
    pub given_at: Option<Millis>,
    /// How the data comes about.
    pub collection_method: Option<String>,
    /// To whom one can complain.
    pub authority: Option<String>,
}

/// The part as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RecordFile {
    controller: Option<Spanned<String>>,
    address: Option<Spanned<String>>,
    contact: Option<Spanned<String>>,
    data_category: Option<Spanned<String>>,
    notice: Option<Spanned<String>>,
    language: Option<Spanned<String>>,
    storage_location: Option<Spanned<String>>,
    jurisdiction: Option<Spanned<String>>,
    given_by: Option<Spanned<String>>,
    given_at: Option<Spanned<Datetime>>,
    collection_method: Option<Spanned<String>>,
    authority: Option<Spanned<String>>,
}

impl Record {
    /// Checks what was written.
    pub fn from_file(source: &Source, file: Option<RecordFile>) -> Result<Self, SettingsError> {
        let Some(file) = file else { return Ok(Self::default()) };
        let text = |it| text(source, it, TEXT_BYTES_MAX);
        Ok(Self {
            controller: text(file.controller)?,
            address: text(file.address)?,
            contact: text(file.contact)?,
            data_category: term(source, file.data_category)?,
            notice: self::text(source, file.notice, NOTICE_BYTES_MAX)?,
            language: language(source, file.language)?,
            storage_location: text(file.storage_location)?,
            jurisdiction: text(file.jurisdiction)?,
            given_by: text(file.given_by)?,
            given_at: file.given_at.map(|it| validity::at(source, &it)).transpose()?,
            collection_method: text(file.collection_method)?,
            authority: text(file.authority)?,
        })
    }

    /// Whether it is data of a special category. What nobody said is: devices in a home tell of health.
    pub fn is_special(&self) -> bool {
        self.data_category.as_deref().is_none_or(|it| HEALTH.contains(&it))
    }
}

type Written = Option<Spanned<String>>;

fn text(source: &Source, text: Written, max: usize) -> Result<Option<String>, SettingsError> {
    let Some(text) = text else { return Ok(None) };
    let written = text.get_ref().trim();
    let controls = written.chars().any(|it| it.is_control() && it != '\n');
    if written.is_empty() || written.len() > max || controls {
        let problem = format!("must be a text of 1 to {max} bytes without control characters");
        return Err(source.error(text.span(), problem));
    }
    Ok(Some(written.to_owned()))
}

fn term(source: &Source, term: Written) -> Result<Option<String>, SettingsError> {
    let Some(term) = term else { return Ok(None) };
    let name = term.get_ref().strip_prefix("pd:").unwrap_or_default();
    if name.is_empty() || name.len() > 64 || !name.bytes().all(|it| it.is_ascii_alphanumeric()) {
        let problem = "must be a term of DPV's personal data categories, such as `pd:Health`";
        return Err(source.error(term.span(), problem));
    }
    Ok(Some(term.into_inner()))
}

fn language(source: &Source, tag: Written) -> Result<Option<String>, SettingsError> {
    let Some(tag) = tag else { return Ok(None) };
    let part =
        |it: &str| (1..=8).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_alphanumeric());
    let main = tag.get_ref().split('-').next().unwrap_or_default();
    let is_tag = (2..=3).contains(&main.len()) && main.bytes().all(|it| it.is_ascii_alphabetic());
    if !is_tag || tag.get_ref().len() > 35 || !tag.get_ref().split('-').all(part) {
        return Err(source.error(tag.span(), "must be a language tag, such as `en` or `de-AT`"));
    }
    Ok(Some(tag.into_inner()))
}
