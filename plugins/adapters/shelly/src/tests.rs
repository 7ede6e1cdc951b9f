//! Frames of the vendor's documentation and of devices, and what is not one.

use hushgate_sdk::testing;

use super::Shelly;

const RPC: &str = "shellypro3em-a0/events/rpc";

fn check(channel: &str, body: &str, expected: Result<&str, &'static str>) {
    let answer = testing::decode::<Shelly>("{}", channel, body.as_bytes());
    assert_eq!(answer, expected.map(str::to_owned), "{channel} {body}");
}

fn notify(params: &str) -> String {
    format!(
        r#"{{"src":"shelly-1","dst":"shelly-1/events","method":"NotifyStatus","params":{params}}}"#
    )
}

#[test]
fn a_switch_with_a_meter() {
    check(
        "shellyplus1pm-a8/status/switch:0",
        r#"{"id":0,"source":"WS_in","output":false,"apower":8.9,"voltage":237.5,"current":0.04,"pf":0.51,
            "freq":50.0,"aenergy":{"total":6.532,"by_minute":[45.199,47.141,88.397],"minute_ts":1626935779},
            "ret_aenergy":{"total":0,"by_minute":[0,0,0],"minute_ts":1626935779},
            "temperature":{"tC":23.5,"tF":74.4}}"#,
        Ok("status: on=false, power=8.9 W, voltage=237.5 V, current=0.04 A, power-factor=0.51, \
            frequency=50.0 Hz, energy=6.532 W.h, energy-exported=0.0 W.h, device-temperature=23.5 Cel"),
    );
}

#[test]
fn what_changed_with_its_time() {
    check(
        RPC,
        &notify(r#"{"ts":1631186545.04,"switch:1":{"id":1,"output":true,"source":"button"}}"#),
        Ok("status @1631186545040: on-1=true"),
    );
    check(RPC, &notify(r#"{"ts":12.5,"input:0":{"id":0,"state":true}}"#), Ok("status: input=true"));
}

#[test]
fn three_phases_and_their_total() {
    check(
        RPC,
        &notify(
            r#"{"ts":1656928800,"em:0":{"id":0,"a_current":4.029,"a_voltage":236.1,"a_act_power":951.2,
                "a_aprt_power":951.9,"a_pf":1,"a_freq":50,"b_current":null,"b_voltage":null,
                "b_errors":["power_meter_failure"],"n_current":11.029,"total_current":11.083,
                "total_act_power":2484.782,"total_aprt_power":2486.7,"user_calibrated_phase":[],
                "errors":["phase_sequence"]},
                "emdata:0":{"id":0,"a_total_act_energy":0,"total_act":11.5,"total_act_ret":2.25}}"#,
        ),
        Ok(
            "status @1656928800000: power=2484.782 W, power-apparent=2486.7 V.A, current=11.083 A, \
            current-n=11.029 A, power-l1=951.2 W, power-apparent-l1=951.9 V.A, voltage-l1=236.1 V, \
            current-l1=4.029 A, power-factor-l1=1.0, frequency-l1=50.0 Hz, energy=11.5 W.h, \
            energy-exported=2.25 W.h, energy-l1=0.0 W.h",
        ),
    );
}

#[test]
fn a_battery_device_that_woke_up() {
    check(
        "shellyplusht-c4/events/rpc",
        r#"{"src":"shellyplusht-c4","dst":"shellyplusht-c4/events","method":"NotifyFullStatus","params":{
            "ts":1668611834.59,"ble":{},"cloud":{"connected":true},
            "devicepower:0":{"id":0,"battery":{"V":5.42,"percent":73},"external":{"present":false}},
            "ht_ui":{},"humidity:0":{"id":0,"rh":57.1},"mqtt":{"connected":true},
            "sys":{"mac":"C4","unixtime":1668611834,"uptime":1,"ram_free":166664},
            "temperature:0":{"id":0,"tC":20.0,"tF":68.1},
            "wifi":{"sta_ip":"192.168.1.5","status":"got ip","ssid":"ada-home","rssi":-51},"ws":{}}}"#,
        Ok("status @1668611834590: battery=73.0 %, battery-voltage=5.42 V, external-power=false, \
            humidity=57.1 %, uptime=1.0 s, temperature=20.0 Cel, signal=-51.0 {dBm}"),
    );
}

#[test]
fn a_reply_to_get_status() {
    check(
        "hub/rpc",
        r#"{"id":1,"src":"shelly2pmg3","dst":"hub","result":{"cover:0":{"id":0,"state":"opening",
            "current_pos":40,"apower":110.5},"sys":{"unixtime":1700000000,"uptime":99}}}"#,
        Ok("status @1700000000000: position=40.0 %, power=110.5 W, uptime=99.0 s"),
    );
    check("hub/rpc", r#"{"id":1,"src":"a","result":{"was_on":true}}"#, Err("unsupported"));
    check("hub/rpc", r#"{"id":1,"src":"a","result":{"id":0,"output":true}}"#, Err("unsupported"));
    check("hub/rpc", r#"{"id":1,"src":"a","error":{"code":404,"message":"No handler"}}"#, Ok(""));
}

#[test]
fn sensors_and_alarms() {
    for (component, status, expected) in [
        ("smoke:0", r#"{"id":0,"alarm":true,"mute":false}"#, "status: smoke=true"),
        ("flood:0", r#"{"id":0,"alarm":false,"mute":false}"#, "status: water-leak=false"),
        (
            "illuminance:0",
            r#"{"id":0,"lux":85,"illumination":"dark"}"#,
            "status: illuminance=85.0 lx",
        ),
        ("voltmeter:100", r#"{"id":100,"voltage":4.321}"#, "status: voltage-100=4.321 V"),
        ("temperature:100", r#"{"id":100,"tC":null,"tF":null,"errors":["read"]}"#, ""),
        ("temperature:101", r#"{"id":101,"tF":68.1}"#, "status: temperature-101=68.1 [degF]"),
        (
            "cover:0",
            r#"{"id":0,"state":"closed","current_pos":0}"#,
            "status: open=false, position=0.0 %",
        ),
        ("cover:0", r#"{"id":0,"state":"open","current_pos":null}"#, "status: open=true"),
        (
            "presencezone:200",
            r#"{"id":200,"value":true,"num_objects":2}"#,
            "status: occupancy-200=true, people-200=2",
        ),
        (
            "blutrv:200",
            r#"{"id":200,"target_C":19,"current_C":18.4,"pos":7,"rssi":-70,"battery":91}"#,
            "status: temperature-200=18.4 Cel, set-temperature-200=19.0 Cel, position-200=7.0 %, \
             battery-200=91.0 %, signal-200=-70.0 {dBm}",
        ),
        (
            "bthomedevice:201",
            r#"{"id":201,"rssi":-58,"battery":100,"packet_id":7}"#,
            "status: battery-201=100.0 %, signal-201=-58.0 {dBm}, sequence-201=7",
        ),
        (
            "light:0",
            r#"{"id":0,"output":true,"brightness":50}"#,
            "status: on=true, brightness=50.0 %",
        ),
        ("pm1:0", r#"{"id":0,"apower":-3.5,"voltage":null}"#, "status: power=-3.5 W"),
        (
            "em1:1",
            r#"{"id":1,"act_power":501.8,"pf":0.84}"#,
            "status: power-1=501.8 W, power-factor-1=0.84",
        ),
        ("mqtt", r#"{"connected":true}"#, ""),
        ("script:1", r#"{"id":1,"running":true}"#, ""),
        ("switch:one", r#"{"output":true}"#, ""),
    ] {
        check(&format!("home/attic/status/{component}"), status, Ok(expected));
    }
}

#[test]
fn each_event_of_a_button_is_a_reading() {
    check(
        RPC,
        r#"{"src":"a","dst":"a/events","method":"NotifyEvent","params":{"ts":1631266595.44,"events":[
            {"component":"input:0","id":0,"event":"single_push","ts":1631266595.43},
            {"component":"sys","event":"ota_progress","ts":1631266595.43},
            {"component":"bthomedevice:200","event":"long_push"},
            {"component":"input:2","event":7}]}}"#,
        Ok("action @1631266595430: action=\"single_push\"\n\
            action @1631266595440: action-200=\"long_push\""),
    );
    check(RPC, r#"{"method":"NotifyEvent","params":{"ts":1}}"#, Err("malformed"));
    let event = r#"{"component":"input:0","event":"btn_down"}"#;
    let events = |count: usize| {
        let events = vec![event; count].join(",");
        format!(r#"{{"method":"NotifyEvent","params":{{"events":[{events}]}}}}"#)
    };
    assert!(testing::decode::<Shelly>("{}", RPC, events(64).as_bytes()).is_ok());
    check(RPC, &events(65), Err("unsupported"));
}

#[test]
fn whether_it_is_there() {
    check("shelly-1/online", "true", Ok("online: online=true"));
    check("shelly-1/online", "false", Ok("online: online=false"));
    check("shelly-1/online", "", Err("malformed"));
    check("shelly-1/online", "1", Err("malformed"));
}

#[test]
fn other_topics_and_commands_are_not_ours() {
    for channel in ["", "online", "rpc", "shelly-1/command", "shelly-1/debug/log", "status/"] {
        check(channel, "{}", if channel == "status/" { Ok("") } else { Err("not mine") });
    }
    check(
        "shelly-1/rpc",
        r#"{"id":1,"src":"hub","method":"Switch.Set","params":{"id":0}}"#,
        Err("not mine"),
    );
    check("shelly-1/rpc", "{}", Err("not mine"));
}

#[test]
fn broken_frames_are_malformed() {
    for body in ["", "[]", "7", "{", r#"{"method":7}"#, r#"{"method":"NotifyStatus"}"#] {
        check(RPC, body, Err("malformed"));
    }
    check(RPC, &notify(r#"{"switch:0":7}"#), Err("malformed"));
    check(RPC, &notify(r#"{"switch:0":null,"other:0":7}"#), Ok(""));
    check("a/status/switch:0", "7", Err("malformed"));
}

#[test]
fn a_frame_cut_off_anywhere_is_malformed() {
    let frame = notify(r#"{"ts":1631186545.04,"switch:1":{"id":1,"output":true}}"#);
    for end in 0..frame.len() {
        check(RPC, &frame[..end], Err("malformed"));
    }
}

#[test]
fn there_are_no_settings() {
    assert_eq!(testing::decode::<Shelly>(r#"{"a":1}"#, RPC, b"{}"), Err("refused"));
}
