//! Shows a hub's owner the newest values and how they changed, as one page that any browser can be trusted with.
//!
//! # Promises
//!
//! - The page needs no script, image, font or second request, and asks for none: it is whole in Tor Browser's safest
//!   mode, which draws no SVG either.
//! - Whatever a gateway sent is text on it, never markup, and cannot turn the text around it.
//! - Its size is bounded: at most [`FIELDS_SHOWN_MAX`] values and [`LEGACY_SHOWN_MAX`] lines, and it says what it omits.

mod chart;
mod sections;
mod words;

use super::store::{Deleted, DeviceLatest, FieldLatest, HubStore, LegacyLine, StoreError, Value};
use crate::html::escape;
use words::utc;

/// The most values, each with its chart, that one page shows.
pub(crate) const FIELDS_SHOWN_MAX: usize = 128;
/// The most lines in the prototype's format that one page shows.
pub(crate) const LEGACY_SHOWN_MAX: usize = 100;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const STYLE: &str = include_str!("page/style.css");

/// All that one page shows, as it was at one moment.
#[derive(Clone, Debug)]
pub(crate) struct PageView {
    name: String,
    address: String,
    now_ms: i64,
    gateways: u64,
    devices: Vec<DeviceView>,
    fields_hidden: usize,
    legacy: Vec<LegacyLine>,
    deletions: Vec<Deleted>,
}

/// A device's newest values, and for each of them the numbers of the last 24 hours.
#[derive(Clone, Debug)]
struct DeviceView {
    latest: DeviceLatest,
    series: Vec<Vec<(i64, f64)>>,
}

impl PageView {
    /// Reads what the hub called `name`, reached at `address`, has to show at `now_ms` (milliseconds since 1970).
    ///
    /// It blocks like every read of the store.
    pub(crate) fn load(
        store: &HubStore,
        now_ms: i64,
        name: &str,
        address: &str,
    ) -> Result<Self, StoreError> {
        let mut latest = store.latest(now_ms)?;
        let mut room = FIELDS_SHOWN_MAX;
        let mut fields_hidden = 0;
        for device in &mut latest {
            fields_hidden += device.fields.len().saturating_sub(room);
            device.fields.truncate(room);
            room -= device.fields.len();
        }
        latest.retain(|device| !device.fields.is_empty());
        let view = |latest: DeviceLatest| {
            let series = latest
                .fields
                .iter()
                .map(|field| series(store, field, now_ms))
                .collect::<Result<_, _>>()?;
            Ok(DeviceView { latest, series })
        };
        Ok(Self {
            name: name.to_owned(),
            address: address.to_owned(),
            now_ms,
            gateways: store.counts()?.gateways,
            devices: latest.into_iter().map(view).collect::<Result<_, StoreError>>()?,
            fields_hidden,
            legacy: store.legacy_latest(LEGACY_SHOWN_MAX)?,
            deletions: store.deletions()?,
        })
    }
}

/// A channel's last day, up to the newest value even where thinning left that out.
fn series(
    store: &HubStore,
    latest: &FieldLatest,
    now_ms: i64,
) -> Result<Vec<(i64, f64)>, StoreError> {
    let Value::Number(newest) = latest.field.value else { return Ok(Vec::new()) };
    let start_ms = now_ms.saturating_sub(DAY_MS);
    let mut points = store.series(latest.channel, start_ms..=now_ms, chart::POINTS_MAX)?;
    let newest_ms = latest.field.at_ms;
    if points.last().is_some_and(|(last_ms, _)| {
        (*last_ms..=now_ms).contains(&newest_ms) && *last_ms < newest_ms
    }) {
        points.push((newest_ms, newest));
    }
    Ok(points)
}

/// The page as HTML 5. It is made to be sent with `default-src 'none'; style-src 'unsafe-inline'`.
pub(crate) fn render(view: &PageView) -> String {
    let name = escape(&view.name);
    let mut page = format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="60">
<title>{name} · Hushgate hub</title>
<style>
{STYLE}</style>
</head>
<body>
<header>
<p class="kind">Hushgate hub</p>
<h1><bdi>{name}</bdi></h1>
<p class="address"><code>{}</code></p>
<p class="quiet">{}</p>
</header>
<main>
"#,
        escape(&view.address),
        summary(view),
    );
    page.extend(view.devices.iter().map(|device| sections::device(device, view.now_ms)));
    if view.fields_hidden > 0 {
        page.push_str(&format!(
            "<p class=\"quiet\">{} more values are not shown.</p>\n",
            view.fields_hidden
        ));
    }
    page.push_str(&sections::legacy(&view.legacy));
    if view.devices.is_empty() && view.legacy.is_empty() {
        page.push_str(&sections::empty(view.gateways));
    }
    page.extend(view.deletions.iter().map(|it| {
        let values = counted(it.values, "value");
        format!("<p class=\"quiet\">{values} deleted on {}, as asked.</p>\n", utc(it.at_ms))
    }));
    page.push_str(
        "</main>\n<footer>Values disappear from here when the time their owners agreed to is over.</footer>\n\
         </body>\n</html>\n",
    );
    page
}

fn summary(view: &PageView) -> String {
    format!(
        "{}, {} · as of {} · renews itself every minute",
        counted(view.gateways, "paired gateway"),
        counted(u64::try_from(view.devices.len()).unwrap_or(u64::MAX), "device"),
        utc(view.now_ms),
    )
}

fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::super::store::{Field, Received};
    use super::*;

    const NOW_MS: i64 = 1_795_411_664_000;

    fn empty() -> (tempfile::TempDir, HubStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = HubStore::open(&folder.path().join("hub.db")).unwrap();
        (folder, store)
    }

    fn field(path: &str, unit: &str, value: Value) -> Field {
        Field { path: path.into(), unit: Some(unit.into()), value, at_ms: NOW_MS - 120_000 }
    }

    fn receive(store: &HubStore, device: &str, fields: Vec<Field>) {
        let mut release = [0; 16];
        device.bytes().zip(&mut release).for_each(|(byte, place)| *place = byte);
        let (received_ms, keep_until_ms) = (NOW_MS - 60_000, NOW_MS + DAY_MS);
        let gateway = [0x1a, 0x2b, 0x3c, 0x4d, 0x5e, 0x6f, 0x70, 0x81];
        let purpose = "care".to_owned();
        let received = Received {
            release,
            gateway,
            device: device.into(),
            purpose,
            tag: None,
            received_ms,
            keep_until_ms,
            fields,
        };
        store.insert(&[received]).unwrap();
    }

    fn page(store: &HubStore) -> String {
        render(&PageView::load(store, NOW_MS, "Practice", "abc.onion").unwrap())
    }

    fn contains(page: &str, part: &str) {
        assert!(page.contains(part), "no {part} in {page}");
    }

    #[test]
    fn a_device_shows_its_newest_values() {
        let (_folder, store) = empty();
        let (rate, mode) = (Value::Number(72.0), Value::Choice("resting".into()));
        let worn = Value::Flag(true);
        receive(
            &store,
            "pacemaker",
            vec![
                field("heart-rate", "/min", rate),
                field("mode", "", mode),
                field("worn", "", worn),
            ],
        );
        let page = page(&store);
        contains(&page, "<h1><bdi>Practice</bdi></h1>");
        contains(&page, "<code>abc.onion</code>");
        contains(&page, "<h2><bdi>pacemaker</bdi></h2>");
        contains(
            &page,
            "for <bdi>care</bdi> · from gateway <code>1a2b-3c4d-5e6f-7081</code> · received <time ",
        );
        contains(
            &page,
            "<bdi>Heart rate</bdi></h3><p class=\"value\"><bdi>72</bdi><small> <bdi>bpm</bdi></small></p>",
        );
        contains(&page, "title=\"2026-11-23 05:25:44 UTC\">2 min ago</time>");
        contains(&page, "<bdi>resting</bdi></p>");
        contains(&page, "<bdi>yes</bdi></p>");
        assert_eq!(page.matches("<figure>").count(), 1, "a chart for the number alone");
    }

    #[test]
    fn foreign_text_is_text() {
        let (_folder, store) = empty();
        let hostile = "</style><script>x</script>\"'&\u{202e}";
        let fields = [Value::Number(1.0), Value::Choice(hostile.into())].map(|value| Field {
            path: hostile.into(),
            unit: Some("\"><img src=x>".into()),
            value,
            at_ms: NOW_MS,
        });
        receive(&store, hostile, fields.into());
        store.insert_legacy(hostile, hostile, NOW_MS).unwrap();
        let page = render(&PageView::load(&store, NOW_MS, hostile, hostile).unwrap());
        for part in ["<script", "<img", "\u{202e}", "\"'&"] {
            assert!(!page.contains(part), "{part}");
        }
        assert_eq!(page.matches("</style>").count(), 1);
        contains(
            &page,
            "<h2><bdi>&lt;/style&gt;&lt;script&gt;x&lt;/script&gt;&quot;&#39;&amp;\u{fffd}</bdi></h2>",
        );
    }

    #[test]
    fn the_page_asks_for_nothing_else() {
        let (_folder, store) = empty();
        receive(&store, "watch", vec![field("pulse", "/min", Value::Number(60.0))]);
        let page = page(&store);
        for part in [
            "<script", "<link", "<img", "<svg", "url(", "@import", "src=", "href=", "http:",
            "https:",
        ] {
            assert!(!page.contains(part), "{part}");
        }
        assert_eq!(page.matches("<style>").count(), 1);
        contains(&page, "<meta http-equiv=\"refresh\" content=\"60\">");
    }

    #[test]
    fn an_empty_page_says_what_to_do_next() {
        let (_folder, store) = empty();
        contains(&page(&store), "<code>hushgate hub invite</code>");
        store.add_invite([1; 32], NOW_MS + 1).unwrap();
        store.redeem([1; 32], [2; 32], NOW_MS).unwrap();
        let paired = page(&store);
        contains(&paired, "<h2>Nothing has arrived yet</h2>");
        assert!(!paired.contains("hushgate hub invite"));
    }

    #[test]
    fn a_line_in_the_older_format_keeps_its_form() {
        let (_folder, store) = empty();
        store.insert_legacy("patient", "bpm:  70.00 bpm ", NOW_MS).unwrap();
        store.insert_legacy("other", "bpm:  71.00 bpm ", NOW_MS).unwrap();
        let page = page(&store);
        contains(
            &page,
            "<h3><bdi>patient</bdi></h3>\n<ul>\n<li>data:2026-11-23 05:27:44 UTC: bpm:  70.00 bpm \n</ul>",
        );
        assert_eq!(page.matches("<li>data:").count(), 2);
    }

    #[test]
    fn values_beyond_the_limit_are_counted() {
        let (_folder, store) = empty();
        let many = |count| {
            (0..count)
                .map(|number| field(&format!("field-{number}"), "", Value::Number(1.0)))
                .collect()
        };
        receive(&store, "a", many(100));
        receive(&store, "b", many(100));
        receive(&store, "c", many(1));
        let page = page(&store);
        assert_eq!(page.matches("<figure>").count(), FIELDS_SHOWN_MAX);
        contains(&page, "73 more values are not shown.");
        assert!(!page.contains("<h2><bdi>c</bdi></h2>"));
    }

    #[test]
    fn a_thinned_chart_reaches_the_newest_value() {
        let (_folder, store) = empty();
        let value = Value::Number(50.0);
        let start_ms = NOW_MS - 86_000_000;
        for part in 0..8 {
            let times = (0..100).map(|number| start_ms + (part * 100 + number) * 100_000);
            let fields =
                times.map(|at_ms| Field { at_ms, ..field("pulse", "", value.clone()) }).collect();
            let (received_ms, keep_until_ms) = (NOW_MS, NOW_MS + DAY_MS);
            let (device, purpose) = ("watch".to_owned(), "care".to_owned());
            let release = [u8::try_from(part).unwrap(); 16];
            store
                .insert(&[Received {
                    release,
                    gateway: [1; 8],
                    device,
                    purpose,
                    tag: None,
                    received_ms,
                    keep_until_ms,
                    fields,
                }])
                .unwrap();
        }
        let view = PageView::load(&store, NOW_MS, "", "").unwrap();
        let series = &view.devices[0].series[0];
        assert!(series.len() <= chart::POINTS_MAX + 1);
        assert_eq!(series.last(), Some(&(start_ms + 799 * 100_000, 50.0)));
    }
}
