//! Tells the cell of a grid, or the name of a place, and not the position.
//!
//! # Promises
//!
//! - A position goes on as the centre of its cell, the same for every position in it. Every cell is at least
//!   `cell-m` high and wide, everywhere on Earth, also at its edge nearest to a pole.
//! - In a zone, `place` with its name goes on instead, and no coordinates; so does `elsewhere` outside all of
//!   them, if that is set.
//! - `latitude` and `longitude` of one reading belong together (the first of each); one without the other, in
//!   another unit than `deg`, or that no place on Earth has, does not go on.
//! - `altitude`, `accuracy`, `vertical-accuracy`, `speed` and `course` do not go on unless `keep` names them. Other
//!   fields go on unchanged.
//! - Nothing is random and nothing remembered: the same position gives the same answer.
//!
//! # Settings
//!
//! `cell-m`: 100 to 1,000,000, required · `keep`: of the five paths above · `zones`: at most 16, the first that
//! fits counts; each with `name`, `latitude`, `longitude`, `radius-m` · `elsewhere`: what `place` says outside
//! them.

mod grid;

use grid::{Grid, Position};
use hushgate_sdk::{
    ConfigError, Field, Reading, Scalar, config,
    minimizer::{Minimizer, Step},
    window::Number,
};
use serde::Deserialize;

const LATITUDE: &str = "latitude";
const LONGITUDE: &str = "longitude";
const PLACE: &str = "place";
const DEGREE: &str = "deg";

/// What tells more of a position.
const DETAILS: [&str; 5] = ["altitude", "accuracy", "vertical-accuracy", "speed", "course"];

const ZONES_MAX: usize = 16;
/// No grant names longer texts.
const NAME_BYTES_MAX: usize = 64;

/// The minimizer: a grid, and places that have a name.
#[derive(Debug)]
pub struct GeoCoarsen {
    grid: Grid,
    keep: Vec<String>,
    zones: Vec<Zone>,
    elsewhere: Option<String>,
}

hushgate_sdk::minimizer!(GeoCoarsen);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    cell_m: u32,
    #[serde(default)]
    keep: Vec<String>,
    #[serde(default)]
    zones: Vec<ZoneSetting>,
    elsewhere: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ZoneSetting {
    name: String,
    latitude: f64,
    longitude: f64,
    radius_m: f64,
}

#[derive(Debug)]
struct Zone {
    name: String,
    centre: Position,
    radius_m: f64,
}

impl Minimizer for GeoCoarsen {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { cell_m, keep, zones, elsewhere } = config::parse(json)?;
        let grid = Grid::new(cell_m).ok_or_else(|| config::invalid("cell-m", "100 to 1000000"))?;
        if !keep.iter().all(|path| DETAILS.contains(&path.as_str())) {
            let must_be = "of altitude, accuracy, vertical-accuracy, speed, course";
            return Err(config::invalid("keep", must_be));
        }
        if zones.len() > ZONES_MAX {
            return Err(config::invalid("zones", "at most 16"));
        }
        if !elsewhere.as_deref().is_none_or(is_name) {
            return Err(config::invalid("elsewhere", "1 to 64 bytes"));
        }
        let zones = zones.into_iter().map(ZoneSetting::checked).collect::<Option<_>>();
        let must_be = "a name of 1 to 64 bytes, a place on Earth and a radius of 1 to 1000000 m";
        let zones = zones.ok_or_else(|| config::invalid("zones", must_be))?;
        Ok(Self { grid, keep, zones, elsewhere })
    }

    fn minimize(
        &self,
        _state: Option<Vec<u8>>,
        _now_ms: u64,
        mut readings: Vec<Reading>,
    ) -> Result<Step, String> {
        for reading in &mut readings {
            let position = position(&reading.fields);
            reading.fields.retain(|field| self.goes_on(&field.path));
            reading.fields.extend(position.map(|it| self.told(it)).unwrap_or_default());
        }
        readings.retain(|reading| !reading.fields.is_empty());
        Ok(Step::stateless(readings))
    }
}

impl ZoneSetting {
    fn checked(self) -> Option<Zone> {
        let Self { name, latitude, longitude, radius_m } = self;
        let centre = Position::new(latitude, longitude)?;
        let fits = is_name(&name) && (1.0..=1e6).contains(&radius_m);
        fits.then_some(Zone { name, centre, radius_m })
    }
}

fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
}

/// The position that the fields tell.
fn position(fields: &[Field]) -> Option<Position> {
    let degrees = |path| {
        let field = fields.iter().find(|field| field.path == path)?;
        let number = Number::of(&field.value)?;
        (field.unit.as_deref() == Some(DEGREE)).then_some(number.value)
    };
    Position::new(degrees(LATITUDE)?, degrees(LONGITUDE)?)
}

impl GeoCoarsen {
    /// Whether a field that came is one that may go on. `place` is ours to say.
    fn goes_on(&self, path: &str) -> bool {
        let is_position = [LATITUDE, LONGITUDE, PLACE].contains(&path);
        let is_detail = DETAILS.contains(&path);
        !is_position && (!is_detail || self.keep.iter().any(|kept| kept == path))
    }

    /// What goes on of a position.
    fn told(&self, position: Position) -> Vec<Field> {
        let zone = self.zones.iter().find(|it| position.is_within(it.radius_m, it.centre));
        if let Some(name) = zone.map(|zone| &zone.name).or(self.elsewhere.as_ref()) {
            return vec![Field::without_unit(PLACE, Scalar::Text(name.clone()))];
        }
        let (latitude, longitude) = self.grid.centre(position);
        vec![
            Field::with_unit(LATITUDE, latitude.real(), DEGREE),
            Field::with_unit(LONGITUDE, longitude.real(), DEGREE),
        ]
    }
}

#[cfg(test)]
mod tests;
