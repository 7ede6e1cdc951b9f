//! What the gateway tells of itself, read as strictly as the format is written.

use crate::{http, world::World};
use std::{collections::BTreeMap, net::SocketAddr};

/// Numbers by family and labels, as they stand: `name{label="value"}`.
#[derive(Clone, Debug, Default)]
pub struct Scrape {
    /// The whole page.
    pub text: String,
    rows: BTreeMap<String, f64>,
}

impl Scrape {
    /// Lets the gateway of `world` tell its numbers from its next start on; where.
    pub fn switch_on(world: &World) -> SocketAddr {
        let address = SocketAddr::from(([127, 0, 0, 1], crate::rig::free_port()));
        let section = format!("[metrics]\nlisten = \"{address}\"\n\n[limits]");
        world.edit_settings(|it| it.replace("[limits]", &section));
        address
    }

    /// Asks now. Every line must be as the format says, every family announced, every row there once.
    #[track_caller]
    pub fn of(address: SocketAddr) -> Self {
        let answer = http::request(address, "GET", "/metrics", &[], b"");
        assert_eq!(answer.status, 200, "{}", answer.text);
        let (head, text) = answer.text.split_once("\r\n\r\n").unwrap();
        assert!(head.to_lowercase().contains("content-type: text/plain; version=0.0.4"), "{head}");
        let (mut rows, mut family) = (BTreeMap::new(), "");
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let (kind, rest) = comment.split_once(' ').unwrap();
                assert!(["HELP", "TYPE"].contains(&kind), "{line}");
                family = rest.split(' ').next().unwrap();
                continue;
            }
            let (name, number) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            let start = name.split('{').next().unwrap();
            let start = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|it| start.strip_suffix(it).filter(|it| *it == family))
                .unwrap_or(start);
            assert_eq!(start, family, "{line}");
            let before = rows.insert(name.to_owned(), number.parse().unwrap());
            assert_eq!(before, None, "{line}");
        }
        Self { text: text.to_owned(), rows }
    }

    /// The number of one row; 0 if it is not there.
    pub fn get(&self, row: &str) -> f64 {
        self.rows.get(row).copied().unwrap_or(0.0)
    }

    /// The number of a family's row for one plugin.
    #[track_caller]
    pub fn plugin(&self, family: &str, plugin: &str) -> f64 {
        let row = format!("hushgate_plugin_{family}{{plugin=\"{plugin}\"}}");
        *self.rows.get(&row).unwrap_or_else(|| panic!("no {row} in {}", self.text))
    }

    /// All rows of one family.
    pub fn family(&self, name: &str) -> BTreeMap<&str, f64> {
        let rows = self.rows.iter();
        rows.filter(|it| it.0.split('{').next() == Some(name)).map(|it| (&**it.0, *it.1)).collect()
    }
}
