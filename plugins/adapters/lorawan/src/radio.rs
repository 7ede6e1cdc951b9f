//! What a network adds to an uplink: the frame counter, the port, and how well it was heard.

use hushgate_sdk::{
    Scalar,
    adapter::DecodeError,
    json::{Object, Value},
};

use crate::fields::Fields;

/// The paths that nothing else can have.
pub(crate) const PATHS: [&str; 4] = ["sequence", "port", "signal", "signal-noise-ratio"];

/// How one gateway heard it. What else is known of the gateway is not looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reception {
    rssi: Option<f64>,
    channel_rssi: Option<f64>,
    snr: Option<f64>,
}

/// What is told of the uplink itself.
#[derive(Debug)]
pub(crate) struct Radio {
    /// Protobuf leaves out what is 0: a counter that is not there is 0.
    pub(crate) frame_counter: Option<u32>,
    /// The application's port.
    pub(crate) port: Option<u8>,
    /// By every gateway.
    pub(crate) receptions: Vec<Reception>,
    /// Whether the modulation is LoRa, which has a signal-to-noise ratio: where protobuf left it out, it is 0.
    pub(crate) is_lora: bool,
}

impl Radio {
    /// The first fields of an uplink's reading.
    pub(crate) fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        let counter = self.frame_counter.unwrap_or_default();
        fields.add("sequence", Scalar::Int(counter.into()), None);
        if let Some(port) = self.port {
            fields.add("port", Scalar::Int(port.into()), None);
        }
        let heard = self.receptions.iter().map(|it| self.heard(*it));
        // The most signal above the noise, then the strongest; what is not known comes last.
        let best = heard.max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        if let Some((ratio, signal)) = best {
            fields.add_real("signal", Some(signal), "{dBm}");
            fields.add_real("signal-noise-ratio", Some(ratio), "dB");
        }
        fields
    }

    /// Ratio and signal; minus infinity is not known, and becomes no field.
    fn heard(&self, reception: Reception) -> (f64, f64) {
        let signal = reception.rssi.or(reception.channel_rssi);
        let left_out = (self.is_lora && signal.is_some()).then_some(0.0);
        let ratio = reception.snr.or(left_out);
        (ratio.unwrap_or(f64::NEG_INFINITY), signal.unwrap_or(f64::NEG_INFINITY))
    }
}

/// How every gateway heard it.
pub(crate) fn receptions(all: Option<&[Value<'_>]>) -> Result<Vec<Reception>, DecodeError> {
    let reception = |it: &Value<'_>| {
        let it = it.as_object();
        it.map(Reception::of).ok_or_else(|| DecodeError::Malformed("it is no reception".to_owned()))
    };
    all.unwrap_or_default().iter().map(reception).collect()
}

impl Reception {
    /// Protobuf writes what is no number as a text: `"NaN"`.
    fn of(it: &Object<'_>) -> Self {
        let number = |name: &str| it.get(name).and_then(Value::as_f64);
        Self {
            rssi: number("rssi"),
            channel_rssi: number("channel_rssi"),
            snr: number("snr").or_else(|| number("loRaSNR")),
        }
    }
}
