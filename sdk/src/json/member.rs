//! Members of an object that are of one type, or not there at all. `null` is not there.

use super::{
    malformed,
    value::{Object, Value},
};
use crate::adapter::DecodeError;

/// A member, or nothing where there is none.
///
/// # Errors
///
/// Malformed: it is of another type.
type Member<T> = Result<Option<T>, DecodeError>;

impl<'a> Object<'a> {
    /// The member of that name, whatever it is.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value<'a>> {
        self.get(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub fn text(&self, name: &str) -> Member<&str> {
        self.typed(name, malformed, Value::as_str)
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> Member<bool> {
        self.typed(name, malformed, Value::as_bool)
    }

    /// A number, whole or not.
    pub fn real(&self, name: &str) -> Member<f64> {
        self.typed(name, malformed, Value::as_f64)
    }

    /// A whole number, written without a fraction, that a `T` holds.
    pub fn whole<T: TryFrom<i64>>(&self, name: &str) -> Member<T> {
        self.typed(name, malformed, |value| T::try_from(value.as_i64()?).ok())
    }

    /// An object.
    pub fn object(&self, name: &str) -> Member<&Self> {
        self.typed(name, malformed, Value::as_object)
    }

    /// An array.
    pub fn array(&self, name: &str) -> Member<&[Value<'a>]> {
        self.typed(name, malformed, Value::as_array)
    }

    /// What `read` makes of a member, or what is `wrong` if it makes nothing of it.
    pub(crate) fn typed<'o, T, E>(
        &'o self,
        name: &str,
        wrong: impl FnOnce() -> E,
        read: impl FnOnce(&'o Value<'a>) -> Option<T>,
    ) -> Result<Option<T>, E> {
        match self.member(name) {
            Some(value) => read(value).map(Some).ok_or_else(wrong),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn members_are_of_their_type_or_not_there() {
        let body =
            br#"{"text":"a","flag":true,"real":1.5,"whole":3,"object":{},"array":[1],"null":null}"#;
        let object = json::object(body).unwrap();
        assert_eq!(object.text("text").unwrap(), Some("a"));
        assert_eq!(object.flag("flag").unwrap(), Some(true));
        assert_eq!(object.real("real").unwrap(), Some(1.5));
        assert_eq!(object.whole("whole").unwrap(), Some(3_u8));
        assert!(object.object("object").unwrap().is_some_and(Object::is_empty));
        assert_eq!(object.array("array").unwrap().map(<[_]>::len), Some(1));
        for nothing in ["null", "other"] {
            assert_eq!(object.member(nothing), None);
            assert_eq!(object.text(nothing).unwrap(), None);
            assert_eq!(object.whole::<i64>(nothing).unwrap(), None);
        }
    }

    #[test]
    fn a_member_of_another_type_makes_the_body_malformed() {
        let object = json::object(br#"{"real":1.5,"less":-1,"text":"1"}"#).unwrap();
        assert!(object.text("real").is_err());
        assert!(object.flag("text").is_err());
        assert!(object.real("text").is_err());
        assert!(object.whole::<i64>("real").is_err());
        assert!(object.whole::<u8>("less").is_err());
        assert!(object.object("text").is_err());
        assert!(object.array("text").is_err());
    }
}
