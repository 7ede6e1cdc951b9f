//! Scales, cycling, running and batteries.

use super::{check, check_every_cut};

#[test]
fn reads_scales() {
    check("2a9d", "00 B838", Ok("body-weight=72.6kg"));
    check("2a9d", "01 B838", Ok("body-weight=145.2[lb_av]"));
    check("2a9d", "00 0100", Ok("body-weight=0.005kg"));
    check(
        "2a9d",
        "0E B838 EA07 0B 1B 06 19 00 03 E500 F406",
        Ok("body-weight=72.6kg device-time=2026-11-27T06:25:00 user-id=3 bmi=22.9kg/m2 \
            body-height=1.78m"),
    );
    check(
        "2a9d",
        "0D B838 FF E500 BD02",
        Ok("body-weight=145.2[lb_av] bmi=22.9kg/m2 body-height=70.1[in_i]"),
    );
    check("2a9d", "00 FFFF", Ok(""));
    check_every_cut("2a9d", "0E B838 EA07 0B 1B 06 19 00 03 E500 F406");
}

#[test]
fn reads_body_compositions() {
    let full = "FE1F E100 EA07 0B 1B 06 19 00 03 581B 9B01 1027 1127 1227 1327 8813 B838 F406";
    check(
        "2a9c",
        full,
        Ok("body-fat=22.5% device-time=2026-11-27T06:25:00 user-id=3 basal-metabolism=7000.0kJ \
            muscle=41.1% muscle-mass=50.0kg fat-free-mass=50.005kg soft-lean-mass=50.01kg \
            body-water=50.015kg impedance=500.0Ohm body-weight=72.6kg body-height=1.78m \
            several-packets"),
    );
    check(
        "2a9c",
        "2104 E100 1027 B838",
        Ok("body-fat=22.5% muscle-mass=100.0[lb_av] body-weight=145.2[lb_av]"),
    );
    check("2a9c", "0000 FFFF", Ok(""));
    check("2a9c", "0002 E100 FFFF", Ok("body-fat=22.5%"));
    check_every_cut("2a9c", full);
}

#[test]
fn reads_cycling_and_running() {
    check(
        "2a5b",
        "03 39300000 E803 5901 D007",
        Ok("wheel-revolutions=12345{rev} wheel-event-time=0.9765625s crank-revolutions=345{rev} \
            crank-event-time=1.953125s"),
    );
    check("2a5b", "02 5901 D007", Ok("crank-revolutions=345{rev} crank-event-time=1.953125s"));
    check(
        "2a5b",
        "01 FFFFFFFF FFFF",
        Ok("wheel-revolutions=4294967295{rev} wheel-event-time=63.9990234375s"),
    );
    check(
        "2a53",
        "07 0003 12 5600 010000F0",
        Ok("speed=3.0m/s cadence=18.0/min stride-length=0.86m distance=402653184.1m running"),
    );
    check("2a53", "00 0103 12", Ok("speed=3.00390625m/s cadence=18.0/min"));
    check_every_cut("2a5b", "03 39300000 E803 5901 D007");
    check_every_cut("2a53", "07 0003 12 5600 010000F0");
}

#[test]
fn reads_battery_levels() {
    check("2a19", "64", Ok("battery=100.0%"));
    check("2a19", "00", Ok("battery=0.0%"));
    for hex in ["", "65", "FF", "64 00"] {
        check("2a19", hex, Err("malformed"));
    }
}
