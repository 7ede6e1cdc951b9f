//! Reads a body into values.

use hifijson::{
    Error, Expect, SliceLexer, num::LexWrite as _, str::LexAlloc as _, token::Lex as _,
};

use super::{
    number::Number,
    value::{Object, Value},
};

/// How deep values may be nested.
const DEPTH_MAX: usize = 128;

/// Members of one object: more than any device has, and few enough that each finds its place among the others.
const MEMBERS_MAX: usize = 2048;

/// Members that most objects have room for at once.
const MEMBERS_USUAL: usize = 8;

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
    ) -> Result<Value<'a>, Error> {
        match next {
            b'"' => Ok(Value::String(lexer.discarded().str_string()?)),
            b'-' | b'0'..=b'9' => number(lexer),
            b'{' => self.object(lexer, depth.checked_sub(1).ok_or(Error::Depth)?),
            b'[' => self.array(lexer, depth.checked_sub(1).ok_or(Error::Depth)?),
            _ => {
                let flag = lexer.null_or_bool().ok_or(Expect::Value)?;
                Ok(flag.map_or(Value::Null, Value::Bool))
            }
        }
    }

    fn array<'a>(&self, lexer: &mut SliceLexer<'a>, depth: usize) -> Result<Value<'a>, Error> {
        let mut items = Vec::new();
        lexer.discarded().seq(b']', SliceLexer::ws_peek, |next, lexer| {
            items.push(self.value(next, lexer, depth)?);
            Ok::<_, Error>(())
        })?;
        Ok(Value::Array(items))
    }

    fn object<'a>(&self, lexer: &mut SliceLexer<'a>, depth: usize) -> Result<Value<'a>, Error> {
        let mut object = Object::with_room(MEMBERS_USUAL);
        lexer.discarded().seq(b'}', SliceLexer::ws_peek, |next, lexer| {
            lexer.expect(|_| Some(next), b'"').ok_or(Expect::String)?;
            let name = lexer.str_string()?;
            lexer.expect(SliceLexer::ws_peek, b':').ok_or(Expect::Colon)?;
            let next = lexer.ws_peek().ok_or(Expect::Value)?;
            let value = self.value(next, lexer, depth)?;
            let is_twice = object.insert(name, value);
            if (is_twice && self.is_strict) || object.len() > MEMBERS_MAX {
                return Err(Error::Depth);
            }
            Ok(())
        })?;
        Ok(Value::Object(object))
    }
}

fn number<'a>(lexer: &mut SliceLexer<'a>) -> Result<Value<'a>, Error> {
    let (text, _) = lexer.num_bytes().validated()?;
    Number::read(text).map(Value::Number).ok_or(Error::Num(hifijson::num::Error::ExpectedDigit))
}
