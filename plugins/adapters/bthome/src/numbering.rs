//! Gives the objects of a frame their names: several of one kind are numbered.
//!
//! # Promises
//!
//! - One temperature is `temperature`; of two, in the order in which they were sent, the first is `temperature-1`
//!   and the second `temperature-2`, also where one of them says nothing.
//! - One timestamp places the reading in time. Of several nobody knows which does.

use hushgate_sdk::{Field, Scalar};

use crate::{objects::Object, value::Value};

/// The fields of `objects`, and when they were observed.
pub(crate) fn fields(objects: Vec<Object>) -> (Vec<Field>, Option<u64>) {
    let paths: Vec<&str> = objects.iter().map(|it| it.path).collect();
    let at_ms = only_moment(&objects);
    let mut fields = Vec::with_capacity(objects.len());
    for (at, object) in objects.into_iter().enumerate() {
        name(object, &suffix(&paths, at), &mut fields);
    }
    (fields, at_ms)
}

fn only_moment(objects: &[Object]) -> Option<u64> {
    let mut moments = objects.iter().filter_map(|it| match it.value {
        Value::Moment(seconds) => Some(u64::from(seconds) * 1000),
        _ => None,
    });
    let first = moments.next();
    if moments.next().is_none() { first } else { None }
}

/// Which of its kind the one `at` that place is, if there are several.
fn suffix(paths: &[&str], at: usize) -> String {
    let same = |path: &&str| Some(path) == paths.get(at).as_ref().copied();
    if paths.iter().filter(|it| same(it)).count() < 2 {
        return String::new();
    }
    format!("-{}", paths.iter().take(at + 1).filter(|it| same(it)).count())
}

fn name(Object { path, value }: Object, suffix: &str, fields: &mut Vec<Field>) {
    let mut push = |path: &str, value: Scalar, unit: &str| {
        let unit = (!unit.is_empty()).then(|| unit.to_owned());
        fields.push(Field { path: [path, suffix].concat(), value, unit });
    };
    match value {
        Value::Nothing => {}
        Value::One(value, unit) => push(path, value, unit),
        Value::Moment(seconds) => push(path, Scalar::Int(seconds.into()), "s"),
        Value::Event(what, with) => {
            push(path, Scalar::Text(what.to_owned()), "");
            if let Some((path, value)) = with {
                push(path, value, "");
            }
        }
    }
}
