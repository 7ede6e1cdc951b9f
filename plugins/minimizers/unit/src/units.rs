//! Units and what they are worth, from the table of UCUM 2.1 (ucum-essence): each as a fraction of one unit of
//! its quantity.
//!
//! # Promises
//!
//! - Only units of one quantity are converted into each other. Quantities are told apart more finely than by
//!   dimension: apparent power (`V.A`) is no `W`, a rate in `/min` no count.
//! - The factors are UCUM's own, exact: `mm[Hg]` is 133.322 Pa, as `m[Hg]` is 133.3220 kPa there.

use Quantity as Q;
use hushgate_sdk::exact::Exact;

/// Glucose has 180.156 g/mol (C6H12O6), so that 1 mmol/L is 180.156 mg/L.
const GLUCOSE_G_PER_MOL: Exact = Exact::new(180_156, -3);

/// The only path whose substance is known.
const GLUCOSE_PATH: &str = "glucose";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    Temperature,
    Pressure,
    Mass,
    Length,
    Energy,
    Power,
    ApparentPower,
    ReactivePower,
    Time,
    Speed,
    Volume,
    Flow,
    Rate,
    Voltage,
    Current,
    Resistance,
    Illuminance,
    Share,
    MassConcentration,
    Molarity,
}

/// A unit: one of it is `factor` / `per` of the quantity's own, counted from `zero` below its own zero.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) code: &'static str,
    quantity: Quantity,
    factor: Exact,
    per: i128,
    zero: Exact,
}

const fn unit(code: &'static str, quantity: Quantity, factor: (i128, i32), per: i128) -> Unit {
    Unit { code, quantity, factor: Exact::new(factor.0, factor.1), per, zero: Exact::ZERO }
}

const fn degree(code: &'static str, factor: i128, per: i128, zero: (i128, i32)) -> Unit {
    let (factor, zero) = (Exact::new(factor, 0), Exact::new(zero.0, zero.1));
    Unit { code, quantity: Q::Temperature, factor, per, zero }
}

static UNITS: &[Unit] = &[
    degree("K", 1, 1, (0, 0)),
    degree("Cel", 1, 1, (27_315, -2)),
    degree("[degF]", 5, 9, (45_967, -2)),
    // Pascal
    unit("Pa", Q::Pressure, (1, 0), 1),
    unit("hPa", Q::Pressure, (1, 2), 1),
    unit("mbar", Q::Pressure, (1, 2), 1),
    unit("kPa", Q::Pressure, (1, 3), 1),
    unit("bar", Q::Pressure, (1, 5), 1),
    unit("MPa", Q::Pressure, (1, 6), 1),
    unit("atm", Q::Pressure, (101_325, 0), 1),
    unit("mm[Hg]", Q::Pressure, (133_322, -3), 1),
    unit("cm[H2O]", Q::Pressure, (980_665, -4), 1),
    unit("[in_i'Hg]", Q::Pressure, (33_863_788, -4), 1),
    // 0.45359237 kg × 9.80665 m/s2 on a square of 0.0254 m
    unit("[psi]", Q::Pressure, (44_482_216_152_605, -5), 64_516),
    // Gram
    unit("ug", Q::Mass, (1, -6), 1),
    unit("mg", Q::Mass, (1, -3), 1),
    unit("g", Q::Mass, (1, 0), 1),
    unit("kg", Q::Mass, (1, 3), 1),
    unit("t", Q::Mass, (1, 6), 1),
    unit("[oz_av]", Q::Mass, (45_359_237, -5), 16),
    unit("[lb_av]", Q::Mass, (45_359_237, -5), 1),
    unit("[stone_av]", Q::Mass, (14 * 45_359_237, -5), 1),
    // Metre
    unit("mm", Q::Length, (1, -3), 1),
    unit("cm", Q::Length, (1, -2), 1),
    unit("m", Q::Length, (1, 0), 1),
    unit("km", Q::Length, (1, 3), 1),
    unit("[in_i]", Q::Length, (254, -4), 1),
    unit("[ft_i]", Q::Length, (3_048, -4), 1),
    unit("[yd_i]", Q::Length, (9_144, -4), 1),
    unit("[mi_i]", Q::Length, (1_609_344, -3), 1),
    unit("[nmi_i]", Q::Length, (1_852, 0), 1),
    // Joule
    unit("J", Q::Energy, (1, 0), 1),
    unit("kJ", Q::Energy, (1, 3), 1),
    unit("MJ", Q::Energy, (1, 6), 1),
    unit("GJ", Q::Energy, (1, 9), 1),
    unit("W.h", Q::Energy, (36, 2), 1),
    unit("kW.h", Q::Energy, (36, 5), 1),
    unit("MW.h", Q::Energy, (36, 8), 1),
    unit("cal", Q::Energy, (4_184, -3), 1),
    unit("kcal", Q::Energy, (4_184, 0), 1),
    unit("[Cal]", Q::Energy, (4_184, 0), 1),
    // Watt
    unit("mW", Q::Power, (1, -3), 1),
    unit("W", Q::Power, (1, 0), 1),
    unit("kW", Q::Power, (1, 3), 1),
    unit("MW", Q::Power, (1, 6), 1),
    unit("V.A", Q::ApparentPower, (1, 0), 1),
    unit("kV.A", Q::ApparentPower, (1, 3), 1),
    unit("var", Q::ReactivePower, (1, 0), 1),
    unit("kvar", Q::ReactivePower, (1, 3), 1),
    // Second
    unit("ms", Q::Time, (1, -3), 1),
    unit("s", Q::Time, (1, 0), 1),
    unit("min", Q::Time, (60, 0), 1),
    unit("h", Q::Time, (3_600, 0), 1),
    unit("d", Q::Time, (86_400, 0), 1),
    unit("wk", Q::Time, (604_800, 0), 1),
    // Metre per second
    unit("m/s", Q::Speed, (1, 0), 1),
    unit("km/h", Q::Speed, (1_000, 0), 3_600),
    unit("[mi_i]/h", Q::Speed, (1_609_344, -3), 3_600),
    unit("[kn_i]", Q::Speed, (1_852, 0), 3_600),
    unit("[ft_i]/s", Q::Speed, (3_048, -4), 1),
    // Cubic metre
    unit("m3", Q::Volume, (1, 0), 1),
    unit("L", Q::Volume, (1, -3), 1),
    unit("l", Q::Volume, (1, -3), 1),
    unit("dL", Q::Volume, (1, -4), 1),
    unit("cL", Q::Volume, (1, -5), 1),
    unit("mL", Q::Volume, (1, -6), 1),
    unit("[gal_us]", Q::Volume, (3_785_411_784, -12), 1),
    unit("[foz_us]", Q::Volume, (3_785_411_784, -12), 128),
    // Cubic metre per second
    unit("m3/s", Q::Flow, (1, 0), 1),
    unit("m3/h", Q::Flow, (1, 0), 3_600),
    unit("L/s", Q::Flow, (1, -3), 1),
    unit("L/min", Q::Flow, (1, -3), 60),
    unit("L/h", Q::Flow, (1, -3), 3_600),
    unit("mL/min", Q::Flow, (1, -6), 60),
    // Per second
    unit("Hz", Q::Rate, (1, 0), 1),
    unit("/s", Q::Rate, (1, 0), 1),
    unit("/min", Q::Rate, (1, 0), 60),
    unit("/h", Q::Rate, (1, 0), 3_600),
    unit("mV", Q::Voltage, (1, -3), 1),
    unit("V", Q::Voltage, (1, 0), 1),
    unit("kV", Q::Voltage, (1, 3), 1),
    unit("mA", Q::Current, (1, -3), 1),
    unit("A", Q::Current, (1, 0), 1),
    unit("Ohm", Q::Resistance, (1, 0), 1),
    unit("kOhm", Q::Resistance, (1, 3), 1),
    unit("lx", Q::Illuminance, (1, 0), 1),
    unit("klx", Q::Illuminance, (1, 3), 1),
    // Parts
    unit("1", Q::Share, (1, 0), 1),
    unit("%", Q::Share, (1, -2), 1),
    unit("[ppth]", Q::Share, (1, -3), 1),
    unit("[ppm]", Q::Share, (1, -6), 1),
    unit("[ppb]", Q::Share, (1, -9), 1),
    // Gram per litre
    unit("g/L", Q::MassConcentration, (1, 0), 1),
    unit("g/dL", Q::MassConcentration, (1, 1), 1),
    unit("mg/dL", Q::MassConcentration, (1, -2), 1),
    unit("mg/L", Q::MassConcentration, (1, -3), 1),
    unit("mg/m3", Q::MassConcentration, (1, -6), 1),
    unit("ug/m3", Q::MassConcentration, (1, -9), 1),
    // Mole per litre
    unit("mol/L", Q::Molarity, (1, 0), 1),
    unit("mmol/L", Q::Molarity, (1, -3), 1),
    unit("umol/L", Q::Molarity, (1, -6), 1),
];

/// The unit with this code.
pub(crate) fn find(code: &str) -> Option<&'static Unit> {
    UNITS.iter().find(|unit| unit.code == code)
}

/// `value` of the first unit in the second one.
pub(crate) fn convert(value: Exact, path: &str, (from, to): (&Unit, &Unit)) -> Option<Exact> {
    let (numerator, denominator) = molar(path, (from.quantity, to.quantity))?;
    let own = value.plus(from.zero)?.times(from.factor)?.times(numerator)?;
    let own = own.times(Exact::new(to.per, 0))?;
    let worth = to.factor.times(denominator)?.times(Exact::new(from.per, 0))?;
    let (divisor, exponent) = worth.parts();
    let dividend =
        own.minus(to.zero.times(worth)?)?.times(Exact::new(1, exponent.checked_neg()?))?;
    dividend.over(divisor)
}

/// By what to multiply, and divide, one quantity's own unit to have the other's.
fn molar(path: &str, quantities: (Quantity, Quantity)) -> Option<(Exact, Exact)> {
    match quantities {
        (from, to) if from == to => Some((Exact::ONE, Exact::ONE)),
        (Q::Molarity, Q::MassConcentration) if path == GLUCOSE_PATH => {
            Some((GLUCOSE_G_PER_MOL, Exact::ONE))
        }
        (Q::MassConcentration, Q::Molarity) if path == GLUCOSE_PATH => {
            Some((Exact::ONE, GLUCOSE_G_PER_MOL))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_stands_twice() {
        for (place, unit) in UNITS.iter().enumerate() {
            assert!(!UNITS[..place].iter().any(|it| it.code == unit.code), "{}", unit.code);
        }
    }

    #[test]
    fn each_unit_converts_to_each_of_its_quantity_and_back() {
        for from in UNITS {
            for to in UNITS.iter().filter(|it| it.quantity == from.quantity) {
                let there = convert(Exact::new(725, -1), "p", (from, to)).unwrap();
                let back = convert(there, "p", (to, from)).unwrap().to_f64();
                assert!((back - 72.5).abs() < 1e-9, "{} {} {back}", from.code, to.code);
            }
        }
    }
}
