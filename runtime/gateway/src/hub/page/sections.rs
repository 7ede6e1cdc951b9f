//! Writes the parts of a hub's page.

use super::super::store::{FieldLatest, KeyId, LegacyLine, Value};
use super::chart::Chart;
use super::words::{label, number, time, unit, utc};
use super::{DAY_MS, DeviceView, LEGACY_SHOWN_MAX};
use crate::html::escape;

/// A longer value is shown in smaller letters, so that it needs not be broken.
const VALUE_CHARS_LARGE: usize = 6;

/// What one device sent for one purpose: numbers with their charts, then the rest.
pub(super) fn device(view: &DeviceView, now_ms: i64) -> String {
    let latest = &view.latest;
    let fields = latest.fields.iter().zip(&view.series);
    let (numbers, others): (Vec<_>, Vec<_>) =
        fields.partition(|(latest, _)| matches!(latest.field.value, Value::Number(_)));
    let numbers = numbers
        .into_iter()
        .map(|(latest, points)| number_row(latest, points, now_ms))
        .collect::<String>();
    let others = others.into_iter().map(|(latest, _)| reading(latest, now_ms)).collect::<String>();
    let others = if others.is_empty() {
        others
    } else {
        format!("<div class=\"others\">\n{others}</div>\n")
    };
    let purpose = match latest.purpose.as_str() {
        "" => String::new(),
        purpose => format!("for <bdi>{}</bdi> · ", escape(purpose)),
    };
    format!(
        "<section>\n<h2><bdi>{}</bdi></h2>\n\
         <p class=\"quiet\">{purpose}from gateway <code>{}</code> · received {}</p>\n{numbers}{others}</section>\n",
        escape(&latest.device),
        gateway_name(latest.gateway),
        time(latest.received_ms, now_ms),
    )
}

/// As `hushgate` prints key ids: groups of four hexadecimal digits.
fn gateway_name(id: KeyId) -> String {
    let groups =
        id.chunks(2).map(|pair| pair.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    groups.collect::<Vec<_>>().join("-")
}

fn number_row(latest: &FieldLatest, points: &[(i64, f64)], now_ms: i64) -> String {
    let field = &latest.field;
    let title = label(&field.path);
    let unit = unit(field.unit.as_deref(), &field.path);
    let chart = Chart {
        title: &title,
        unit: &unit,
        points,
        span_ms: now_ms.saturating_sub(DAY_MS)..=now_ms,
    };
    format!("<div class=\"number\">\n{}{}</div>\n", reading(latest, now_ms), chart.render())
}

fn reading(latest: &FieldLatest, now_ms: i64) -> String {
    let field = &latest.field;
    let (value, unit) = match &field.value {
        Value::Number(value) => (number(*value), escape(&unit(field.unit.as_deref(), &field.path))),
        Value::Flag(flag) => (if *flag { "yes" } else { "no" }.to_owned(), String::new()),
        Value::Choice(choice) => (escape(choice), String::new()),
    };
    let unit = if unit.is_empty() { unit } else { format!("<small> <bdi>{unit}</bdi></small>") };
    let long = if value.chars().count() > VALUE_CHARS_LARGE { " long" } else { "" };
    let old = if now_ms.saturating_sub(field.at_ms) > DAY_MS { " old" } else { "" };
    format!(
        "<div class=\"reading{old}\"><h3 title=\"{}\"><bdi>{}</bdi></h3>\
         <p class=\"value{long}\"><bdi>{value}</bdi>{unit}</p><p class=\"quiet\">{}</p></div>\n",
        escape(&field.path),
        escape(&label(&field.path)),
        time(field.at_ms, now_ms),
    )
}

/// The lines in the prototype's format, by device; nothing if there are none.
///
/// The form of a line is the prototype's, for those who read its page by program.
pub(super) fn legacy(lines: &[LegacyLine]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut devices = lines.iter().map(|line| line.id_device.as_str()).collect::<Vec<_>>();
    devices.sort_unstable();
    devices.dedup();
    let list = |device: &&str| {
        let lines = lines.iter().filter(|line| line.id_device == *device);
        let items = lines
            .map(|line| format!("<li>data:{}: {}\n", utc(line.received_ms), escape(&line.data)));
        format!(
            "<h3><bdi>{}</bdi></h3>\n<ul>\n{}</ul>\n",
            escape(device),
            items.collect::<String>()
        )
    };
    format!(
        "<section class=\"legacy\">\n<h2>Lines in the older format</h2>\n\
         <p class=\"quiet\">The newest {LEGACY_SHOWN_MAX} at most. \
         Neither sealed nor signed: anyone who can reach this hub could have written them.</p>\n\
         {}</section>\n",
        devices.iter().map(list).collect::<String>()
    )
}

/// What to do while there is nothing to show.
pub(super) fn empty(gateways: u64) -> String {
    if gateways > 0 {
        return format!(
            "<section class=\"empty\">\n<h2>Nothing has arrived yet</h2>\n\
             <p>{} paired. The first values come once the person at the gateway has granted some, \
             at the next time agreed for sending.</p>\n</section>\n",
            if gateways == 1 {
                "A gateway is".to_owned()
            } else {
                format!("{gateways} gateways are")
            }
        );
    }
    "<section class=\"empty\">\n<h2>No gateway is paired yet</h2>\n\
     <ol>\n<li>On the machine that runs this hub, make an invitation:<pre><code>hushgate hub invite</code></pre>\n\
     <li>Give it to the person whose gateway should send to you, face to face or over a channel you both trust.\n\
     <li>What they grant appears here.\n</ol>\n</section>\n"
        .to_owned()
}
