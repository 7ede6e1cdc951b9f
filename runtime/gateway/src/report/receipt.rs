//! What somebody agreed to, on one page that can be printed and kept: in plain words, without scripts.
//!
//! # Promises
//!
//! - It tells what was agreed, never what was measured.
//! - All text of files is escaped.

use crate::{
    consent::{
        grant::{Clock, Grant},
        purpose,
        record::jsonld,
        validity,
    },
    html::escape,
    message::Millis,
};

const STYLE: &str = include_str!("receipt.css");

/// The page, as of `now`.
pub fn render(grant: &Grant, state: &str, now: Millis) -> String {
    let record = &grant.record;
    let title = format!("{} lets {} learn of {}", grant.subject, grant.recipient, grant.device);
    let fields: String = grant.fields.iter().map(field).collect();
    let language = record.language.as_deref().unwrap_or("en");
    let notice = record.notice.as_ref().map_or_else(String::new, |it| {
        let lang = escape(language);
        format!("<section><h2>What was said</h2><blockquote lang=\"{lang}\">{}</blockquote></section>\n", escape(it))
    });
    let rows: String =
        rows(grant, now).into_iter().map(|(name, value)| row(name, &value)).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Consent receipt: {id}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header><p class=\"kind\">Hushgate consent receipt</p><h1>{title}</h1>\
         <p class=\"quiet\">{state}. Made on {made}.</p></header>\n\
         <section><h2>What leaves</h2>\n<table class=\"fields\"><thead><tr><th>what</th><th>how finely</th>\
         <th class=\"number\">values</th></tr></thead>\n<tbody>\n{fields}</tbody></table>\n\
         <p>Each at most once in {every}. All together at most <strong>{bits}</strong>, whatever the software on the \
         way does. Nothing else leaves.</p></section>\n{notice}\
         <section><h2>The agreement</h2>\n<dl>\n{rows}</dl></section>\n\
         <section class=\"end\"><h2>How to take it back</h2><p>{withdrawal}</p></section>\n\
         <footer><p>Grant <code>{id}</code>, text <code>{digest}</code>. Who holds the file can check that it is the \
         one that this page tells of.</p></footer>\n</body>\n</html>\n",
        id = escape(&grant.id),
        title = escape(&title),
        state = escape(state),
        made = date(now),
        every = validity::in_words(grant.every),
        bits = grant.capacity().to_string().replace("bits/h", "bits an hour"),
        withdrawal = escape(&jsonld::withdrawal(grant)),
        digest = data_encoding::HEXLOWER.encode(&grant.digest),
    )
}

fn rows(grant: &Grant, now: Millis) -> Vec<(&'static str, String)> {
    let record = &grant.record;
    let mut until = format!("{}, from {}", date(grant.valid_until), date(grant.valid_from));
    if let Some(uses) = grant.uses {
        until.push_str(&format!("; at most {uses} releases"));
    }
    for ending in &grant.endings {
        until.push_str(&format!("; or until {ending}"));
    }
    let given = match (&record.given_by, record.given_at) {
        (Some(by), Some(at)) => Some(format!("{by}, on {}", date(at))),
        (Some(by), None) => Some(by.clone()),
        (None, at) => at.map(date),
    };
    let all = [
        ("Who", Some(grant.subject.clone())),
        ("For whom", Some(grant.recipient.clone())),
        ("Answers for it", joined(&[&record.controller, &record.address, &record.contact])),
        ("What for", Some(format!("{} ({})", purpose::in_words(&grant.purpose), grant.purpose))),
        ("Of which device", Some(grant.device.clone())),
        ("Kind of data", record.data_category.clone().map(|it| kind(&it, record.is_special()))),
        ("Kept there", Some(format!("for {}", validity::in_words(grant.retention)))),
        ("Where", joined(&[&record.storage_location, &record.jurisdiction])),
        ("Valid until", Some(until)),
        ("Given by", given),
        ("Signed", Some(jsonld::proof(grant, Clock::Known(now)))),
        ("Complaints", record.authority.clone()),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn kind(category: &str, special: bool) -> String {
    format!("{category}{}", if special { ", a special category: it tells of health" } else { "" })
}

fn joined(texts: &[&Option<String>]) -> Option<String> {
    let texts: Vec<_> = texts.iter().filter_map(|it| it.as_deref()).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

fn field(rule: &crate::consent::schema::Rule) -> String {
    let path = rule.path.replace(['-', '.'], " ");
    format!(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"number\">{}</td></tr>\n",
        escape(&path),
        escape(&jsonld::values(rule)),
        rule.alphabet(),
    )
}

fn row(name: &str, value: &str) -> String {
    format!("<dt>{name}</dt><dd>{}</dd>\n", escape(value))
}

fn date(at: Millis) -> String {
    let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    time.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_one_page_without_scripts_and_with_foreign_text_escaped() {
        let grant = Grant::of_text(
            "subject = \"ada\"\ndevice = \"door\"\nrecipient = \"hospital\"\npurpose = \"own:<b>\"\nevery = \"5 min\"\n\
             retention = \"90 days\"\nvalid-from = 2026-11-23T00:00:00Z\nvalid-for = \"180 days\"\nuses = 7\n\
             field = [{ path = \"open\", one-of = [\"<script>\", \"shut\"] }]\n\
             [record]\nnotice = \"</style><script>alert(1)</script>\"\n",
        );
        let page = render(&grant, "valid", Millis(1_795_400_000_000));
        assert!(!page.contains("<script") && !page.contains("own:<b>"), "{page}");
        for text in
            ["90 days", "at most 7 releases", "22 May 2027", "bits an hour", "grants/ada.toml"]
        {
            assert!(page.contains(text), "{text}: {page}");
        }
    }
}
