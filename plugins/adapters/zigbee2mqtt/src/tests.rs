//! States of real devices, with their definitions and without.

use hushgate_sdk::testing;

use super::Zigbee2mqtt;

const TOPIC: &str = "zigbee2mqtt/kitchen";

fn check_with(exposes: &str, body: &str, expected: Result<&str, &'static str>) {
    let settings = format!(r#"{{"exposes":{exposes}}}"#);
    let answer = testing::decode::<Zigbee2mqtt>(&settings, TOPIC, body.as_bytes());
    assert_eq!(answer, expected.map(str::to_owned), "{exposes} {body}");
}

fn check(body: &str, expected: Result<&str, &'static str>) {
    check_with("[]", body, expected);
}

fn check_topic(topic: &str, body: &str, expected: Result<&str, &'static str>) {
    let answer = testing::decode::<Zigbee2mqtt>("{}", topic, body.as_bytes());
    assert_eq!(answer, expected.map(str::to_owned), "{topic} {body}");
}

#[test]
fn common_properties_need_no_definition() {
    check(
        r#"{"temperature":27.34,"humidity":44.72,"pressure":985.4,"battery":91,"voltage":2985,"linkquality":105}"#,
        Ok("state: battery=91.0 %, humidity=44.72 %, link-quality=105, pressure=985.4 hPa, \
            temperature=27.34 Cel, battery-voltage=2.985 V"),
    );
    check(
        r#"{"occupancy":true,"illuminance":34,"illuminance_lux":21,"battery_low":false,"tamper":false}"#,
        Ok(
            "state: battery-low=false, other.illuminance=34.0, illuminance=21.0 lx, occupancy=true, tamper=false",
        ),
    );
    check(r#"{"illuminance":34}"#, Ok("state: illuminance=34.0 lx"));
    check(
        r#"{"state":"ON","power":12.5,"energy":1.02,"current":0.05,"voltage":231}"#,
        Ok("state: current=0.05 A, energy=1.02 kW.h, power=12.5 W, on=true, voltage=231.0 V"),
    );
    check(
        r#"{"co2":812,"pm25":7,"voc_index":98,"voc":3,"aqi":2}"#,
        Ok(
            "state: air-quality-index=2.0, co2=812.0 [ppm], pm2-5=7.0 ug/m3, other.voc=3.0, voc-index=98.0",
        ),
    );
    check(
        r#"{"local_temperature":20.5,"occupied_heating_setpoint":21,"system_mode":"heat","pi_heating_demand":40}"#,
        Ok("state: temperature=20.5 Cel, set-temperature=21.0 Cel, other.pi-heating-demand=40.0, \
            other.system-mode=\"heat\""),
    );
    check(
        r#"{"smoke":false,"gas":true,"carbon_monoxide":false,"water_leak":true,"vibration":true}"#,
        Ok("state: co-alarm=false, gas-alarm=true, smoke=false, vibration=true, water-leak=true"),
    );
    check(r#"{"action":"single"}"#, Ok("state: action=\"single\""));
}

#[test]
fn a_closed_contact_is_not_open() {
    check(r#"{"contact":true}"#, Ok("state: open=false"));
    check(r#"{"contact":false}"#, Ok("state: open=true"));
    let exposes = r#"[{"type":"binary","name":"contact","property":"contact","value_on":false,"value_off":true}]"#;
    check_with(exposes, r#"{"contact":true}"#, Ok("state: open=false"));
    check_with(exposes, r#"{"contact":false}"#, Ok("state: open=true"));
    check(r#"{"contact":null}"#, Ok(""));
}

#[test]
fn a_voltage_without_a_unit_is_told_only_where_there_is_no_doubt() {
    check(r#"{"voltage":3005}"#, Ok("state: other.voltage=3005.0"));
    check(
        r#"{"voltage":3005,"battery":100}"#,
        Ok("state: battery=100.0 %, battery-voltage=3.005 V"),
    );
    check(
        r#"{"voltage":230,"battery":100,"power":1}"#,
        Ok("state: battery=100.0 %, power=1.0 W, other.voltage=230.0"),
    );
    check(
        r#"{"battery_voltage":3,"power":1}"#,
        Ok("state: other.battery-voltage=3.0, power=1.0 W"),
    );
}

#[test]
fn a_definition_gives_units_and_values() {
    let exposes = r#"[
        {"type":"numeric","name":"voltage","property":"voltage","unit":"mV","access":1},
        {"type":"numeric","name":"voc","property":"voc","unit":"ppb"},
        {"type":"numeric","name":"illuminance","property":"illuminance"},
        {"type":"numeric","name":"temperature","property":"temperature","unit":"°F"},
        {"type":"numeric","name":"formaldehyd","property":"formaldehyd","unit":"mg/m³"},
        {"type":"numeric","name":"pressure","property":"pressure","unit":"bar"},
        {"type":"binary","name":"child_lock","property":"child_lock","value_on":"LOCK","value_off":"UNLOCK"},
        {"type":"binary","name":"smoke","property":"smoke","value_on":"alarm","value_off":"ok"},
        {"type":"enum","name":"sensitivity","property":"sensitivity","values":["low","high"]},
        {"type":"text","name":"inserted","property":"inserted"},
        {"type":"numeric","name":"linkquality","property":"linkquality","unit":"lqi"},
        {"type":"numeric","name":"battery","property":"battery","unit":"%"}]"#;
    check_with(
        exposes,
        r#"{"voltage":3005,"voc":120,"illuminance":9000,"temperature":70,"formaldehyd":0.02,"pressure":1.5,
            "child_lock":"LOCK","smoke":"ok","sensitivity":"low","inserted":"tag","linkquality":90,"battery":5}"#,
        Ok("state: battery=5.0 %, other.child-lock=true, other.formaldehyd=0.02 mg/m3, \
            other.illuminance=9000.0, other.inserted=\"tag\", link-quality=90, other.pressure=1.5 bar, \
            other.sensitivity=\"low\", smoke=false, temperature=70.0 [degF], voc=120.0 [ppb], \
            battery-voltage=3.005 V"),
    );
    check_with(exposes, r#"{"child_lock":"?","smoke":true,"battery":"5","sensitivity":3}"#, Ok(""));
}

#[test]
fn specific_types_and_endpoints() {
    let exposes = r#"[
        {"type":"switch","endpoint":"left","features":[{"type":"binary","name":"state","property":"state_left",
            "endpoint":"left","value_on":"ON","value_off":"OFF"}]},
        {"type":"light","endpoint":"l2","features":[
            {"type":"binary","name":"state","property":"state_l2","endpoint":"l2","value_on":"ON","value_off":"OFF"},
            {"type":"numeric","name":"brightness","property":"brightness_l2","endpoint":"l2","value_max":1000}]},
        {"type":"cover","features":[{"type":"enum","name":"state","property":"state","values":["OPEN","CLOSE","STOP"]},
            {"type":"numeric","name":"position","property":"position","value_min":0,"value_max":100}]},
        {"type":"switch","features":[{"type":"binary","name":"state","property":"auto_lock",
            "value_on":"AUTO","value_off":"MANUAL"}]},
        {"type":"numeric","name":"power","property":"power_left","endpoint":"left","unit":"W"}]"#;
    check_with(
        exposes,
        r#"{"state_left":"ON","state_l2":"OFF","brightness_l2":500,"state":"CLOSE","position":0,
            "auto_lock":"AUTO","power_left":3}"#,
        Ok(
            "state: other.auto-lock=true, brightness-l2=50.0 %, position=0.0 %, power-left=3.0 W, open=false, \
            on-l2=false, on-left=true",
        ),
    );
    check_with(exposes, r#"{"state":"STOP"}"#, Ok(""));
    check(
        r#"{"state_left":"ON","state_bottom_right":"OFF","temperature_2":3,"temperature_calibration":1,"brightness":127}"#,
        Ok(
            "state: brightness=50.0 %, on-bottom-right=false, on-left=true, temperature-2=3.0 Cel, \
            other.temperature-calibration=1.0",
        ),
    );
    check(r#"{"lock_state":"locked","state":"LOCK"}"#, Ok("state: locked=true"));
    check(r#"{"lock_state":"not_fully_locked","state":"UNLOCK"}"#, Ok("state: locked=false"));
}

#[test]
fn nested_values_have_dots_and_a_limit() {
    let exposes = r#"[{"type":"light","features":[{"type":"composite","name":"color_xy","property":"color",
        "features":[{"type":"numeric","name":"x","property":"x"},{"type":"numeric","name":"y","property":"y"}]}]},
        {"type":"composite","name":"limits","property":"limits","features":[
            {"type":"numeric","name":"max","property":"max","unit":"°C"}]}]"#;
    let body = r#"{"color":{"x":0.31,"y":0.32,"hue":null},"limits":{"max":30},"schedule":[1,2],
        "a":{"b":{"c":{"d":1,"e":{"f":1}}}}}"#;
    check_with(
        exposes,
        body,
        Ok(
            "state: other.a.b.c.d=1.0, other.color.x=0.31, other.color.y=0.32, other.limits.max=30.0 Cel",
        ),
    );
}

#[test]
fn last_seen_is_the_time() {
    let at = "state @1551454365941: on=true";
    check(r#"{"state":"ON","last_seen":"2019-03-01T15:32:45.941Z"}"#, Ok(at));
    check(r#"{"state":"ON","last_seen":"2019-03-01T16:32:45.941+01:00"}"#, Ok(at));
    check(r#"{"state":"ON","last_seen":1551454365941}"#, Ok(at));
    for unknown in ["\"1 minute ago\"", "null", "0", "-1", "1.5"] {
        check(&format!(r#"{{"state":"ON","last_seen":{unknown}}}"#), Ok("state: on=true"));
    }
}

#[test]
fn what_names_the_device_is_no_field() {
    check(
        r#"{"device":{"friendlyName":"ada","ieeeAddr":"0x00"},"update":{"state":"idle"},"update_available":false}"#,
        Ok(""),
    );
    check(r#"{"ü":1,"":2,"action":"","state":null}"#, Ok(""));
}

#[test]
fn whether_it_is_there() {
    for body in ["online", r#"{"state":"online"}"#] {
        check_topic("zigbee2mqtt/a/b/availability", body, Ok("online: online=true"));
    }
    check_topic("zigbee2mqtt/a/availability", r#"{"state":"offline"}"#, Ok("online: online=false"));
    for body in ["", "up", "{", "{}", r#"{"state":1}"#] {
        check_topic("zigbee2mqtt/a/availability", body, Err("malformed"));
    }
}

#[test]
fn commands_and_the_bridge_are_not_ours() {
    for topic in [
        "zigbee2mqtt/a/set",
        "zigbee2mqtt/a/set/brightness",
        "zigbee2mqtt/a/get",
        "zigbee2mqtt/bridge/devices",
        "zigbee2mqtt/bridge/request/permit_join",
        "zigbee2mqtt",
        "",
    ] {
        check_topic(topic, r#"{"state":"ON"}"#, Err("not mine"));
    }
    check_topic("home/z2m/attic/lamp", r#"{"state":"ON"}"#, Ok("state: on=true"));
}

#[test]
fn what_is_no_state_is_malformed() {
    for body in ["", "ON", "21.5", "[]", "null", "{\"a\":1", "{\"a\":1}x", "\u{feff}{}"] {
        check(body, Err("malformed"));
    }
    let body = r#"{"temperature":27.34,"color":{"x":0.31},"last_seen":1551454365941}"#;
    for end in 0..body.len() {
        check(&body[..end], Err("malformed"));
    }
}

#[test]
fn limits_are_kept() {
    let many = |count: usize| {
        let values: Vec<_> = (0..count).map(|number| format!(r#""p{number}":1"#)).collect();
        format!("{{{}}}", values.join(","))
    };
    assert!(testing::decode::<Zigbee2mqtt>("{}", TOPIC, many(256).as_bytes()).is_ok());
    check(&many(257), Err("unsupported"));
    let long = format!(r#"{{"a":"{}","{}":1}}"#, "x".repeat(1025), "b".repeat(60));
    check(&long, Ok(""));
}

#[test]
fn settings_that_are_no_definition_are_refused() {
    for wrong in ["{}", "7", r#"[7]"#, r#"[{"name":"a"}]"#, r#"[{"type":"numeric","unit":3}]"#] {
        check_with(wrong, "{}", Err("refused"));
    }
}
