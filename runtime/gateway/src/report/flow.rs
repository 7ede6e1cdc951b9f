//! The way of the data in the live configuration, as a picture (SVG): a row for each grant.
//!
//! # Promises
//!
//! - It stands alone, as a file or in a page: no script, no font, nothing to fetch.
//! - What it draws is what the settings say now: plugins, fields and the most bits an hour.

use crate::{
    config::{Config, Device, Way},
    consent::{
        grant::{Clock, Grant},
        purpose, validity,
    },
    html::escape,
    message::Millis,
};

/// How many rows are drawn; what is more is said.
const ROWS_MAX: usize = 100;
/// How many characters a box has room for.
const CHARACTERS_MAX: usize = 23;
const BOX: (f64, f64) = (176.0, 74.0);
const GAP: (f64, f64) = (34.0, 22.0);
/// Where the first row begins: below the names of the columns.
const TOP: f64 = 46.0;
const COLUMNS: [&str; 5] = ["device", "understood by", "made less by", "granted", "for"];

const STYLE: &str = "<style>
.flow { font: 12.5px system-ui, sans-serif; --ink: #17201c; --quiet: #5c6963; --rule: #b9c4be; --card: #fff; --line: #0b7a66; }
.flow text { fill: var(--ink); } .flow .quiet { fill: var(--quiet); } .flow .name { font-weight: 600; }
.flow rect { fill: var(--card); stroke: var(--rule); } .flow .ours { stroke: var(--line); stroke-width: 1.6; }
.flow path { stroke: var(--line); stroke-width: 1.6; fill: none; } .flow .shut { stroke: var(--quiet); stroke-dasharray: 3 4; }
@media (prefers-color-scheme: dark) { .flow { --ink: #e8eeea; --quiet: #94a39c; --rule: #4a5852; --card: #19201d; --line: #4fd1b5; } }
</style>";

/// One box: its name and what else it says.
struct Step {
    name: String,
    says: Vec<String>,
    /// The host's own, which no plugin reaches.
    ours: bool,
}

/// Draws what is about the devices that `shows` lets through.
pub fn draw(config: &Config, shows: impl Fn(&str) -> bool) -> String {
    let mut rows: Vec<(Vec<Step>, bool)> = Vec::new();
    for device in config.devices.iter().filter(|it| shows(&it.name.0)) {
        let grants: Vec<_> =
            config.grants.iter().filter(|it| *it.device == *device.name.0).collect();
        if grants.is_empty() {
            rows.push((vec![of_device(device), of_adapter(device), at_home()], false));
        }
        rows.extend(grants.iter().map(|it| of_grant(config, device, it)));
    }
    let hidden = rows.len().saturating_sub(ROWS_MAX);
    rows.truncate(ROWS_MAX);
    let drawn: String = rows.iter().zip(0_u16..).map(|(row, at)| draw_row(row, at)).collect();
    let end = TOP + rows.len() as f64 * (BOX.1 + GAP.1);
    let width = COLUMNS.len() as f64 * (BOX.0 + GAP.0);
    let names: String = COLUMNS
        .iter()
        .zip(0_u16..)
        .map(|(name, at)| text((left(at), 24.0), "quiet", name))
        .collect();
    let more = match hidden {
        0 => String::new(),
        hidden => text((0.0, end + 14.0), "quiet", &format!("and {hidden} more")),
    };
    format!(
        "<svg class=\"flow\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {:.0}\" role=\"img\" \
         aria-label=\"From each device to those who may learn of it\">\n{STYLE}\n{names}{drawn}{more}</svg>\n",
        end + 22.0
    )
}

fn of_device(device: &Device) -> Step {
    let of = format!("of {}", device.subjects.join(", "));
    Step { name: device.name.0.to_string(), says: vec![of], ours: false }
}

fn of_adapter(device: &Device) -> Step {
    let says = vec!["adapter: no network,".to_owned(), "no files, no clock".to_owned()];
    Step { name: device.adapter.plugin.clone(), says, ours: false }
}

fn at_home() -> Step {
    let says = vec!["no grant: nothing".to_owned(), "leaves".to_owned()];
    Step { name: "stays at home".to_owned(), says, ours: true }
}

/// The row of one grant, and whether something can leave under it now.
fn of_grant(config: &Config, device: &Device, grant: &Grant) -> (Vec<Step>, bool) {
    let is_valid = grant.permit(Clock::Known(Millis::now())).is_some();
    let plugins = grant.minimizers.iter().chain(&grant.policies).map(|it| it.plugin.clone());
    let mut plugins: Vec<_> = plugins.collect();
    let name = if plugins.is_empty() { "nothing".to_owned() } else { plugins.remove(0) };
    let less = Step { name, says: plugins, ours: false };
    let fields = match &*grant.fields {
        [only] => only.path.clone(),
        all => format!("{} fields", all.len()),
    };
    let pace = format!("every {}", validity::in_words(grant.every));
    let bits = match is_valid {
        true => format!("at most {}", grant.capacity()),
        false => "NOT valid now".to_owned(),
    };
    let granted = Step { name: fields, says: vec![pace, bits], ours: true };
    let way = match config.way {
        Way::Tor { .. } | Way::Socks(_) => "sealed, through Tor",
        Way::Loopback => "NOT anonymous",
    };
    let purpose = purpose::in_words(&grant.purpose);
    let to =
        Step { name: grant.recipient.clone(), says: vec![way.to_owned(), purpose], ours: false };
    (vec![of_device(device), of_adapter(device), less, granted, to], is_valid)
}

fn draw_row((steps, is_open): &(Vec<Step>, bool), row: u16) -> String {
    let top = TOP + f64::from(row) * (BOX.1 + GAP.1);
    let middle = top + BOX.1 / 2.0;
    let boxes = steps.iter().zip(0_u16..).map(|(step, at)| draw_box(step, (left(at), top)));
    let class = if *is_open { "" } else { " class=\"shut\"" };
    let ends = steps.len().saturating_sub(1);
    let arrows = (0_u16..).take(ends).map(|at| {
        let (from, to) = (left(at) + BOX.0, left(at + 1));
        let tip = to - 1.0;
        format!("<path{class} d=\"M{from:.0} {middle:.0}H{tip:.0}m-6 -4l6 4l-6 4\"/>\n")
    });
    boxes.chain(arrows).collect()
}

fn draw_box(step: &Step, (x, y): (f64, f64)) -> String {
    let class = if step.ours { " class=\"ours\"" } else { "" };
    let (width, height) = BOX;
    let mut drawn = format!(
        "<rect{class} x=\"{x:.0}\" y=\"{y:.0}\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n"
    );
    drawn.push_str(&text((x + 11.0, y + 23.0), "name", &step.name));
    let shown = 2;
    for (line, at) in step.says.iter().take(shown).zip(0_u16..) {
        drawn.push_str(&text((x + 11.0, y + 43.0 + f64::from(at) * 18.0), "quiet", line));
    }
    drawn
}

fn left(column: u16) -> f64 {
    1.0 + f64::from(column) * (BOX.0 + GAP.0)
}

fn text((x, y): (f64, f64), class: &str, text: &str) -> String {
    let mut shown: String = text.chars().take(CHARACTERS_MAX).collect();
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        shown.pop();
        shown.push('…');
    }
    let whole =
        if shown == text { String::new() } else { format!("<title>{}</title>", escape(text)) };
    format!("<text x=\"{x:.0}\" y=\"{y:.0}\" class=\"{class}\">{}{whole}</text>\n", escape(&shown))
}
