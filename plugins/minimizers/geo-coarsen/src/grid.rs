//! A grid over the Earth whose cells do not shrink towards the poles.
//!
//! # Promises
//!
//! - Rows follow parallels, as many as fit, all of the same number of degrees. Each row is divided into as many
//!   columns of its own as fit along its shorter edge, the one nearest to a pole: so cells become fewer, not
//!   narrower. The rows at the poles are one cell each.
//! - Cells have no gap and no overlap. 180° east is 180° west.

use hushgate_sdk::decimal::Decimal;

/// Metres in a degree of latitude, where it is shortest: at the equator of WGS 84.
const LATITUDE_DEGREE_M: f64 = 110_574.0;
/// Metres in a degree of longitude at the equator; on a parallel, this times its cosine or a little more.
const LONGITUDE_DEGREE_M: f64 = 111_319.0;
/// The mean radius of the Earth.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

const CELL_M_MIN: u32 = 100;
const CELL_M_MAX: u32 = 1_000_000;

/// Hundred-thousandths of a degree, one metre or so: finer than any cell.
const DECIMALS: i16 = -5;
const PER_DEGREE: f64 = 1e5;

/// A place on Earth, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Position {
    latitude: f64,
    longitude: f64,
}

impl Position {
    /// `None` where there is no such place.
    pub(crate) fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let fits = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        fits.then_some(Self { latitude, longitude })
    }

    /// Whether it is at most `radius_m` from `centre`, along the surface of a sphere (up to 0.5 % off the Earth's).
    pub(crate) fn is_within(self, radius_m: f64, centre: Self) -> bool {
        let half = |a: f64, b: f64| ((a - b).to_radians() / 2.0).sin().powi(2);
        let parallels = self.latitude.to_radians().cos() * centre.latitude.to_radians().cos();
        let haversine = half(self.latitude, centre.latitude)
            + parallels * half(self.longitude, centre.longitude);
        haversine <= (radius_m / EARTH_RADIUS_M / 2.0).sin().powi(2)
    }
}

/// Cells of at least so many metres.
#[derive(Debug)]
pub(crate) struct Grid {
    cell_m: f64,
    rows: f64,
}

impl Grid {
    pub(crate) fn new(cell_m: u32) -> Option<Self> {
        let fits = (CELL_M_MIN..=CELL_M_MAX).contains(&cell_m);
        let cell_m = f64::from(cell_m);
        fits.then(|| Self { cell_m, rows: (180.0 * LATITUDE_DEGREE_M / cell_m).floor() })
    }

    /// The centre of the cell in which a position lies: latitude and longitude.
    pub(crate) fn centre(&self, Position { latitude, longitude }: Position) -> (Decimal, Decimal) {
        let row_degrees = 180.0 / self.rows;
        // Not `clamp`: its panic writes numbers, which is 20 kB of the component.
        let row = ((latitude + 90.0) / row_degrees).floor().max(0.0).min(self.rows - 1.0);
        let south = row.mul_add(row_degrees, -90.0);
        let column_degrees = 360.0 / self.columns(row, (south, south + row_degrees));
        let column = ((longitude + 180.0).rem_euclid(360.0) / column_degrees).floor();
        let longitude = (column + 0.5).mul_add(column_degrees, -180.0);
        (decimal(south + row_degrees / 2.0), decimal(longitude))
    }

    /// How many cells a row has, between these two parallels.
    fn columns(&self, row: f64, (south, north): (f64, f64)) -> f64 {
        if row < 1.0 || row > self.rows - 1.5 {
            return 1.0;
        }
        let nearest_to_a_pole = south.abs().max(north.abs());
        let edge_m = 360.0 * LONGITUDE_DEGREE_M * nearest_to_a_pole.to_radians().cos();
        (edge_m / self.cell_m).floor().max(1.0)
    }
}

/// At most 180°, so that its digits fit.
fn decimal(degrees: f64) -> Decimal {
    Decimal::new((degrees * PER_DEGREE).round() as i64, DECIMALS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metres(a: (Decimal, Decimal), b: (Decimal, Decimal)) -> f64 {
        let radians = |it: Decimal| it.to_f64().to_radians();
        let half = |a: Decimal, b: Decimal| ((radians(a) - radians(b)) / 2.0).sin().powi(2);
        let parallels = radians(a.0).cos() * radians(b.0).cos();
        2.0 * EARTH_RADIUS_M * (half(a.0, b.0) + parallels * half(a.1, b.1)).sqrt().asin()
    }

    /// The size of the cell around a position, found by walking to its edges.
    fn edges(grid: &Grid, at: Position, step: (f64, f64)) -> f64 {
        let same = |times: f64| {
            let (north, east) =
                (times.mul_add(step.0, at.latitude), times.mul_add(step.1, at.longitude));
            Position::new(north, east).is_some_and(|it| grid.centre(it) == grid.centre(at))
        };
        let end = |sign: f64| (0..).find(|n| !same(sign * f64::from(*n))).unwrap();
        f64::from(end(1.0) + end(-1.0) - 1)
    }

    #[test]
    fn cells_are_as_large_as_asked_everywhere() {
        for cell_m in [1_000, 5_000, 50_000, 500_000] {
            let grid = Grid::new(cell_m).unwrap();
            for latitude in [-89.0, -80.1, -60.3, -0.4, 0.0, 23.4, 48.2, 66.6, 78.2, 87.9] {
                let at = Position::new(latitude, 16.37).unwrap();
                let step_m = f64::from(cell_m) / 200.0;
                let high = edges(&grid, at, (step_m / 111_000.0, 0.0)) * step_m;
                assert!(high >= f64::from(cell_m) * 0.985, "{cell_m} at {latitude}: {high} high");
                let degree_m = LONGITUDE_DEGREE_M * (latitude.abs().to_radians()).cos();
                let wide = edges(&grid, at, (0.0, step_m / degree_m)) * step_m;
                assert!(wide >= f64::from(cell_m) * 0.985, "{cell_m} at {latitude}: {wide} wide");
            }
        }
    }

    #[test]
    fn the_centre_is_near_and_lies_in_its_own_cell() {
        let grid = Grid::new(5_000).unwrap();
        for n in 0..20_000 {
            let latitude = f64::from(n % 199).mul_add(0.9, -89.4);
            let longitude = f64::from(n % 719).mul_add(0.5, -179.9);
            let at = Position::new(latitude, longitude).unwrap();
            let centre = grid.centre(at);
            let again = Position::new(centre.0.to_f64(), centre.1.to_f64()).unwrap();
            assert_eq!(grid.centre(again), centre, "{at:?}");
            let own = (decimal(latitude), decimal(longitude));
            assert!(metres(own, centre) < 6_000.0, "{at:?}: {}", metres(own, centre));
        }
    }

    #[test]
    fn poles_and_the_antimeridian_are_in_one_cell() {
        let grid = Grid::new(5_000).unwrap();
        let centre = |latitude, longitude| grid.centre(Position::new(latitude, longitude).unwrap());
        for longitude in [-180.0, -1.0, 0.0, 90.0, 179.9] {
            assert_eq!(centre(90.0, longitude), centre(89.99, 0.0));
            assert_eq!(centre(-90.0, longitude), centre(-89.99, 0.0));
        }
        assert_eq!(centre(10.0, 180.0), centre(10.0, -180.0));
        assert_eq!(centre(10.0, 180.0), centre(10.0, -179.999));
        assert_ne!(centre(10.0, 179.999), centre(10.0, -179.999));
    }
}
