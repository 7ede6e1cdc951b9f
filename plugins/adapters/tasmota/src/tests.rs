//! Messages of the firmware's documentation and of devices.

use hushgate_sdk::testing;

use super::Tasmota;

fn check_with(settings: &str, channel: &str, body: &str, expected: Result<&str, &'static str>) {
    let answer = testing::decode::<Tasmota>(settings, channel, body.as_bytes());
    assert_eq!(answer, expected.map(str::to_owned), "{settings} {channel} {body}");
}

fn check(channel: &str, body: &str, expected: Result<&str, &'static str>) {
    check_with(r#"{"utc-offset-minutes":60}"#, channel, body, expected);
}

const SENSOR: &str = "tele/attic/SENSOR";

#[test]
fn one_sensor_has_the_plain_paths() {
    let body = r#"{"Time":"2017-02-16T10:13:52","DS18B20":{"Temperature":20.6}}"#;
    let expected = "sensor @1487236432000: temperature=20.6 Cel";
    check(SENSOR, body, Ok(expected));
    check("attic/tele/SENSOR", body, Ok(expected));
    check(
        SENSOR,
        r#"{"Time":"2020-01-01T12:00:00","BME280":{"Temperature":70.1,"Humidity":50.3,"DewPoint":50.9,
            "Pressure":29.92},"PressureUnit":"inHg","TempUnit":"F"}"#,
        Ok(
            "sensor @1577876400000: dew-point=50.9 [degF], humidity=50.3 %, pressure=29.92 [in_i'Hg], \
            temperature=70.1 [degF]",
        ),
    );
    check(
        SENSOR,
        r#"{"BMP280":{"Pressure":760.5},"PressureUnit":"mmHg"}"#,
        Ok("sensor: pressure=760.5 mm[Hg]"),
    );
    check(
        SENSOR,
        r#"{"BMP280":{"Pressure":1,"Temperature":2},"PressureUnit":"?","TempUnit":"K"}"#,
        Ok("sensor: other.bmp280.pressure=1.0, other.bmp280.temperature=2.0"),
    );
}

#[test]
fn several_sensors_have_their_names() {
    let body = r#"{"DS18B20-1":{"Id":"000008A","Temperature":21.2},"DS18B20-2":{"Id":"00B2","Temperature":null},
        "BME280":{"Temperature":20.5,"Humidity":41.0},"TempUnit":"C"}"#;
    check(
        SENSOR,
        body,
        Ok("sensor: humidity=41.0 %, temperature-bme280=20.5 Cel, temperature-ds18b20-1=21.2 Cel"),
    );
    check_with(
        r#"{"names":{"DS18B20-1":"outside","BME280":""}}"#,
        SENSOR,
        body,
        Ok("sensor: humidity=41.0 %, temperature=20.5 Cel, temperature-outside=21.2 Cel"),
    );
    check(
        SENSOR,
        r#"{"DS18B20-1":{"Temperature":21.2}}"#,
        Ok("sensor: temperature-ds18b20-1=21.2 Cel"),
    );
    check(
        SENSOR,
        r#"{"AM2301":{"Temperature":19.4},"ESP32":{"Temperature":53.3}}"#,
        Ok("sensor: temperature=19.4 Cel, device-temperature=53.3 Cel"),
    );
}

#[test]
fn energy_of_one_phase_and_of_three() {
    check(
        SENSOR,
        r#"{"Time":"2018-11-23T15:33:47","ENERGY":{"TotalStartTime":"2018-11-23T15:33:47","Total":0.017,
            "Yesterday":0.000,"Today":0.002,"Period":0,"Power":7,"ApparentPower":8,"ReactivePower":3,
            "Factor":0.91,"Frequency":50,"Voltage":230,"Current":0.034}}"#,
        Ok("sensor @1542983627000: power-apparent=8.0 V.A, current=0.034 A, power-factor=0.91, \
            frequency=50.0 Hz, other.energy.period=0.0 W.h, power=7.0 W, power-reactive=3.0 var, \
            energy-today=0.002 kW.h, energy=0.017 kW.h, voltage=230.0 V, energy-yesterday=0.0 kW.h"),
    );
    check(
        SENSOR,
        r#"{"ENERGY":{"Total":[1.5,2.5,null],"TotalTariff":[10.1,20.2],"ExportActive":3.25,"Power":[-1,2,3]}}"#,
        Ok("sensor: energy-exported=3.25 kW.h, power-l1=-1.0 W, power-l2=2.0 W, power-l3=3.0 W, \
            energy-l1=1.5 kW.h, energy-l2=2.5 kW.h, energy.tariff-1=10.1 kW.h, energy.tariff-2=20.2 kW.h"),
    );
    check(
        SENSOR,
        r#"{"ENERGY":{"Voltage":230},"INA219":{"Voltage":4.9,"Current":0.1}}"#,
        Ok("sensor: voltage=230.0 V, current-ina219=0.1 A, voltage-ina219=4.9 V"),
    );
}

#[test]
fn air_light_and_place() {
    for (sensor, expected) in [
        (
            r#""MHZ19B":{"Model":"B","CarbonDioxide":866,"Temperature":25.0}"#,
            "co2=866.0 [ppm], temperature=25.0 Cel",
        ),
        (r#""SGP30":{"eCO2":450,"TVOC":125}"#, "other.sgp30.e-co2=450.0, voc=125.0 [ppb]"),
        (
            r#""PMS5003":{"CF1":1,"PM1":2,"PM2.5":3,"PM10":4}"#,
            "other.pms5003.cf1=1.0, pm1=2.0 ug/m3, pm10=4.0 ug/m3, pm2-5=3.0 ug/m3",
        ),
        (r#""BH1750":{"Illuminance":80}"#, "illuminance=80.0 lx"),
        (r#""ANALOG":{"A0":1024}"#, "other.analog.a0=1024.0"),
        (
            r#""GPS":{"lat":52.5,"lon":13.4,"alt":34,"hAcc":2,"vAcc":3}"#,
            "altitude=34.0 m, accuracy=2.0 m, latitude=52.5 deg, longitude=13.4 deg, vertical-accuracy=3.0 m",
        ),
        (
            r#""ATC1":{"mac":"a4c138","Temperature":21.5,"Battery":80,"RSSI":-60}"#,
            "battery=80.0 %, signal-atc1=-60.0 {dBm}, temperature=21.5 Cel",
        ),
        (r#""Switch1":"ON","Switch2":"OFF""#, "input-1=true, input-2=false"),
    ] {
        check(SENSOR, &format!("{{{sensor}}}"), Ok(&format!("sensor: {expected}")));
    }
}

#[test]
fn cards_beacons_and_texts_are_no_fields() {
    check(
        SENSOR,
        r#"{"PN532":{"UID":"DE AD","Data":""},"IBEACON":{"UID":"00","MAJOR":1,"RSSI":-60}}"#,
        Ok(""),
    );
    check(SENSOR, r#"{"Time":"2020-01-01T12:00:00"}"#, Ok(""));
}

#[test]
fn states_and_replies() {
    check(
        "tele/attic/STATE",
        r#"{"Time":"2019-11-03T20:45:37","Uptime":"1T17:04:28","UptimeSec":147868,"Vcc":3.238,"Heap":27,
            "POWER1":"ON","POWER2":"OFF","Dimmer":40,"Wifi":{"AP":1,"SSId":"ada-home","BSSId":"18:E8",
            "RSSI":100,"Signal":-40,"Downtime":"0T00:00:07"}}"#,
        Ok("state @1572810337000: brightness=40.0 %, on-1=true, on-2=false, uptime=147868.0 s, \
            other.vcc=3.238 V, signal=-40.0 {dBm}"),
    );
    check("stat/attic/RESULT", r#"{"POWER":"ON"}"#, Ok("state: on=true"));
    check(
        "stat/attic/RESULT",
        r#"{"Button1":{"Action":"SINGLE"}}"#,
        Ok("state: action-button-1=\"SINGLE\""),
    );
    check(
        "stat/attic/RESULT",
        r#"{"Switch2":{"Action":"ON"}}"#,
        Ok("state: action-switch-2=\"ON\""),
    );
    check(
        "stat/attic/RESULT",
        r#"{"Shutter1":{"Position":50,"Direction":0}}"#,
        Ok("state: position-1=50.0 %"),
    );
    check("stat/attic/RESULT", r#"{"Command":"Unknown"}"#, Ok(""));
    check("stat/attic/POWER", "OFF", Ok("state: on=false"));
    check("attic/stat/POWER3", "ON", Ok("state: on-3=true"));
    check("tele/attic/LWT", "Online", Ok("state: online=true"));
    check("tele/attic/LWT", "Offline", Ok("state: online=false"));
    for (channel, body) in
        [("stat/attic/POWER", "TOGGLE"), ("tele/attic/LWT", ""), ("stat/a/POWER", "\u{fffd}")]
    {
        check(channel, body, Err("malformed"));
    }
}

#[test]
fn replies_to_status() {
    let body = r#"{"StatusSNS":{"Time":"2020-01-01T12:00:00","AM2301":{"Temperature":21.0},"TempUnit":"C"}}"#;
    check("stat/attic/STATUS8", body, Ok("sensor @1577876400000: temperature=21.0 Cel"));
    check("stat/attic/STATUS10", body, Ok("sensor @1577876400000: temperature=21.0 Cel"));
    check("stat/attic/STATUS11", r#"{"StatusSTS":{"POWER":"ON"}}"#, Ok("state: on=true"));
    check(
        "stat/attic/STATUS0",
        r#"{"Status":{"Topic":"a"},"StatusSNS":{"ENERGY":{"Power":1}},"StatusSTS":{"POWER":"ON"}}"#,
        Ok("sensor: power=1.0 W\nstate: on=true"),
    );
    check("stat/attic/STATUS8", "{}", Ok(""));
    check("stat/attic/STATUS8", r#"{"StatusSNS":7}"#, Err("malformed"));
}

#[test]
fn zigbee_devices_behind_a_bridge() {
    let body = r#"{"ZbReceived":{"0x4F2E":{"Device":"0x4F2E","Name":"Kitchen_Sensor","Temperature":27.6,
        "Humidity":44.1,"BatteryPercentage":90,"Occupancy":1,"Endpoint":1,"LinkQuality":81},
        "0x01AB":{"Device":"0x01AB","Power":0,"0006/0000":1}}}"#;
    let values = "on-0x01ab=false, battery-kitchen-sensor=90.0 %, humidity-kitchen-sensor=44.1 %, \
        link-quality-kitchen-sensor=81, occupancy-kitchen-sensor=true, temperature-kitchen-sensor=27.6 Cel";
    check(SENSOR, body, Ok(&format!("sensor: {values}")));
    let inner = body.strip_prefix(r#"{"ZbReceived":"#).unwrap().strip_suffix('}').unwrap();
    check("tele/attic/ZbReceived", inner, Ok(&format!("sensor: {values}")));
}

#[test]
fn times_with_a_zone_without_one_and_never_set() {
    let check = |settings: &str, times: &str, expected: &str| {
        let body = format!(r#"{{{times},"POWER":"ON"}}"#);
        check_with(settings, "tele/a/STATE", &body, Ok(&format!("state{expected}on=true")));
    };
    check("{}", r#""Time":"2020-01-01T12:00:00""#, ": device-time=\"2020-01-01T12:00:00\", ");
    check("{}", r#""Time":"2020-01-01T12:00:00.123""#, ": device-time=\"2020-01-01T12:00:00\", ");
    check("{}", r#""Time":"2020-01-01T12:00:00+01:00""#, " @1577876400000: ");
    check("{}", r#""Time":1577876400"#, " @1577876400000: ");
    check("{}", r#""Time":"2020-01-01T12:00:00","Epoch":1577876400"#, " @1577876400000: ");
    check(r#"{"utc-offset-minutes":-300}"#, r#""Time":"2020-01-01T12:00:00""#, " @1577898000000: ");
    for never in
        [r#""Time":"1970-01-01T00:00:12""#, r#""Time":"2020-02-30T00:00:00""#, r#""Time":null"#]
    {
        check("{}", never, ": ");
    }
}

#[test]
fn commands_and_other_topics_are_not_ours() {
    for channel in [
        "cmnd/attic/POWER",
        "attic/cmnd/STATE",
        "tele/attic/INFO1",
        "stat/attic/STATUS5",
        "SENSOR",
        "stat/attic/POWERONSTATE",
        "stat/attic/POWER123",
        "tasmota/discovery/AB/config",
        "",
    ] {
        check(channel, "{}", Err("not mine"));
    }
}

#[test]
fn what_is_cut_off_is_malformed() {
    let body = r#"{"Time":"2020-01-01T12:00:00","AM2301":{"Temperature":21.0},"TempUnit":"C"}"#;
    for end in 0..body.len() {
        check(SENSOR, &body[..end], Err("malformed"));
    }
    check(SENSOR, "[]", Err("malformed"));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for settings in [r#"{"utc-offset-minutes":1441}"#, r#"{"names":{"A":"B"}}"#, r#"{"colour":1}"#]
    {
        check_with(settings, SENSOR, "{}", Err("refused"));
    }
}
