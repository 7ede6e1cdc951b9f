//! The data types of Cayenne LPP: how many bytes each has, and what they mean.

/// One data type: what follows its code.
#[derive(Debug)]
pub(crate) struct DataType {
    pub(crate) code: u8,
    pub(crate) parts: &'static [Part],
}

/// One value of a data type, the most significant byte first.
#[derive(Debug)]
pub(crate) struct Part {
    /// The field's path, before the channel.
    pub(crate) word: &'static str,
    /// The field's path, after the channel.
    pub(crate) axis: &'static str,
    pub(crate) bytes: usize,
    pub(crate) meaning: Meaning,
}

/// What the bytes of a value mean.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meaning {
    /// A count or a state, with its unit if it has one.
    Int(Option<&'static str>),
    /// 0 is no, all else is yes.
    Flag,
    /// So many of that much, never below 0.
    Real(Step, Option<&'static str>),
    /// The same in two's complement.
    Signed(Step, Option<&'static str>),
    /// Red, green and blue.
    Colour,
}

/// `digits` × 10^`exponent`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) digits: i64,
    pub(crate) exponent: i16,
}

const ONE: Step = Step { digits: 1, exponent: 0 };
const TENTH: Step = Step { digits: 1, exponent: -1 };
const HALF: Step = Step { digits: 5, exponent: -1 };
const HUNDREDTH: Step = Step { digits: 1, exponent: -2 };
const THOUSANDTH: Step = Step { digits: 1, exponent: -3 };
const TEN_THOUSANDTH: Step = Step { digits: 1, exponent: -4 };

/// The word for a time, which is the reading's own as well.
pub(crate) const UNIX_TIME: &str = "unix-time";

/// Ordered by code. To 136: Cayenne LPP itself, where it has the type; the others have the numbers of their IPSO
/// objects less 3200.
static DATA_TYPES: [DataType; 26] = [
    one(0, &[value("digital-input", 1, Meaning::Int(None))]),
    one(1, &[value("digital-output", 1, Meaning::Int(None))]),
    one(2, &[value("analog-input", 2, Meaning::Signed(HUNDREDTH, None))]),
    one(3, &[value("analog-output", 2, Meaning::Signed(HUNDREDTH, None))]),
    one(100, &[value("generic", 4, Meaning::Int(None))]),
    one(101, &[value("illuminance", 2, Meaning::Real(ONE, Some("lx")))]),
    one(102, &[value("occupancy", 1, Meaning::Flag)]),
    one(103, &[value("temperature", 2, Meaning::Signed(TENTH, Some("Cel")))]),
    one(104, &[value("humidity", 1, Meaning::Real(HALF, Some("%")))]),
    one(113, &axes("acceleration", Meaning::Signed(THOUSANDTH, Some("[g]")))),
    one(115, &[value("pressure", 2, Meaning::Real(TENTH, Some("hPa")))]),
    one(116, &[value("voltage", 2, Meaning::Real(HUNDREDTH, Some("V")))]),
    one(117, &[value("current", 2, Meaning::Real(THOUSANDTH, Some("A")))]),
    one(118, &[value("frequency", 4, Meaning::Real(ONE, Some("Hz")))]),
    one(120, &[value("percentage", 1, Meaning::Real(ONE, Some("%")))]),
    one(121, &[value("altitude", 2, Meaning::Signed(ONE, Some("m")))]),
    one(125, &[value("concentration", 2, Meaning::Real(ONE, Some("[ppm]")))]),
    one(128, &[value("power", 2, Meaning::Real(ONE, Some("W")))]),
    one(130, &[value("distance", 4, Meaning::Real(THOUSANDTH, Some("m")))]),
    one(131, &[value("energy", 4, Meaning::Real(THOUSANDTH, Some("kW.h")))]),
    one(132, &[value("direction", 2, Meaning::Real(ONE, Some("deg")))]),
    one(133, &[value(UNIX_TIME, 4, Meaning::Int(Some("s")))]),
    one(134, &axes("gyroscope", Meaning::Signed(HUNDREDTH, Some("deg/s")))),
    one(135, &[value("colour", 3, Meaning::Colour)]),
    one(
        136,
        &[
            value("latitude", 3, Meaning::Signed(TEN_THOUSANDTH, Some("deg"))),
            value("longitude", 3, Meaning::Signed(TEN_THOUSANDTH, Some("deg"))),
            value("altitude", 3, Meaning::Signed(HUNDREDTH, Some("m"))),
        ],
    ),
    one(142, &[value("on", 1, Meaning::Flag)]),
];

/// The data type with this code.
pub(crate) fn of_code(code: u8) -> Option<&'static DataType> {
    let at = DATA_TYPES.binary_search_by_key(&code, |it| it.code).ok()?;
    DATA_TYPES.get(at)
}

/// Whether some value is called so.
pub(crate) fn has_word(word: &str) -> bool {
    DATA_TYPES.iter().flat_map(|it| it.parts).any(|part| part.word == word)
}

const fn one(code: u8, parts: &'static [Part]) -> DataType {
    DataType { code, parts }
}

const fn value(word: &'static str, bytes: usize, meaning: Meaning) -> Part {
    Part { word, axis: "", bytes, meaning }
}

const fn axes(word: &'static str, meaning: Meaning) -> [Part; 3] {
    [
        Part { word, axis: ".x", bytes: 2, meaning },
        Part { word, axis: ".y", bytes: 2, meaning },
        Part { word, axis: ".z", bytes: 2, meaning },
    ]
}
