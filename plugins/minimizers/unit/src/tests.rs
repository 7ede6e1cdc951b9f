//! One field and the unit that is wanted of it.

use hushgate_sdk::{ConfigError, Field, Reading, Scalar, minimizer::Minimizer};

use super::UnitOf;

fn convert(field: Field, to: &str) -> Option<Field> {
    let plugin = UnitOf::configure(&format!(r#"{{"to":{{"{}":"{to}"}}}}"#, field.path)).unwrap();
    let step = plugin.minimize(None, 0, vec![Reading::now("sample", vec![field])]).unwrap();
    assert_eq!(step.state, None);
    step.readings.into_iter().flat_map(|it| it.fields).next()
}

fn check(value: f64, from: &str, expected: f64, to: &str) {
    let converted = convert(Field::with_unit("p", Scalar::Real(value), from), to);
    let expected = Field::with_unit("p", Scalar::Real(expected), to);
    assert_eq!(converted, Some(expected), "{value} {from}");
}

fn check_dropped(field: Field, to: &str) {
    assert_eq!(convert(field.clone(), to), None, "{field:?} to {to}");
}

#[test]
fn temperatures_have_zeros_of_their_own() {
    check(98.6, "[degF]", 37.0, "Cel");
    check(32.0, "[degF]", 0.0, "Cel");
    check(-40.0, "[degF]", -40.0, "Cel");
    check(99.1, "[degF]", 335.5 / 9.0, "Cel");
    check(36.6, "Cel", 97.88, "[degF]");
    check(0.0, "Cel", 273.15, "K");
    check(0.0, "K", -459.67, "[degF]");
}

#[test]
fn pressures_are_as_ucum_defines_them() {
    check(120.0, "mm[Hg]", 15.998_64, "kPa");
    check(133.322, "Pa", 1.0, "mm[Hg]");
    check(1013.25, "hPa", 1.0, "atm");
    check(1013.25, "mbar", 1013.25, "hPa");
    check(29.92, "[in_i'Hg]", 1_013.204_536_96, "hPa");
    check(1.0, "[psi]", 6_894.757_293_168_362, "Pa");
    check(1.0, "cm[H2O]", 98.066_5, "Pa");
}

#[test]
fn masses_and_lengths_are_international() {
    check(1.0, "[lb_av]", 0.453_592_37, "kg");
    check(0.453_592_37, "kg", 1.0, "[lb_av]");
    check(1.0, "[oz_av]", 28.349_523_125, "g");
    check(11.0, "[stone_av]", 154.0, "[lb_av]");
    check(70.0, "[in_i]", 177.8, "cm");
    check(1.778, "m", 70.0, "[in_i]");
    check(6.0, "[ft_i]", 1.828_8, "m");
    check(26.2, "[mi_i]", 42.164_812_8, "km");
}

#[test]
fn energies_powers_and_flows_are_exact() {
    check(1.0, "kW.h", 3.6, "MJ");
    check(3.6, "MJ", 1.0, "kW.h");
    check(1_234.5, "W.h", 1.234_5, "kW.h");
    check(100.0, "kcal", 418.4, "kJ");
    check(418.4, "kJ", 100.0, "kcal");
    check(1.5, "kW", 1_500.0, "W");
    check(60.0, "L/min", 3.6, "m3/h");
    check(1.0, "m3", 1_000.0, "L");
    check(1.0, "[gal_us]", 3.785_411_784, "L");
}

#[test]
fn speeds_rates_times_and_shares_are_exact() {
    check(36.0, "km/h", 10.0, "m/s");
    check(100.0, "km/h", 250.0 / 9.0, "m/s");
    check(1.0, "[kn_i]", 1.852, "km/h");
    check(72.0, "/min", 1.2, "Hz");
    check(450.0, "min", 7.5, "h");
    check(421.0, "[ppm]", 0.042_1, "%");
    check(3_042.0, "mV", 3.042, "V");
}

#[test]
fn glucose_alone_has_a_known_molar_mass() {
    let glucose = |value, unit| Field::with_unit("glucose", Scalar::Real(value), unit);
    assert_eq!(convert(glucose(5.5, "mmol/L"), "mg/dL"), Some(glucose(99.085_8, "mg/dL")));
    assert_eq!(convert(glucose(180.156, "mg/dL"), "mmol/L"), Some(glucose(10.0, "mmol/L")));
    check_dropped(Field::with_unit("lactate", Scalar::Real(5.5), "mmol/L"), "mg/dL");
    check_dropped(Field::with_unit("glucose.mean", Scalar::Real(5.5), "mmol/L"), "mg/dL");
}

#[test]
fn what_cannot_be_converted_is_dropped_and_never_relabelled() {
    check_dropped(Field::with_unit("p", Scalar::Real(20.0), "kPa"), "Cel");
    check_dropped(Field::with_unit("p", Scalar::Real(20.0), "V.A"), "W");
    check_dropped(Field::with_unit("p", Scalar::Real(20.0), "var"), "W");
    check_dropped(Field::with_unit("p", Scalar::Real(20.0), "degC"), "Cel");
    check_dropped(Field::with_unit("p", Scalar::Real(20.0), "cel"), "Cel");
    check_dropped(Field::without_unit("p", Scalar::Real(20.0)), "Cel");
    check_dropped(Field::with_unit("p", Scalar::Text("20".to_owned()), "Cel"), "Cel");
    check_dropped(Field::with_unit("p", Scalar::Flag(true), "Cel"), "Cel");
    check_dropped(Field::with_unit("p", Scalar::Real(f64::NAN), "Cel"), "Cel");
    check_dropped(Field::with_unit("p", Scalar::Real(1e300), "Cel"), "[degF]");
}

#[test]
fn what_is_as_wanted_stays_as_it_is() {
    let same = Field::with_unit("p", Scalar::Int(37), "Cel");
    assert_eq!(convert(same.clone(), "Cel"), Some(same));
}

#[test]
fn integers_become_real_numbers() {
    let converted = convert(Field::with_unit("p", Scalar::Int(i64::MAX), "kJ"), "J");
    assert_eq!(converted, Some(Field::with_unit("p", Scalar::Real(i64::MAX as f64 * 1e3), "J")));
}

#[test]
fn other_fields_go_on() {
    let plugin = UnitOf::configure(r#"{"to":{"body-temperature":"Cel"}}"#).unwrap();
    let given =
        vec![Reading::at(Some(7), "sample", vec![Field::without_unit("b", Scalar::Flag(true))])];
    assert_eq!(plugin.minimize(None, 0, given.clone()).unwrap().readings, given);
}

#[test]
fn refuses_settings_that_cannot_work() {
    let cases = [
        ("{}", "to"),
        (r#"{"to":{"p":"celsius"}}"#, "to"),
        (r#"{"to":{"p":1}}"#, "to"),
        (r#"{"to":{"a*b":"Cel"}}"#, "to"),
        (r#"{"to":{},"from":{}}"#, "from"),
    ];
    for (json, setting) in cases {
        let (Err(ConfigError::Missing(named)) | Err(ConfigError::Invalid((named, _)))) =
            UnitOf::configure(json)
        else {
            panic!("accepted: {json}")
        };
        assert_eq!(named, setting, "{json}");
    }
}
