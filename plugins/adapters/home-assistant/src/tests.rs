//! Discovery messages of real firmware, and states.

use hushgate_sdk::{ConfigError, adapter::Adapter, testing};

use super::HomeAssistant;

fn check_with(entities: &str, channel: &str, body: &str, expected: Result<&str, &'static str>) {
    let settings = format!(r#"{{"entities":[{entities}]}}"#);
    let answer = testing::decode::<HomeAssistant>(&settings, channel, body.as_bytes());
    assert_eq!(answer, expected.map(str::to_owned), "{entities} {channel} {body}");
}

/// A number of a sensor with this template.
fn check(template: &str, body: &str, expected: Result<&str, &'static str>) {
    let template = serde_json::to_string(template).unwrap();
    let entity =
        format!(r#"{{"stat_t":"t","val_tpl":{template},"unit_of_meas":"W","dev_cla":"power"}}"#);
    let expected = match expected {
        Ok("") => Ok(String::new()),
        Ok(value) => Ok(format!("state: power={value} W")),
        Err(error) => Err(error),
    };
    check_with(&entity, "t", body, expected.as_deref().map_err(|it| *it));
}

/// A text of a sensor with this template.
fn check_text(template: &str, body: &str, expected: &str) {
    let template = serde_json::to_string(template).unwrap();
    let entity = format!(r#"{{"p":"sensor","name":"x","stat_t":"t","val_tpl":{template}}}"#);
    let expected =
        if expected.is_empty() { String::new() } else { format!("state: other.x={expected:?}") };
    check_with(&entity, "t", body, Ok(&expected));
}

#[test]
fn a_message_with_short_keys_and_a_base_topic() {
    let messages = r#"
        {"topic":"homeassistant/sensor/0x00/temperature/config","payload":{"~":"zigbee2mqtt/kitchen","stat_t":"~",
            "val_tpl":"{{ value_json.temperature }}","unit_of_meas":"°C","dev_cla":"temperature","name":"Temperature",
            "avty":[{"t":"zigbee2mqtt/bridge/state"},{"t":"~/availability","val_tpl":"{{ value_json.state }}"}]}},
        {"topic":"homeassistant/binary_sensor/0x00/contact/config","payload":{"state_topic":"zigbee2mqtt/kitchen",
            "value_template":"{{ value_json.contact }}","payload_on":false,"payload_off":true,"device_class":"door"}},
        {"topic":"homeassistant/button/0x00/identify/config","payload":{"command_topic":"zigbee2mqtt/kitchen/set",
            "value_template":"{% nobody reads this %}"}}"#;
    let check = |channel, body, expected| check_with(messages, channel, body, expected);
    check(
        "zigbee2mqtt/kitchen",
        r#"{"temperature":21.5,"contact":true}"#,
        Ok("state: temperature=21.5 Cel, open=false"),
    );
    check("zigbee2mqtt/kitchen", r#"{"temperature":null,"contact":false}"#, Ok("state: open=true"));
    check("zigbee2mqtt/kitchen", r#"{}"#, Ok(""));
    check(
        "zigbee2mqtt/kitchen/availability",
        r#"{"state":"online"}"#,
        Ok("state: online-temperature=true"),
    );
    check("zigbee2mqtt/kitchen", "ON", Err("malformed"));
    check("homeassistant/sensor/0x00/temperature/config", "{}", Err("not mine"));
    check("zigbee2mqtt/kitchen/set", "{}", Err("not mine"));
}

#[test]
fn a_device_with_its_components() {
    let message = r#"{"dev":{"ids":"ea3","name":"Kitchen"},"o":{"name":"bla2mqtt"},"state_topic":"sensor/state",
        "avty_t":"sensor/lwt","qos":2,"cmps":{
            "id1":{"p":"sensor","device_class":"temperature","unit_of_measurement":"°F",
                "value_template":"{{ value_json.temperature }}"},
            "id2":{"p":"sensor","device_class":"temperature","unit_of_measurement":"°C","name":"Probe 2",
                "value_template":"{{ value_json.probe }}"},
            "id3":{"p":"switch","value_template":"{{ value_json.relay }}","command_topic":"x"},
            "id4":{"p":"event","state_topic":"sensor/event"},
            "id5":{"p":"update"}}}"#;
    check_with(
        message,
        "sensor/state",
        r#"{"temperature":70,"probe":4.5,"relay":"ON"}"#,
        Ok("state: temperature-id1=70.0 [degF], temperature-probe-2=4.5 Cel, on=true"),
    );
    check_with(message, "sensor/event", r#"{"event_type":"press"}"#, Ok("state: action=\"press\""));
    check_with(message, "sensor/lwt", "offline", Ok("state: online=false"));
}

#[test]
fn the_base_topic_of_a_device_is_that_of_its_components() {
    let message = r#"{"~":"a/b","cmps":{"x":{"p":"switch","stat_t":"~/s"},"y":{"p":"switch","~":"c","stat_t":"s/~"}}}"#;
    check_with(message, "a/b/s", "ON", Ok("state: on-x=true"));
    check_with(message, "s/c", "OFF", Ok("state: on-y=false"));
}

#[test]
fn a_tracker_and_where_it_is() {
    let message = r#"{"p":"device_tracker","stat_t":"t/state","pl_home":"here","json_attr_t":"t/attributes","name":"Phone"}"#;
    check_with(message, "t/state", "here", Ok("state: at-home=true"));
    check_with(message, "t/state", "not_home", Ok("state: at-home=false"));
    check_with(message, "t/state", "work", Ok(""));
    check_with(
        message,
        "t/attributes",
        r#"{"latitude":52.5,"longitude":13.4,"gps_accuracy":20,"ssid":"ada"}"#,
        Ok("state: latitude=52.5 deg, longitude=13.4 deg, accuracy=20.0 m"),
    );
}

#[test]
fn without_a_template_the_payload_is_the_value() {
    let sensor = r#"{"stat_t":"a/sensor/x/state","unit_of_meas":"ppm","dev_cla":"carbon_dioxide"}"#;
    check_with(sensor, "a/sensor/x/state", "812", Ok("state: co2=812.0 [ppm]"));
    for nothing in ["nan", "None", "", "unknown", "unavailable", "inf"] {
        check_with(sensor, "a/sensor/x/state", nothing, Ok(""));
    }
    let lock = r#"{"p":"binary_sensor","stat_t":"t","dev_cla":"lock"}"#;
    check_with(lock, "t", "ON", Ok("state: locked=false"));
    check_with(lock, "t", "OFF", Ok("state: locked=true"));
    let odd = r#"{"stat_t":"t","unit_of_meas":"bar","dev_cla":"pressure","name":"Boiler"}"#;
    check_with(odd, "t", "1.5", Ok("state: other.boiler=1.5 bar"));
    let unknown = r#"{"stat_t":"t","unit_of_meas":"furlongs","name":"Run"}"#;
    check_with(unknown, "t", "3", Ok("state: other.run=3.0"));
}

#[test]
fn templates_find_values() {
    check("{{ value_json.ENERGY.Power }}", r#"{"ENERGY":{"Power":7}}"#, Ok("7.0"));
    check("{{value_json['ENERGY']['Power']}}", r#"{"ENERGY":{"Power":7}}"#, Ok("7.0"));
    check(r#"{{ value_json["a"][1].b }}"#, r#"{"a":[0,{"b":2.5}]}"#, Ok("2.5"));
    check("{{ value }}", "12.5", Ok("12.5"));
    check("{{ value | float }}", "12", Ok("12.0"));
    check("{{ value_json.a | is_defined }}", "{}", Ok(""));
    check("{{ value_json.a.b }}", "{}", Ok(""));
    check("{{ value_json.a | default(3) }}", "{}", Ok("3.0"));
    check("{{ value_json.a | float(0) }}", r#"{"a":"x"}"#, Ok("0.0"));
    check("{{ value_json.a | float }}", r#"{"a":"x"}"#, Ok(""));
    check("{{ value_json.a | float(3) }}", r#"{"a":null}"#, Ok("3.0"));
    check("{{ value_json.a | float(3) }}", "{}", Ok(""));
    check("{{ value_json.a | int }}", r#"{"a":"3.7"}"#, Ok("3.0"));
    check("{{ value_json.a | int }}", r#"{"a":-3.7}"#, Ok("-3.0"));
    check("{{ value_json.a }}", "7", Ok(""));
    check("{{ value_json.a }}", "x", Err("malformed"));
}

#[test]
fn templates_calculate_as_on_paper() {
    check("{{ value_json.a * 0.1 }}", r#"{"a":231}"#, Ok("23.1"));
    check("{{ value_json.a | float * 0.1 }}", r#"{"a":"189"}"#, Ok("18.9"));
    check("{{ value_json.a / 10 }}", r#"{"a":189}"#, Ok("18.9"));
    check("{{ (value_json.a | float / 1000) | round(2) }}", r#"{"a":2985}"#, Ok("2.98"));
    check("{{ value_json.a / 3 }}", r#"{"a":1}"#, Ok("0.3333333333333333"));
    check("{{ value_json.a / 0 }}", r#"{"a":1}"#, Ok(""));
    check("{{ value_json.a + value_json.b - 0.5 }}", r#"{"a":0.1,"b":0.2}"#, Ok("-0.2"));
    check("{{ 1 + 2 * value_json.a }}", r#"{"a":3}"#, Ok("7.0"));
    check("{{ -value_json.a | abs }}", r#"{"a":3}"#, Ok("3.0"));
    check("{{ value_json.a * 10 | round(1) }}", r#"{"a":1.25}"#, Ok("12.5"));
    check("{{ (value_json.a) | round }}", r#"{"a":2.5}"#, Ok("2.0"));
    check("{{ value_json.a * 2 }}", r#"{"a":"3"}"#, Ok(""));
    check("{{ value_json.a * value_json.a }}", r#"{"a":9223372036854775807}"#, Ok(""));
}

#[test]
fn templates_decide() {
    check_text("{{ 'ON' if value_json.x else 'OFF' }}", r#"{"x":true}"#, "ON");
    check_text("{{ 'ON' if value_json.x else 'OFF' }}", r#"{"x":0}"#, "OFF");
    check_text("{{ 'ON' if value_json.x == 'open' else 'OFF' }}", r#"{"x":"open"}"#, "ON");
    check_text(
        "{{ 'hot' if value_json.x > 20 else 'warm' if value_json.x >= 10 else 'cold' }}",
        r#"{"x":10}"#,
        "warm",
    );
    check_text(
        "{{ 'a' if value_json.x is defined and not value_json.y else 'b' }}",
        r#"{"x":1}"#,
        "a",
    );
    check_text("{{ 'a' if value_json.x is not defined or false else 'b' }}", r#"{"x":1}"#, "b");
    check_text("{{ value_json.x | lower | trim }}", r#"{"x":" ABC "}"#, "abc");
    check_text("{{ value_json.x | upper }}", r#"{"x":"a"}"#, "A");
    check_text("{{ value_json.x }}", r#"{"x":true}"#, "True");
    check_text("{{ value_json.x }}", r#"{"x":null}"#, "");
    check_text("{{ value_json.x }}", r#"{"x":[1]}"#, "");
    check_text("{{ value_json.x == 1 }}", r#"{"x":true}"#, "True");
}

#[test]
fn other_templates_are_refused_with_the_entity_named() {
    for template in [
        "",
        "21",
        "{{",
        "{{ }}",
        "{% if value %}1{% endif %}",
        "{{ value }} W",
        "{{ states('sensor.x') }}",
        "{{ value_json.x | regex_replace('a') }}",
        "{{ value_json.x | round(-1) }}",
        "{{ value_json.x[1:] }}",
        "{{ value ~ 'a' }}",
        "{{ 1 < value < 3 }}",
        "{{ 'a\\'b' }}",
        "{{ value_json.x | default }}",
        "{{ ü }}",
        "{{ value_json.x if true }}",
        "{{ value_json. }}",
        "{{ (value }}",
        "{{ value }}{{ value }}",
        &format!("{{{{ {}value{} }}}}", "(".repeat(40), ")".repeat(40)),
        &format!("{{{{ {} }}}}", "value + ".repeat(400)),
    ] {
        check(template, "{}", Err("refused"));
    }
    let json =
        r#"{"entities":[{"p":"sensor","name":"Boiler","stat_t":"t","val_tpl":"{{ now() }}"}]}"#;
    match HomeAssistant::configure(json) {
        Err(ConfigError::Invalid((setting, why))) => {
            assert_eq!(setting, "entities");
            assert!(why.contains("`Boiler`"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn settings_that_say_nothing_are_refused() {
    for wrong in [
        "",
        "7",
        "{}",
        r#"{"stat_t":"t"}"#,
        r#"{"topic":"x","payload":{"stat_t":"t"}}"#,
        r#"{"p":"button","cmd_t":"t"}"#,
        r#"{"cmps":{"a":7}}"#,
        r#"{"cmps":{"a":{"stat_t":"t"}}}"#,
        r#"{"p":"device_tracker","json_attr_t":"t","json_attr_tpl":"{{ value }}"}"#,
    ] {
        check_with(wrong, "t", "1", Err("refused"));
    }
    assert_eq!(testing::decode::<HomeAssistant>("{}", "t", b"1"), Err("refused"));
}

#[test]
fn a_state_cut_off_anywhere_is_malformed() {
    let sensor =
        r#"{"stat_t":"t","val_tpl":"{{ value_json.a }}","unit_of_meas":"W","dev_cla":"power"}"#;
    let body = r#"{"a":21.5,"b":[1,2]}"#;
    for end in 0..body.len() {
        check_with(sensor, "t", &body[..end], Err("malformed"));
    }
    let bytes =
        testing::decode::<HomeAssistant>(&format!(r#"{{"entities":[{sensor}]}}"#), "t", b"\xff");
    assert_eq!(bytes, Err("malformed"));
}
