//! Reads a body into values.

use std::borrow::Cow;

use hifijson::{
    Expect, SliceLexer, num, num::LexWrite as _, str, str::LexAlloc as _, token::Lex as _,
};

use super::{
    number::Number,
    value::{Object, Value},
};

/// How deep values may be nested.
const DEPTH_MAX: usize = 128;

/// Members of one object: more than any device has, and few enough that each finds its place among the others.
const MEMBERS_MAX: usize = 2048;

/// It is not JSON, or more than is read. Small: it comes back with every value.
struct Broken;

/// Reads one value, and nothing behind it.
pub(super) struct Reader {
    /// Whether a name may be in an object twice.
    pub(super) is_strict: bool,
}

impl Reader {
    /// The value that `body` is, if it is JSON.
    pub(super) fn read<'a>(&self, body: &'a [u8]) -> Option<Value<'a>> {
        let mut lexer = SliceLexer::new(body);
        lexer
            .exactly_one(SliceLexer::ws_peek, |next, lexer| self.value(next, lexer, DEPTH_MAX))
            .ok()
    }

    fn value<'a>(
        &self,
        next: u8,
        lexer: &mut SliceLexer<'a>,
        depth: usize,
    ) -> Result<Value<'a>, Broken> {
        match next {
            b'"' => Ok(Value::String(text(lexer.discarded())?)),
            b'-' | b'0'..=b'9' => number(lexer),
            b'{' => self.object(lexer, depth.checked_sub(1).ok_or(Broken)?),
            b'[' => self.array(lexer, depth.checked_sub(1).ok_or(Broken)?),
            _ => {
                let flag = lexer.null_or_bool().ok_or(Expect::Value)?;
                Ok(flag.map_or(Value::Null, Value::Bool))
            }
        }
    }

    fn array<'a>(&self, lexer: &mut SliceLexer<'a>, depth: usize) -> Result<Value<'a>, Broken> {
        let mut items = Vec::new();
        lexer.discarded().seq(b']', SliceLexer::ws_peek, |next, lexer| {
            items.push(self.value(next, lexer, depth)?);
            Ok::<_, Broken>(())
        })?;
        Ok(Value::Array(items))
    }

    fn object<'a>(&self, lexer: &mut SliceLexer<'a>, depth: usize) -> Result<Value<'a>, Broken> {
        let mut object = Object::default();
        lexer.discarded().seq(b'}', SliceLexer::ws_peek, |next, lexer| {
            lexer.expect(|_| Some(next), b'"').ok_or(Expect::String)?;
            let name = text(lexer)?;
            lexer.expect(SliceLexer::ws_peek, b':').ok_or(Expect::Colon)?;
            let next = lexer.ws_peek().ok_or(Expect::Value)?;
            let value = self.value(next, lexer, depth)?;
            let is_twice = object.insert(name, value);
            if (is_twice && self.is_strict) || object.len() > MEMBERS_MAX {
                return Err(Broken);
            }
            Ok(())
        })?;
        Ok(Value::Object(object))
    }
}

/// What is behind a quotation mark. Most texts are short and stay as they are; the others are put together.
fn text<'a>(lexer: &mut SliceLexer<'a>) -> Result<Cow<'a, str>, Broken> {
    let rest = lexer.as_slice();
    if let Some((text, [b'"', behind @ ..])) = rest.split_at_checked(plain(rest)) {
        *lexer = SliceLexer::new(behind);
        return std::str::from_utf8(text).map(Cow::Borrowed).map_err(|_| Broken);
    }
    Ok(lexer.str_string()?)
}

/// How many bytes come before a quotation mark, an escape or a control character. Eight of them are looked at at once.
fn plain(json: &[u8]) -> usize {
    let (eights, rest) = json.as_chunks::<8>();
    let before = eights.iter().take_while(|eight| !has_special(**eight)).count();
    let last = eights.get(before).map_or(rest, |eight| eight);
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1F);
    8 * before + last.iter().position(is_special).unwrap_or(last.len())
}

const fn has_special(eight: [u8; 8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES * 128;
    let word = u64::from_le_bytes(eight);
    // A byte below 0x20 borrows from its highest bit, and so does one that is 0 after exclusive or with what is looked
    // for (Lamport 1975).
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = word ^ (ONES * b'"' as u64);
    let escape = word ^ (ONES * b'\\' as u64);
    let quote = quote.wrapping_sub(ONES) & !quote;
    let escape = escape.wrapping_sub(ONES) & !escape;
    (control | quote | escape) & HIGHS != 0
}

/// Most numbers have few digits; the others are read once more.
fn number<'a>(lexer: &mut SliceLexer<'a>) -> Result<Value<'a>, Broken> {
    if let Some((number, behind)) = Number::short(lexer.as_slice()) {
        *lexer = SliceLexer::new(behind);
        return Ok(Value::Number(number));
    }
    let (text, _) = lexer.num_bytes().validated()?;
    Number::long(text).map(Value::Number).ok_or(Broken)
}

impl From<Expect> for Broken {
    fn from(_: Expect) -> Self {
        Self
    }
}

impl From<num::Error> for Broken {
    fn from(_: num::Error) -> Self {
        Self
    }
}

impl From<str::Error> for Broken {
    fn from(_: str::Error) -> Self {
        Self
    }
}
