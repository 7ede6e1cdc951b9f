//! One reading with a position, in and out.

use hushgate_sdk::{
    ConfigError, Field, Reading,
    Scalar::{self, Flag, Int, Real},
    minimizer::Minimizer,
};

use super::GeoCoarsen;

const PLAIN: &str = r#"{"cell-m":5000}"#;
/// A home of 200 m in Vienna and a hospital that lies inside a larger zone.
const ZONES: &str = r#"{"cell-m":5000,"zones":[
    {"name":"home","latitude":48.2082,"longitude":16.3738,"radius-m":200},
    {"name":"city","latitude":48.2082,"longitude":16.3738,"radius-m":5000}]}"#;

fn deg(path: &str, value: f64) -> Field {
    Field::with_unit(path, Real(value), "deg")
}

fn place(name: &str) -> Field {
    Field::without_unit("place", Scalar::Text(name.to_owned()))
}

fn run(json: &str, fields: &[Field]) -> Vec<Field> {
    let readings = vec![Reading::at(Some(7), "position", fields.to_vec())];
    let step = GeoCoarsen::configure(json).unwrap().minimize(Some(vec![1]), 0, readings).unwrap();
    assert_eq!(step.state, None);
    assert!(step.readings.iter().all(|it| it.at_ms == Some(7) && !it.fields.is_empty()));
    step.readings.into_iter().flat_map(|it| it.fields).collect()
}

fn at(json: &str, latitude: f64, longitude: f64) -> Vec<Field> {
    run(json, &[deg("latitude", latitude), deg("longitude", longitude)])
}

#[test]
fn all_positions_of_a_cell_are_the_same() {
    let centre = at(PLAIN, 48.2082, 16.3738);
    assert_eq!(centre, at(PLAIN, 48.2100, 16.3700));
    assert_ne!(centre, at(PLAIN, 48.3, 16.3738));
    assert_eq!(centre, [deg("latitude", 48.18844), deg("longitude", 16.37896)]);
}

#[test]
fn a_zone_has_a_name_and_no_coordinates() {
    assert_eq!(at(ZONES, 48.2082, 16.3738), [place("home")]);
    assert_eq!(at(ZONES, 48.2098, 16.3738), [place("home")]);
    assert_eq!(at(ZONES, 48.2102, 16.3738), [place("city")]);
    assert_eq!(at(ZONES, 48.3, 16.3738).len(), 2);
    let elsewhere = ZONES.replacen("{", r#"{"elsewhere":"out","#, 1);
    assert_eq!(at(&elsewhere, 48.3, 16.3738), [place("out")]);
    assert_eq!(at(&elsewhere, 48.2082, 16.3738), [place("home")]);
    let pacific =
        r#"{"cell-m":5000,"zones":[{"name":"isle","latitude":0,"longitude":180,"radius-m":1000}]}"#;
    assert_eq!(at(pacific, 0.0, -179.999), [place("isle")]);
}

#[test]
fn details_do_not_go_on_unless_asked_for() {
    let detail = |path| Field::with_unit(path, Real(1.5), "m");
    let fields = [
        detail("altitude"),
        detail("accuracy"),
        detail("vertical-accuracy"),
        detail("speed"),
        detail("course"),
        Field::without_unit("on", Flag(true)),
    ];
    assert_eq!(run(PLAIN, &fields), fields[5..]);
    let keep = r#"{"cell-m":5000,"keep":["speed","altitude"]}"#;
    assert_eq!(run(keep, &fields), [fields[0].clone(), fields[3].clone(), fields[5].clone()]);
}

#[test]
fn what_is_no_position_does_not_go_on() {
    let (north, east) = (deg("latitude", 48.0), deg("longitude", 16.0));
    let cases = [
        vec![north.clone()],
        vec![east.clone()],
        vec![north.clone(), Field::without_unit("longitude", Real(16.0))],
        vec![north.clone(), Field::with_unit("longitude", Real(16.0), "rad")],
        vec![north.clone(), deg("longitude", 180.1)],
        vec![deg("latitude", 90.1), east.clone()],
        vec![deg("latitude", f64::NAN), east.clone()],
        vec![deg("latitude", f64::INFINITY), east.clone()],
        vec![Field::with_unit("latitude", Scalar::Text("48".to_owned()), "deg"), east.clone()],
        vec![place("Ada's")],
    ];
    for fields in cases {
        assert_eq!(run(PLAIN, &fields), [], "{fields:?}");
    }
}

#[test]
fn integers_are_degrees_too_and_the_first_position_counts() {
    let int = |path, value| Field::with_unit(path, Int(value), "deg");
    let fields =
        [int("latitude", 48), int("longitude", 16), deg("latitude", 1.0), deg("longitude", 1.0)];
    assert_eq!(run(PLAIN, &fields), at(PLAIN, 48.0, 16.0));
}

#[test]
fn a_latitude_of_another_reading_does_not_belong() {
    let readings = vec![
        Reading::now("a", vec![deg("latitude", 48.0)]),
        Reading::now("b", vec![deg("longitude", 16.0)]),
    ];
    let step = GeoCoarsen::configure(PLAIN).unwrap().minimize(None, 0, readings).unwrap();
    assert_eq!(step.readings, []);
}

#[test]
fn refuses_settings_that_cannot_work() {
    let zone = |zone: &str| format!(r#"{{"cell-m":5000,"zones":[{zone}]}}"#);
    let home = r#"{"name":"home","latitude":48,"longitude":16,"radius-m":200}"#;
    let cases = [
        ("{}".to_owned(), "cell-m"),
        (r#"{"cell-m":99}"#.to_owned(), "cell-m"),
        (r#"{"cell-m":1000001}"#.to_owned(), "cell-m"),
        (r#"{"cell-m":5000,"keep":["latitude"]}"#.to_owned(), "keep"),
        (r#"{"cell-m":5000,"elsewhere":""}"#.to_owned(), "elsewhere"),
        (r#"{"cell-m":5000,"jitter":1}"#.to_owned(), "jitter"),
        (zone(&[home; 17].join(",")), "zones"),
        (zone(&home.replace("48", "91")), "zones"),
        (zone(&home.replace("16", "-181")), "zones"),
        (zone(&home.replace("200", "0")), "zones"),
        (zone(&home.replace("home", "")), "zones"),
        (zone(&home.replace("radius-m", "radius")), "zones"),
    ];
    assert!(GeoCoarsen::configure(&zone(&[home; 16].join(","))).is_ok());
    for (json, setting) in cases {
        let (Err(ConfigError::Missing(named)) | Err(ConfigError::Invalid((named, _)))) =
            GeoCoarsen::configure(&json)
        else {
            panic!("accepted: {json}")
        };
        assert_eq!(named, setting, "{json}");
    }
}
