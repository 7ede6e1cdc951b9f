//! A report as a page of HTML that can be kept, printed and read without anything else.

use super::{DeviceReport, Pair, Report, reduction};
use crate::{html::escape, message::Millis, outcome::Reason};

const STYLE: &str = include_str!("style.css");
const DAY_MS: i64 = 86_400_000;

/// The page, with the picture `flow` in it.
pub(super) fn render(report: &Report, flow: &str) -> String {
    let subject = report.question.subject.as_deref().unwrap_or("this home");
    let subject = escape(subject);
    let first = report.by_day.first().map_or(report.question.today, |it| it.0);
    let dates = match (date(first), date(report.question.today)) {
        (first, last) if first == last => first,
        (first, last) => format!("{first} to {last}"),
    };
    let devices: String = report.devices.iter().map(device).collect();
    let devices = match devices.is_empty() {
        true => "<section><p>Nothing came in these days.</p></section>\n".to_owned(),
        false => devices,
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>What left: {subject}, {dates}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header><p class=\"kind\">Hushgate report</p><h1>What left of {subject}</h1><p class=\"quiet\">{dates}, days in UTC</p>\
         </header>\n{}{}<section class=\"wide\"><h2>Where it goes, by today's settings</h2>\n{flow}</section>\n{devices}{}{}\
         </body>\n</html>\n",
        summary(report),
        days(report),
        figures(report),
        held(report),
    )
}

fn summary(report: &Report) -> String {
    let total = report.total();
    let (came, left) = (total.came, total.left);
    let figure = |name: &str, value: String, note: String| {
        format!(
            "<div><p class=\"name\">{name}</p><p class=\"value\">{value}</p><p class=\"quiet\">{note}</p></div>\n"
        )
    };
    let less = |came: u64, left: u64| match reduction(came, left) {
        None => "–".to_owned(),
        Some(less) if less < 0.0 => format!("{:.0} % more", -less),
        Some(less) => format!("{less:.1} % less"),
    };
    let figures = [
        figure(
            "Messages",
            less(came.events, left.events),
            format!("{} came, {} left", came.events, left.events),
        ),
        figure(
            "Fields",
            less(came.fields_in, left.fields_out),
            format!("{} came, {} left", came.fields_in, left.fields_out),
        ),
        figure(
            "Bytes",
            less(came.bytes_in, left.bytes_out),
            format!("{} came, {} left, padding included", came.bytes_in, left.bytes_out),
        ),
        figure("Arrived", total.delivered.to_string(), "signed for by the recipient".to_owned()),
    ];
    format!("<section class=\"figures\">\n{}</section>\n", figures.concat())
}

/// A pair of bars for each day, on one scale.
fn days(report: &Report) -> String {
    let most = report.by_day.iter().map(|it| it.1.max(it.2)).max().unwrap_or(0).max(1);
    let width = |count: u64| match count {
        0 => 0.0,
        _ => (100.0 * count as f64 / most as f64).max(0.4),
    };
    let row = |(day, came, left): &(i64, u64, u64)| {
        format!(
            "<tr><th scope=\"row\">{}</th><td><i class=\"bar came\" style=\"width:{:.1}%\"></i><i class=\"bar left\" style=\"width:{:.1}%\"></i></td>\
             <td class=\"number\">{came}</td><td class=\"number\">{left}</td></tr>\n",
            date(*day),
            width(*came),
            width(*left),
        )
    };
    let rows: String = report.by_day.iter().map(row).collect();
    format!(
        "<section><h2>Day by day</h2>\n<table class=\"days\"><thead><tr><th>day</th><th><i class=\"key came\"></i> came \
         <i class=\"key left\"></i> left</th><th class=\"number\">came</th><th class=\"number\">left</th></tr></thead>\n\
         <tbody>\n{rows}</tbody></table></section>\n"
    )
}

fn device(device: &DeviceReport) -> String {
    let pairs: String = device.pairs.iter().map(|(name, it)| pair(name, it)).collect();
    format!("<section><h2>{}</h2>\n{pairs}</section>\n", escape(&device.name))
}

fn pair(recipient: &str, pair: &Pair) -> String {
    let who = match recipient {
        "" => "for nobody".to_owned(),
        name => format!("for {}", escape(name)),
    };
    let bits = pair.bits_per_hour.map_or_else(
        || "no grant is valid now".to_owned(),
        |it| format!("at most {:.0} bits an hour can leave", it.ceil()),
    );
    let bits = if recipient.is_empty() { "no grant was asked".to_owned() } else { bits };
    let fields = match reduction(pair.came.fields_in, pair.left.fields_out) {
        Some(less) if pair.left.events > 0 => format!("; {less:.1} % of the fields stayed at home"),
        _ => String::new(),
    };
    let why = |reason: &str| if reason.is_empty() { "" } else { Reason::explain(reason) };
    let arrived = (pair.delivered > 0).then(|| ("arrived".to_owned(), pair.delivered, true));
    let ended = pair.ended.iter().map(|((kind, reason), count)| {
        (format!("{}: {}", kind.name(), why(reason)), *count, false)
    });
    let kept = pair
        .kept
        .iter()
        .map(|(reason, count)| (format!("stayed at home: {}", why(reason)), *count, false));
    let rows: Vec<_> = arrived.into_iter().chain(ended).chain(kept).collect();
    let most = rows.iter().map(|it| it.1).max().unwrap_or(0).max(1);
    let rows: String = rows
        .iter()
        .map(|(what, count, left)| {
            let class = if *left { "left" } else { "came" };
            let width = (100.0 * *count as f64 / most as f64).max(0.4);
            format!(
                "<tr><th scope=\"row\">{what}</th><td><i class=\"bar {class}\" style=\"width:{width:.1}%\"></i></td>\
                 <td class=\"number\">{count}</td></tr>\n"
            )
        })
        .collect();
    format!(
        "<h3>{who}</h3>\n<p class=\"quiet\">{bits}{fields}</p>\n<table class=\"ends\"><tbody>\n{rows}</tbody></table>\n"
    )
}

fn figures(report: &Report) -> String {
    let items: String =
        report.figures().iter().map(|it| format!("<li>{}</li>\n", escape(it))).collect();
    match items.is_empty() {
        true => String::new(),
        false => format!("<section><h2>Privacy in figures</h2>\n<ul>\n{items}</ul></section>\n"),
    }
}

fn held(report: &Report) -> String {
    let waiting = match (report.waiting, report.oldest) {
        (0, _) | (_, None) => "No release waits on this machine.".to_owned(),
        (count, Some(oldest)) => format!(
            "{count} releases wait on this machine, sealed; the oldest could leave since {}.",
            moment(oldest)
        ),
    };
    let head = data_encoding::HEXLOWER.encode(&report.head.root[..8]);
    format!(
        "<section><h2>What is kept here</h2>\n<p>{waiting}</p>\n<p class=\"quiet\">The ledger has {} entries and ends with \
         <code>{head}</code>: <code>hushgate ledger verify</code> checks it. These pages count; the ledger proves.</p></section>\n",
        report.head.size
    )
}

fn date(day: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(day.saturating_mul(DAY_MS));
    at.map_or_else(|_| "?".to_owned(), |it| it.strftime("%Y-%m-%d").to_string())
}

pub(super) fn moment(at: Millis) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0);
    at.map_or_else(|_| "?".to_owned(), |it| it.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
