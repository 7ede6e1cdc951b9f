//! The page as text.

use super::View;
use crate::{
    config::Config,
    consent::{
        grant::{Clock, Grant},
        purpose,
        record::jsonld,
        signed, validity,
    },
    html::escape,
    ledger::{Entry, Kind, read::Found},
    message::Millis,
    outcome::Reason,
    report::flow,
};

const STYLE: &str = include_str!("../report/style.css");
const OWN_STYLE: &str = include_str!("style.css");

/// The page. `token` goes into each form.
pub(super) fn page(view: &View<'_>, token: &str) -> String {
    let done = view.done.map_or_else(String::new, |it| {
        let lines: String = it.lines().map(|it| format!("<p>{}</p>", escape(it))).collect();
        format!("<section class=\"done\" role=\"status\">{lines}</section>\n")
    });
    let wrong = view.config.as_ref().err().into_iter().chain(&view.problems);
    let wrong: String = wrong.map(|it| format!("<p>{}</p>", escape(it))).collect();
    let wrong = match wrong.is_empty() {
        true => String::new(),
        false => format!("<section class=\"wrong\"><h2>Something is wrong</h2>{wrong}</section>\n"),
    };
    let flow = view.config.as_ref().map_or_else(
        |_| String::new(),
        |it| {
            format!(
                "<section class=\"wide\"><h2>Where it goes</h2>\n{}</section>\n",
                flow::draw(it, |_| true)
            )
        },
    );
    let grants: String =
        view.grants.iter().map(|it| grant(it, view.config.as_ref().ok(), token)).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Hushgate: what leaves this home</title>\n<style>\n{STYLE}{OWN_STYLE}</style>\n</head>\n<body>\n\
         <header><p class=\"kind\">Hushgate</p><h1>{}</h1><p class=\"quiet\">{}</p></header>\n\
         {done}{wrong}{}{grants}{flow}{}</body>\n</html>\n",
        title(view),
        escape(&stayed(view)),
        stop(view, token),
        newest(&view.newest),
    )
}

fn title(view: &View<'_>) -> String {
    match view.grants.len() {
        0 => "Nothing leaves this home".to_owned(),
        1 => "One grant lets something leave this home".to_owned(),
        count => format!("{count} grants let something leave this home"),
    }
}

fn stayed(view: &View<'_>) -> String {
    let Some(report) = &view.report else { return "nothing is known of what came".to_owned() };
    report.stayed().unwrap_or_else(|| match view.newest.is_empty() {
        true => format!("nothing came in {} days", super::DAYS),
        false => "what came is counted within ten seconds".to_owned(),
    })
}

fn stop(view: &View<'_>, token: &str) -> String {
    let button = match view.grants.is_empty() {
        true => String::new(),
        false => form("/stop", token, "Stop everything", "stop"),
    };
    format!(
        "<section class=\"acts\">{button}<p><a href=\"/report\">What left in {} days</a></p></section>\n",
        super::DAYS
    )
}

/// One click: taking back is no harder than it can be, and gives nothing away.
fn form(action: &str, token: &str, label: &str, class: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"token\" value=\"{token}\">\
         <button class=\"{class}\">{label}</button></form>"
    )
}

fn grant(id: &str, config: Option<&Config>, token: &str) -> String {
    let known = config.and_then(|it| it.grants.iter().find(|it| it.id == id));
    let what = known.map_or_else(
        || "<p>Its text cannot be read now: nothing leaves under it.</p>".to_owned(),
        described,
    );
    let form = form(&format!("/grants/{}/withdraw", escape(id)), token, "Withdraw", "withdraw");
    format!("<section class=\"grant\"><h2>{}</h2>\n{what}{form}</section>\n", escape(id))
}

fn described(grant: &Grant) -> String {
    let now = match grant.permit(Clock::Known(Millis::now())) {
        Some(_) => "",
        None => " <strong>Not valid now.</strong>",
    };
    let field = |it: &crate::consent::schema::Rule| {
        format!("<tr><th>{}</th><td>{}</td></tr>\n", escape(&it.path), escape(&jsonld::values(it)))
    };
    let fields: String = grant.fields.iter().map(field).collect();
    format!(
        "<p>{subject} lets <strong>{recipient}</strong> learn of {device}, for {purpose}.{now}</p>\n\
         <table class=\"fields\"><tbody>\n{fields}</tbody></table>\n\
         <p class=\"quiet\">Each at most once in {every}, all together at most {bits} an hour, whatever a plugin does. \
         Kept there for {kept}; {signed}.</p>\n",
        subject = escape(&grant.subject),
        recipient = escape(&grant.recipient),
        device = escape(&grant.device),
        purpose = escape(&purpose::in_words(&grant.purpose)),
        every = validity::in_words(grant.every),
        bits = grant.capacity().to_string().replace("bits/h", "bits"),
        kept = validity::in_words(grant.retention),
        signed = escape(&signed::in_words(grant)),
    )
}

fn newest(found: &[Found]) -> String {
    let rows: String = found.iter().map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "<section><h2>What happened, the newest first</h2>\n<table class=\"newest\"><tbody>\n{rows}</tbody></table>\n\
         <p class=\"quiet\">Times in UTC. <code>hushgate explain NUMBER</code> tells more of each.</p></section>\n"
    )
}

fn row(found: &Found) -> String {
    let row = |seq: i64, at: &str, what: &str| {
        format!(
            "<tr><td class=\"number\">{seq}</td><td class=\"at\">{at}</td><td>{}</td></tr>\n",
            escape(what)
        )
    };
    match found {
        Found::Entry(entry) if entry.is_whole() => {
            let at = jiff::Timestamp::from_millisecond(entry.at.0).unwrap_or_default();
            row(entry.seq, &at.strftime("%m-%d %H:%M:%S").to_string(), &happened(entry))
        }
        Found::Entry(entry) => row(entry.seq, "", "WAS CHANGED: what it says is not shown"),
        Found::Erased(seq, _) => row(*seq, "", "erased"),
        Found::Missing(first, _) => row(*first, "", "MISSING"),
        Found::Unreadable(seq) => row(*seq, "", "CANNOT BE READ"),
    }
}

fn happened(entry: &Entry) -> String {
    let why = match entry.reason.is_empty() {
        true => String::new(),
        false => format!(": {}", Reason::explain(&entry.reason)),
    };
    let (device, recipient) = (&entry.device, &entry.recipient);
    match entry.kind {
        Kind::Withheld | Kind::Quarantined => format!("{device}: nothing left{why}"),
        Kind::Queued => format!("{device}: sealed for {recipient}{why}"),
        Kind::Delivered => format!("{device}: {recipient} has it"),
        Kind::Expired | Kind::Purged => format!("{device}: deleted before it left{why}"),
        Kind::Withdrawn => format!("grant {} for {recipient} was withdrawn", entry.grant),
        Kind::Deleted => format!("{recipient} deleted what it had from grant {}", entry.grant),
        Kind::Ended => format!("grant {} for {recipient} ended with its event", entry.grant),
    }
}
