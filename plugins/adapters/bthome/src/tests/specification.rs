//! Every object by the example that the specification gives for it.

use super::check;

#[test]
fn sensors() {
    for (hex, expected) in [
        ("518756", "acceleration=22.151m/s2"),
        ("0161", "battery=97.0%"),
        ("12E204", "co2=1250.0[ppm]"),
        ("56E803", "conductivity=1000.0uS/cm"),
        ("0960", "count=96"),
        ("3D0960", "count=24585"),
        ("3E2A2C0960", "count=1611213866"),
        ("59EA", "count=-22"),
        ("5AEAEA", "count=-5398"),
        ("5BEA0234EA", "count=-365690134"),
        ("434E34", "current=13.39A"),
        ("5D02EA", "current=-5.63A"),
        ("08CA06", "dew-point=17.38Cel"),
        ("5E9F8C", "direction=359.99deg"),
        ("400C00", "distance=12.0mm"),
        ("414E00", "distance=7.8m"),
        ("424E3400", "duration=13.39s"),
        ("4d12138a14", "energy=344593.17kW.h"),
        ("0A138A14", "energy=1346.067kW.h"),
        ("4B138A14", "gas-volume=1346.067m3"),
        ("4C41018A01", "gas-volume=25821.505m3"),
        ("528756", "gyroscope=22.151deg/s"),
        ("03BF13", "humidity=50.55%"),
        ("2E23", "humidity=35.0%"),
        ("05138A14", "illuminance=13460.67lx"),
        ("065E1F", "mass=80.3kg"),
        ("073E1D", "mass=74.86[lb_av]"),
        ("14020C", "moisture=30.74%"),
        ("2F23", "moisture=35.0%"),
        ("0D120C", "pm2-5=3090.0ug/m3"),
        ("0E021C", "pm10=7170.0ug/m3"),
        ("0B021B00", "power=69.14W"),
        ("5C02FBFFFF", "power=-12.78W"),
        ("5FA00F", "precipitation=400.0mm"),
        ("04138A01", "pressure=1008.83hPa"),
        ("540C48656C6C6F20576F726C6421", "raw=48656c6c6f20576f726c6421"),
        ("3F020C", "rotation=307.4deg"),
        ("444E34", "speed=133.9m/s"),
        ("57EA", "temperature=-22.0Cel"),
        ("58EA", "temperature=-7.7Cel"),
        ("451101", "temperature=27.3Cel"),
        ("02CA09", "temperature=25.06Cel"),
        ("530C48656C6C6F20576F726C6421", "text=Hello World!"),
        ("133301", "voc=307.0ug/m3"),
        ("0C020C", "voltage=3.074V"),
        ("4A020C", "voltage=307.4V"),
        ("4E87562A01", "volume=19551.879L"),
        ("478756", "volume=2215.1L"),
        ("48DC87", "volume=34780.0mL"),
        ("5587562A01", "volume-stored=19551.879L"),
        ("49DC87", "flow=34.78m3/h"),
        ("4632", "uv-index=5.0"),
        ("4F87562A01", "water-volume=19551.879L"),
    ] {
        check(&format!("40 {hex}"), Ok(expected));
    }
}

/// By the reference implementation, bthome-ble 3.25: the copy of the specification is older.
#[test]
fn newer_sensors() {
    for (hex, expected) in [
        ("6003", "channel=3"),
        ("61B80B", "rotational-speed=3000.0/min"),
        ("6280F0FAFF", "speed=-0.331648m/s"),
        ("63C0BD9500", "acceleration=9.81344m/s2"),
        ("6402", "light-level=2"),
        ("6507", "settings-revision=7"),
    ] {
        check(&format!("40 {hex}"), Ok(expected));
    }
}

#[test]
fn binary_sensors() {
    for (hex, expected) in [
        ("1501", "battery-low=true"),
        ("1601", "charging=true"),
        ("1700", "co-alarm=false"),
        ("1801", "cold=true"),
        ("1900", "online=false"),
        ("1A00", "open=false"),
        ("1B01", "open=true"),
        ("1C01", "gas-alarm=true"),
        ("0F01", "state=true"),
        ("1D00", "hot=false"),
        ("1E01", "light=true"),
        ("1F01", "locked=false"),
        ("2001", "water-leak=true"),
        ("2100", "motion=false"),
        ("2201", "moving=true"),
        ("2301", "occupancy=true"),
        ("1100", "open=false"),
        ("2400", "plugged-in=false"),
        ("1001", "on=true"),
        ("2500", "presence=false"),
        ("2601", "fault=true"),
        ("2701", "running=true"),
        ("2800", "safe=false"),
        ("2901", "smoke=true"),
        ("2A00", "sound=false"),
        ("2B00", "tamper=false"),
        ("2C01", "vibration=true"),
        ("2D01", "open=true"),
    ] {
        check(&format!("40 {hex}"), Ok(expected));
    }
}

#[test]
fn events_and_the_device_itself() {
    for (hex, expected) in [
        ("3A00", ""),
        ("3A01", "action=press"),
        ("3A02", "action=double-press"),
        ("3A03", "action=triple-press"),
        ("3A04", "action=long-press"),
        ("3A05", "action=long-double-press"),
        ("3A06", "action=long-triple-press"),
        ("3A80", "action=hold-press"),
        ("3C0000", ""),
        ("3C0103", "dimmer-action=rotate-left dimmer-steps=3"),
        ("3C020A", "dimmer-action=rotate-right dimmer-steps=10"),
        ("F00100", "device-type=1"),
        ("F100010204", "firmware=4.2.1.0"),
        ("F2000106", "firmware=6.1.0"),
        ("0009", "packet-id=9"),
    ] {
        check(&format!("40 {hex}"), Ok(expected));
    }
}
