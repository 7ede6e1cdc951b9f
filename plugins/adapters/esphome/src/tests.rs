//! Topics of the firmware's MQTT component, and what is not one.

use hushgate_sdk::testing;

use super::Esphome;

const SETTINGS: &str = r#"{"sensors":{
    "living_room_temperature":{"path":"temperature","unit":"Cel"},
    "wifi_signal":{"path":"signal","unit":"{dBm}"},
    "front_door":{"path":"open"},
    "version":{"path":"firmware"}}}"#;

fn check(channel: &str, body: &str, expected: Result<&str, &'static str>) {
    let answer = testing::decode::<Esphome>(SETTINGS, channel, body.as_bytes());
    assert_eq!(answer, expected.map(str::to_owned), "{channel} {body}");
}

fn refuse(settings: &str) {
    assert_eq!(testing::decode::<Esphome>(settings, "", b""), Err("refused"), "{settings}");
}

#[test]
fn sensors_are_what_the_settings_say() {
    let topic = "livingroom/sensor/living_room_temperature/state";
    check(topic, "21.5", Ok("state: temperature=21.5 Cel"));
    check(topic, "21", Ok("state: temperature=21.0 Cel"));
    check(topic, "-0.10", Ok("state: temperature=-0.1 Cel"));
    check("home/esp/x/sensor/wifi_signal/state", "-61", Ok("state: signal=-61.0 {dBm}"));
    check("a/binary_sensor/front_door/state", "ON", Ok("state: open=true"));
    check("a/text_sensor/version/state", "2025.9.1", Ok("state: firmware=\"2025.9.1\""));
    for nothing in ["nan", "NaN", "-nan", "inf", "None"] {
        check(topic, nothing, Ok(""));
    }
    for wrong in ["", "warm", "21,5", " 21.5", "0x15"] {
        check(topic, wrong, Err("malformed"));
    }
}

#[test]
fn a_sensor_that_nobody_says_the_unit_of_becomes_nothing() {
    check("a/sensor/kitchen_temperature/state", "21.5", Ok(""));
    check("a/number/kitchen_target/state", "3", Ok(""));
    check("a/sensor/kitchen_temperature/state", "x", Err("malformed"));
}

#[test]
fn what_means_the_same_everywhere_needs_no_settings() {
    for (topic, body, expected) in [
        ("switch/plug", "ON", "state: on-plug=true"),
        ("fan/attic_fan", "OFF", "state: on-attic-fan=false"),
        ("binary_sensor/motion_pir", "ON", "state: other.motion-pir=true"),
        ("lock/front", "LOCKED", "state: locked-front=true"),
        ("lock/front", "UNLOCKED", "state: locked-front=false"),
        ("lock/front", "JAMMED", ""),
        ("cover/blind", "open", "state: open-blind=true"),
        ("cover/blind", "closing", ""),
        ("cover/blind/position", "40", "state: position-blind=40.0 %"),
        ("valve/water", "closed", "state: open-water=false"),
        ("text_sensor/mode", "", ""),
        ("select/mode", "eco", "state: other.mode=\"eco\""),
        (
            "light/lamp",
            r#"{"state":"ON","brightness":51,"color_mode":"white"}"#,
            "state: on-lamp=true, brightness-lamp=20.0 %",
        ),
        ("light/lamp", r#"{"state":"?"}"#, ""),
        ("event/bell", r#"{"event_type":"press"}"#, "action: action-bell=\"press\""),
        ("climate/heater/current_temperature", "20.4", "state: temperature-heater=20.4 Cel"),
        ("climate/heater/target_temperature", "21", "state: set-temperature-heater=21.0 Cel"),
        ("climate/heater/target_temperature", "nan", ""),
        ("climate/heater/mode", "heat", "state: other.heater.mode=\"heat\""),
        ("climate/heater/action", "idle", "state: other.heater.action=\"idle\""),
    ] {
        check(&format!("home/attic/{topic}/state"), body, Ok(expected));
    }
    for (topic, body) in [("switch/plug", "TOGGLE"), ("light/lamp", "ON"), ("event/bell", "press")]
    {
        check(&format!("attic/{topic}/state"), body, Err("malformed"));
    }
}

#[test]
fn whether_it_is_there() {
    check("livingroom/status", "online", Ok("state: online=true"));
    check("livingroom/status", "offline", Ok("state: online=false"));
    check("livingroom/status", "", Err("malformed"));
}

#[test]
fn commands_and_logs_are_not_ours() {
    for topic in [
        "a/switch/plug/command",
        "a/debug",
        "status",
        "",
        "a/sensor/x",
        "a/climate/x/state",
        "a/button/x/state",
        "a/climate/x/colour/state",
        "sensor/x/state",
        "a/switch/ü/state",
    ] {
        check(topic, "ON", Err("not mine"));
    }
    let bytes = testing::decode::<Esphome>("{}", "a/switch/plug/state", b"\xff");
    assert_eq!(bytes, Err("malformed"));
}

#[test]
fn names_that_are_too_long_become_nothing() {
    check(&format!("a/switch/{}/state", "x".repeat(64)), "ON", Ok(""));
    check("a/text_sensor/note/state", &"x".repeat(1025), Ok(""));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    refuse(r#"{"sensors":{"a":{"path":"Temperature"}}}"#);
    refuse(r#"{"sensors":{"a":{"path":"temperature","unit":"°C"}}}"#);
    refuse(r#"{"sensors":{"a":{"path":"temperature","unit":""}}}"#);
    refuse(r#"{"sensors":{"a":{"unit":"Cel"}}}"#);
    refuse(r#"{"units":{}}"#);
    let many: Vec<_> = (0..257).map(|number| format!(r#""s{number}":{{"path":"a"}}"#)).collect();
    refuse(&format!(r#"{{"sensors":{{{}}}}}"#, many.join(",")));
}
