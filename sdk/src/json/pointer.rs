//! Pointers to a value inside another (RFC 6901).

use super::value::Value;

/// The longest pointer, in bytes.
const POINTER_BYTES_MAX: usize = 256;

/// Where in a value another is, such as `/sensors/0/t`: names and places, read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    steps: Vec<Step>,
}

/// Into an object by the name, into an array by the place that the same text says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    name: String,
    place: Option<usize>,
}

impl Pointer {
    /// Reads one: empty, or names behind a slash each, where `~` stands in `~0` and `~1` alone (section 3). 256 bytes
    /// at most.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self { steps: Vec::new() });
        }
        let steps = text.strip_prefix('/').filter(|_| text.len() <= POINTER_BYTES_MAX)?;
        Some(Self { steps: steps.split('/').map(Step::parse).collect::<Option<_>>()? })
    }

    /// What is there, if anything is.
    #[must_use]
    pub fn find<'v, 'a>(&self, value: &'v Value<'a>) -> Option<&'v Value<'a>> {
        self.steps.iter().try_fold(value, |value, step| step.find(value))
    }
}

impl Step {
    fn parse(text: &str) -> Option<Self> {
        let mut name = String::with_capacity(text.len());
        let mut rest = text.chars();
        while let Some(letter) = rest.next() {
            name.push(match letter {
                '~' => match rest.next()? {
                    '0' => '~',
                    '1' => '/',
                    _ => return None,
                },
                letter => letter,
            });
        }
        let is_place = name == "0" || !name.starts_with(['0', '+']);
        Some(Self { place: name.parse().ok().filter(|_| is_place), name })
    }

    fn find<'v, 'a>(&self, value: &'v Value<'a>) -> Option<&'v Value<'a>> {
        match value {
            Value::Object(object) => object.get(&self.name),
            Value::Array(items) => items.get(self.place?),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn values_are_found_as_in_the_rfc() {
        let body = br#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"m~n":8," ":7,"10":{"0":true}}"#;
        let value = json::value(body).unwrap();
        for (pointer, expected) in [
            ("/foo/0", r#""bar""#),
            ("/", "0"),
            ("/a~1b", "1"),
            ("/c%d", "2"),
            ("/m~0n", "8"),
            ("/ ", "7"),
            ("/10/0", "true"),
        ] {
            let expected = json::value(expected.as_bytes()).unwrap();
            let pointer = Pointer::parse(pointer).unwrap();
            assert_eq!(pointer.find(&value), Some(&expected), "{pointer:?}");
        }
        assert_eq!(Pointer::parse("").unwrap().find(&value), Some(&value));
        for nothing in
            ["/foo/2", "/foo/00", "/foo/+1", "/foo/-", "/foo/bar", "/x", "/a", "/foo/0/0"]
        {
            assert_eq!(Pointer::parse(nothing).unwrap().find(&value), None, "{nothing}");
        }
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        for wrong in ["foo", "/~", "/~2", "/a~", &format!("/{}", "a".repeat(256))] {
            assert_eq!(Pointer::parse(wrong), None, "{wrong}");
        }
    }
}
