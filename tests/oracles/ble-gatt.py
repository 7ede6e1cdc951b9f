# needs: labmcp-ble-health==0.1.3 bluetooth-sig==0.6.0
"""What two other implementations understand of random values of the health and fitness characteristics.

labmcp-ble-health reads heart rate, blood pressure, temperature, oximeter, weight and battery; bluetooth-sig the rest.
One JSON object a line: settings, channel, body in hexadecimal, and the fields or the error that ours must answer.

Where they are wrong, or we decide otherwise, and why:
- bluetooth-sig takes the exponent of SFLOAT as biased by 8; IEEE 11073-20601 says two's complement, and
  labmcp-ble-health reads it so: its function is put in the place of the other.
- bluetooth-sig calls kg/L mg/dL and mol/L mmol/L: scaled here, by 10^5 and 10^3.
- Both multiply in binary (22.5 becomes 22.500000000000004): rounded here to the digits of the format.
- labmcp-ble-health tells user 255, BMI and height 0xFFFF, a pulse rate range of 3 and unused parts of a cuff pressure: we
  do not, because the first is "unknown", the second "unsuccessful", the third reserved, and the fourth unused.
- Bytes behind a value, and half an RR interval, they ignore: not tried. A clock that shows a year before 1970 we take for
  one that is not set: not tried. Numbers that bluetooth-sig refuses as implausible (less glucose than none): not tried.
  Checksums of continuous monitors they do not check: computed here by binascii.
"""

import binascii
import json
import random
import struct
from decimal import Decimal

from bluetooth_sig.gatt.characteristics.body_composition_measurement import BodyCompositionMeasurementCharacteristic
from bluetooth_sig.gatt.characteristics.cgm_measurement import CGMMeasurementCharacteristic
from bluetooth_sig.gatt.characteristics.csc_measurement import CSCMeasurementCharacteristic
from bluetooth_sig.gatt.characteristics.glucose_measurement import GlucoseMeasurementCharacteristic
from bluetooth_sig.gatt.characteristics.rsc_measurement import RSCMeasurementCharacteristic
from bluetooth_sig.gatt.characteristics.utils import IEEE11073Parser
from labmcp_ble_health import driver

IEEE11073Parser.parse_sfloat = staticmethod(
    lambda data, offset=0: driver.decode_sfloat(int.from_bytes(data[offset : offset + 2], "little")).value
)

# Their names of status bits, and ours.
STATUS = {
    "body_movement_detected": "body-movement", "cuff_too_loose": "cuff-loose",
    "irregular_pulse_detected": "irregular-pulse", "pulse_rate_exceeds_upper_limit": "pulse-rate-high",
    "pulse_rate_below_lower_limit": "pulse-rate-low", "improper_measurement_position": "improper-position",
    "measurement_ongoing": "measurement-ongoing", "early_estimated_data": "early-estimate",
    "validated_data": "validated", "fully_qualified_data": "fully-qualified",
    "data_from_measurement_storage": "from-storage", "data_for_demonstration": "demonstration",
    "data_for_testing": "testing", "calibration_ongoing": "calibration-ongoing",
    "measurement_unavailable": "measurement-unavailable",
    "questionable_measurement_detected": "questionable-measurement",
    "invalid_measurement_detected": "invalid-measurement",
    "extended_display_update_ongoing": "display-update-ongoing",
    "equipment_malfunction_detected": "equipment-malfunction",
    "signal_processing_irregularity_detected": "signal-irregularity",
    "inadequate_signal_detected": "inadequate-signal", "poor_signal_detected": "poor-signal",
    "low_perfusion_detected": "low-perfusion", "erratic_signal_detected": "erratic-signal",
    "non_pulsatile_signal_detected": "nonpulsatile-signal", "questionable_pulse_detected": "questionable-pulse",
    "signal_analysis_ongoing": "signal-analysis-ongoing", "sensor_interference_detected": "sensor-interference",
    "sensor_unconnected_to_user": "sensor-unconnected", "unknown_sensor_connected": "unknown-sensor",
    "sensor_displaced": "sensor-displaced", "sensor_malfunctioning": "sensor-malfunction",
    "sensor_disconnected": "sensor-disconnected",
    "SESSION_STOPPED": "session-stopped", "DEVICE_BATTERY_LOW": "battery-low",
    "SENSOR_TYPE_INCORRECT": "sensor-type-incorrect", "SENSOR_MALFUNCTION": "sensor-malfunction",
    "DEVICE_SPECIFIC_ALERT": "device-alert", "GENERAL_DEVICE_FAULT": "fault",
    "TIME_SYNC_REQUIRED": "time-synchronization-required", "CALIBRATION_NOT_ALLOWED": "calibration-not-allowed",
    "CALIBRATION_RECOMMENDED": "calibration-recommended", "CALIBRATION_REQUIRED": "calibration-required",
    "CALIBRATION_PENDING": "calibration-pending",
    "SENSOR_TEMP_TOO_HIGH": "sensor-temperature-high", "SENSOR_TEMP_TOO_LOW": "sensor-temperature-low",
    "RESULT_LOWER_THAN_PATIENT_LOW": "glucose-low", "RESULT_HIGHER_THAN_PATIENT_HIGH": "glucose-high",
    "RESULT_LOWER_THAN_HYPO": "hypoglycemia", "RESULT_HIGHER_THAN_HYPER": "hyperglycemia",
    "RATE_OF_DECREASE_EXCEEDED": "glucose-falling", "RATE_OF_INCREASE_EXCEEDED": "glucose-rising",
    "RESULT_LOWER_THAN_DEVICE_CAN_PROCESS": "result-too-low",
    "RESULT_HIGHER_THAN_DEVICE_CAN_PROCESS": "result-too-high",
}
SITES = {
    "armpit": "armpit", "body_general": "body", "ear_earlobe": "ear", "finger": "finger",
    "gastrointestinal_tract": "gastro-intestinal-tract", "mouth": "mouth", "rectum": "rectum", "toe": "toe",
    "tympanum_ear_drum": "tympanum",
}
LOCATIONS = {"FINGER": "finger", "ALTERNATE_SITE_TEST": "alternate-site", "EARLOBE": "earlobe",
             "CONTROL_SOLUTION": "control-solution"}


class Found(dict):
    def tell(self, path, value, unit=None):
        if value is not None:
            self[path] = [value, unit]

    def flags(self, names):
        for name in names:
            if name in STATUS:
                self.tell(STATUS[name], True)


def set_bits(flags):
    return [] if flags is None else [it.name for it in flags]


def sfloat(rng):
    special = [b"\xff\x07", b"\x00\x08", b"\xfe\x07", b"\x02\x08", b"\x01\x08"]
    return rng.choice(special) if rng.random() < 0.1 else rng.randbytes(2)


def float32(rng):
    special = [0x007FFFFF, 0x00800000, 0x007FFFFE, 0x00800002, 0x00800001]
    return struct.pack("<I", rng.choice(special)) if rng.random() < 0.1 else rng.randbytes(4)


def date(rng, known=False):
    year = rng.randint(1970, 2100)
    month, day = rng.randint(1, 12), rng.randint(1, 28)
    time = [rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59)]
    if not known and rng.random() < 0.2:
        year, month, day = rng.choice([(0, month, day), (year, 0, day), (year, month, 0), (year, 2, 30)])
    if not known and rng.random() < 0.1:
        time[rng.randrange(3)] = 60
    return struct.pack("<HBB", year, month, day) + bytes(time)


def parts(rng, flags, announced):
    """What the set bits of `flags` announce, in order."""
    return b"".join(make() for bit, make in announced if flags >> bit & 1)


def raw(rng, count):
    return lambda: rng.randbytes(count)


def heart_rate(rng):
    flags = rng.randrange(256)
    count = rng.randint(1, 9) if flags & 0x10 else 0
    body = bytes([flags]) + rng.randbytes(2 if flags & 1 else 1) + (rng.randbytes(2) if flags & 8 else b"")
    return body + rng.randbytes(2 * count)


def told_heart_rate(body):
    it, found = driver.parse_heart_rate_measurement(body), Found()
    if body[0] & 0x10 and not it.rr_intervals_s:
        # They are announced and missing: it shrugs, we refuse.
        raise driver.InstrumentProtocolError("announced and missing")
    found.tell("heart-rate", it.bpm, "/min")
    found.tell("contact", it.sensor_contact)
    found.tell("energy-expended", it.energy_expended_kj, "kJ")
    if len(it.rr_intervals_s) == 1:
        found.tell("rr-interval", it.rr_intervals_s[0], "s")
    return found


def blood_pressure(rng):
    flags = rng.randrange(256)
    announced = [(1, lambda: date(rng)), (2, lambda: sfloat(rng)), (3, lambda: bytes([rng.choice([0, 1, 7, 255])])),
                 (4, raw(rng, 2))]
    return bytes([flags]) + sfloat(rng) + sfloat(rng) + sfloat(rng) + parts(rng, flags, announced)


def told_blood_pressure(body, cuff=False):
    it, found = driver.parse_blood_pressure_measurement(body), Found()
    unit = {"kPa": "kPa", "mmHg": "mm[Hg]"}[it.unit]
    if cuff:
        found.tell("cuff-pressure", it.systolic.value, unit)
    else:
        found.tell("blood-pressure.systolic", it.systolic.value, unit)
        found.tell("blood-pressure.diastolic", it.diastolic.value, unit)
        found.tell("blood-pressure.mean", it.mean_arterial.value, unit)
    found.tell("device-time", it.timestamp)
    found.tell("pulse-rate", it.pulse_rate_bpm and it.pulse_rate_bpm.value, "/min")
    found.tell("user-id", None if it.user_id == 255 else it.user_id)
    found.flags(it.status)
    return found


def temperature(rng):
    flags = rng.randrange(256)
    announced = [(1, lambda: date(rng)), (2, lambda: bytes([rng.randint(0, 12)]))]
    return bytes([flags]) + float32(rng) + parts(rng, flags, announced)


def told_temperature(body, path="body-temperature"):
    it, found = driver.parse_temperature_measurement(body), Found()
    found.tell(path, it.value.value, {"C": "Cel", "F": "[degF]"}[it.unit])
    found.tell("device-time", it.timestamp)
    found.tell("measurement-site", SITES.get(it.temperature_type))
    return found


def spot_check(rng):
    flags = rng.randrange(256)
    announced = [(0, lambda: date(rng)), (1, raw(rng, 2)), (2, raw(rng, 3)), (3, lambda: sfloat(rng))]
    return bytes([flags]) + sfloat(rng) + sfloat(rng) + parts(rng, flags, announced)


def continuous(rng):
    flags = rng.randrange(256)
    two = lambda: sfloat(rng) + sfloat(rng)
    announced = [(0, two), (1, two), (2, raw(rng, 2)), (3, raw(rng, 3)), (4, lambda: sfloat(rng))]
    return bytes([flags]) + two() + parts(rng, flags, announced)


def told_oximeter(it):
    found = Found()
    for name, path, unit in [
        ("spo2_pct", "oxygen-saturation", "%"), ("pulse_rate_bpm", "pulse-rate", "/min"),
        ("spo2_fast_pct", "oxygen-saturation.fast", "%"), ("pulse_rate_fast_bpm", "pulse-rate.fast", "/min"),
        ("spo2_slow_pct", "oxygen-saturation.slow", "%"), ("pulse_rate_slow_bpm", "pulse-rate.slow", "/min"),
        ("pulse_amplitude_index_pct", "pulse-amplitude-index", "%"),
    ]:
        value = getattr(it, name)
        found.tell(path, value and value.value, unit)
    found.tell("device-time", it.timestamp)
    found.flags((it.measurement_status or []) + (it.device_sensor_status or []))
    return found


def weight(rng):
    flags = rng.randrange(256)
    mass = b"\xff\xff" if rng.random() < 0.1 else rng.randbytes(2)
    small = lambda: struct.pack("<HH", rng.randrange(0xFFFF), rng.randrange(0xFFFF))
    announced = [(1, lambda: date(rng)), (2, lambda: bytes([rng.choice([0, 5, 255])])), (3, small)]
    return bytes([flags]) + mass + parts(rng, flags, announced)


def told_weight(body):
    it, found = driver.parse_weight_measurement(body), Found()
    imperial = it.unit == "lb"
    found.tell("body-weight", it.weight, "[lb_av]" if imperial else "kg")
    found.tell("device-time", it.timestamp)
    found.tell("user-id", None if it.user_id == 255 else it.user_id)
    found.tell("bmi", it.bmi_kg_m2, "kg/m2")
    found.tell("body-height", it.height, "[in_i]" if imperial else "m")
    return found


def battery(rng):
    return bytes([rng.randrange(256)])


def told_battery(body):
    found = Found()
    found.tell("battery", float(driver.parse_battery_level(body)), "%")
    return found


def body_composition(rng):
    flags = rng.randrange(1 << 13)
    two = lambda: struct.pack("<H", rng.randrange(1001))
    announced = [(1, lambda: date(rng, known=True)), (2, lambda: bytes([rng.randrange(255)]))]
    announced += [(bit, two) for bit in range(3, 12)]
    return struct.pack("<H", flags) + two() + parts(rng, flags, announced)


def told_body_composition(body):
    it = BodyCompositionMeasurementCharacteristic()._decode_value(bytearray(body))
    found, imperial = Found(), body[0] & 1
    mass = "[lb_av]" if imperial else "kg"
    for name, path, unit in [
        ("body_fat_percentage", "body-fat", "%"), ("basal_metabolism", "basal-metabolism", "kJ"),
        ("muscle_percentage", "muscle", "%"), ("muscle_mass", "muscle-mass", mass),
        ("fat_free_mass", "fat-free-mass", mass), ("soft_lean_mass", "soft-lean-mass", mass),
        ("body_water_mass", "body-water", mass), ("impedance", "impedance", "Ohm"),
        ("weight", "body-weight", mass), ("height", "body-height", "[in_i]" if imperial else "m"),
    ]:
        value = getattr(it, name)
        found.tell(path, None if value is None else round(float(value), 3), unit)
    found.tell("user-id", it.user_id)
    found.tell("device-time", it.timestamp and it.timestamp.isoformat())
    return found


def glucose(rng):
    flags = rng.randrange(256)
    codes = lambda: sfloat(rng) + bytes([rng.randint(1, 10) | rng.choice([1, 2, 3, 4, 15]) << 4])
    # No time fault, and no offset out of range.
    announced = [(0, lambda: struct.pack("<h", rng.randint(-32767, 32766))), (1, codes),
                 (3, lambda: struct.pack("<H", rng.randrange(1 << 11)))]
    return bytes([flags]) + rng.randbytes(2) + date(rng, known=True) + parts(rng, flags, announced)


GLUCOSE_STATUS = ["battery-low", "sensor-malfunction", "sample-insufficient", "strip-insertion-error",
                  "strip-type-incorrect", "result-too-high", "result-too-low", "sensor-temperature-high",
                  "sensor-temperature-low", "strip-pulled-early", "fault"]


def told_glucose(body):
    it, found = GlucoseMeasurementCharacteristic()._decode_value(bytearray(body)), Found()
    found.tell("record-number", it.sequence_number)
    found.tell("device-time", it.base_time.isoformat())
    found.tell("time-offset", it.time_offset_minutes, "min")
    if it.glucose_concentration is not None:
        shift = {"mg/dL": 5, "mmol/L": 3}[it.unit]
        found.tell("glucose", float(Decimal(repr(it.glucose_concentration)).scaleb(shift)), it.unit)
    if it.glucose_type is not None:
        found.tell("sample-type", it.glucose_type.name.lower().replace("_", "-"))
        found.tell("sample-location", LOCATIONS.get(it.sample_location.name))
    for bit, name in enumerate(GLUCOSE_STATUS):
        if (it.sensor_status or 0) >> bit & 1:
            found.tell(name, True)
    return found


def crc(body):
    """MCRF4XX from the CRC-CCITT that Python has: the same, every byte and the result turned round."""
    turned = lambda value, bits: int(f"{value:0{bits}b}"[::-1], 2)
    return turned(binascii.crc_hqx(bytes(turned(it, 8) for it in body), 0xFFFF), 16)


def continuous_glucose(rng, checked=False):
    flags = rng.randrange(256) & 0xE3
    announced = [(7, raw(rng, 1)), (6, raw(rng, 1)), (5, raw(rng, 1)), (0, lambda: sfloat(rng)), (1, lambda: sfloat(rng))]
    body = bytes([flags]) + sfloat(rng) + rng.randbytes(2) + parts(rng, flags, announced)
    body = bytes([len(body) + (3 if checked else 1)]) + body
    return body + struct.pack("<H", crc(body)) if checked else body


def told_continuous_glucose(body):
    (it,), found = CGMMeasurementCharacteristic()._decode_value(bytearray(body)).records, Found()
    found.tell("glucose", it.glucose_concentration, "mg/dL")
    found.tell("time-offset", it.time_offset, "min")
    found.flags(set_bits(it.status_octet) + set_bits(it.cal_temp_octet) + set_bits(it.warning_octet))
    found.tell("glucose-trend", it.trend_information, "mg/dL/min")
    found.tell("measurement-quality", it.quality, "%")
    return found


def cycling(rng):
    flags = rng.randrange(4)
    return bytes([flags]) + parts(rng, flags, [(0, raw(rng, 6)), (1, raw(rng, 4))])


def told_cycling(body):
    it, found = CSCMeasurementCharacteristic()._decode_value(bytearray(body)), Found()
    found.tell("wheel-revolutions", it.cumulative_wheel_revolutions, "{rev}")
    found.tell("wheel-event-time", it.last_wheel_event_time, "s")
    found.tell("crank-revolutions", it.cumulative_crank_revolutions, "{rev}")
    found.tell("crank-event-time", it.last_crank_event_time, "s")
    return found


def running(rng):
    flags = rng.randrange(8)
    return bytes([flags]) + rng.randbytes(3) + parts(rng, flags, [(0, raw(rng, 2)), (1, raw(rng, 4))])


def told_running(body):
    it, found = RSCMeasurementCharacteristic()._decode_value(bytearray(body)), Found()
    found.tell("speed", it.instantaneous_speed, "m/s")
    found.tell("cadence", float(it.instantaneous_cadence), "/min")
    found.tell("stride-length", it.instantaneous_stride_length, "m")
    found.tell("distance", it.total_distance, "m")
    found.tell("running", it.is_running or None)
    return found


CHARACTERISTICS = [
    ("2a37", heart_rate, told_heart_rate),
    ("2a35", blood_pressure, told_blood_pressure),
    ("2a36", blood_pressure, lambda body: told_blood_pressure(body, cuff=True)),
    ("2a1c", temperature, told_temperature),
    ("2a1e", temperature, lambda body: told_temperature(body, "body-temperature.intermediate")),
    ("2a5e", spot_check, lambda body: told_oximeter(driver.parse_plx_spot_check(body))),
    ("2a5f", continuous, lambda body: told_oximeter(driver.parse_plx_continuous(body))),
    ("2a9d", weight, told_weight),
    ("2a19", battery, told_battery),
    ("2a9c", body_composition, told_body_composition),
    ("2a18", glucose, told_glucose),
    ("2aa7", continuous_glucose, told_continuous_glucose),
    ("2a5b", cycling, told_cycling),
    ("2a53", running, told_running),
]
# bluetooth-sig takes what is cut off for what is not there.
REFUSE_CUTS = {"2a37", "2a35", "2a36", "2a1c", "2a1e", "2a5e", "2a5f", "2a9d", "2a19"}


def line(uuid, body, answer, settings=None):
    print(json.dumps({"settings": settings or {}, "channel": f"home/{uuid}", "hex": body.hex()} | answer))


def answer(told, body):
    """What they say of it; `None` where bluetooth-sig finds a number implausible."""
    try:
        return {"fields": told(body)}
    except driver.InstrumentProtocolError:
        return {"error": "malformed"}
    except ValueError:
        return None


def main():
    rng = random.Random(20261127)
    for _ in range(60):
        for uuid, make, told in CHARACTERISTICS:
            body = make(rng)
            while (said := answer(told, body)) is None:
                body = make(rng)
            line(uuid, body, said)
            cut = body[: rng.randrange(len(body))]
            # A heart rate may be cut between two RR intervals, and have half of one, which it ignores.
            if uuid in REFUSE_CUTS and answer(told, cut) == {"error": "malformed"}:
                line(uuid, cut, {"error": "malformed"})
        body = continuous_glucose(rng, checked=True)
        line("2aa7", body, {"fields": told_continuous_glucose(body)}, {"e2e-crc": True})
        wrong = body[:-1] + bytes([body[-1] ^ 1 << rng.randrange(8)])
        line("2aa7", wrong, {"error": "malformed"})


main()
