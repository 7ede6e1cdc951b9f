//! What data may be used for: terms of the W3C's Data Privacy Vocabulary, and which is part of which.
//!
//! # Promises
//!
//! - A term with a prefix of the vocabulary is one of it: a slip of the pen does not become a purpose of its own.
//! - [`is_within`] says yes only for a purpose itself and for what it is part of; of own terms nothing else is known.

/// One line for each purpose, in order: it, and what it is part of. The policy `purpose-tree` goes by the same list.
const PURPOSES: &str = include_str!("../../../../plugins/policies/purpose-tree/src/purposes.txt");

/// Full addresses, and the prefixes that stand for them.
const VOCABULARIES: [(&str, &str); 2] =
    [("https://w3id.org/dpv/sector/health#", "sector-health:"), ("https://w3id.org/dpv#", "dpv:")];

/// What is no term of the vocabulary but was in examples of ours, and what it meant.
const FORMER: (&str, &str) = ("dpv:HealthMonitoring", "sector-health:PatientMonitoring");

/// How many terms are named to somebody who wrote none.
const NEAREST_MAX: usize = 3;

/// The one notation of a purpose that counts: with a prefix, and without terms that never were any.
pub fn term(text: &str) -> String {
    let name = |it: &(&str, &str)| Some([it.1, text.strip_prefix(it.0)?].concat());
    let term = VOCABULARIES.iter().find_map(name).unwrap_or_else(|| text.to_owned());
    if term == FORMER.0 { FORMER.1.to_owned() } else { term }
}

/// What to write in the place of `text`, if it is one of those that never were a term.
pub fn better(text: &str) -> Option<&'static str> {
    (text == FORMER.0).then_some(FORMER.1)
}

/// Checks a purpose as written.
pub fn check(text: &str) -> Result<(), String> {
    if text.is_empty() || text.len() > 128 || !text.chars().all(|it| it.is_ascii_graphic()) {
        return Err(format!("must be a term without spaces, such as `{}`", FORMER.1));
    }
    let term = term(text);
    let is_ours = VOCABULARIES.iter().any(|it| term.starts_with(it.1));
    if !is_ours || parents(&term).is_some() {
        return Ok(());
    }
    Err(format!(
        "`{text}` is no purpose of the Data Privacy Vocabulary; nearest are {}. A term of your own must not \
         begin with `dpv:` or `sector-health:`",
        nearest(&term).map(|it| format!("`{it}`")).join(", ")
    ))
}

/// Whether `narrow` is `broad`, or part of it.
pub fn is_within(narrow: &str, broad: &str) -> bool {
    let (narrow, broad) = (term(narrow), term(broad));
    let mut above = vec![narrow.as_str()];
    let mut next = 0;
    while let Some(term) = above.get(next).copied() {
        if term == broad {
            return true;
        }
        next += 1;
        let new: Vec<_> =
            parents(term).into_iter().flatten().filter(|it| !above.contains(it)).collect();
        above.extend(new);
    }
    false
}

/// In plain words: the term's name, taken apart.
pub fn in_words(text: &str) -> String {
    let term = term(text);
    let name = term.rsplit([':', '#', '/']).next().unwrap_or_default();
    let mut words = String::with_capacity(name.len() + 8);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words.replace(['-', '_'], " ")
}

fn terms() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = PURPOSES.lines().filter(|it| !it.starts_with('#'));
    lines.map(|line| line.split_once(' ').unwrap_or((line, "")))
}

/// What `term` is part of; nothing if it is no term.
fn parents(term: &str) -> Option<impl Iterator<Item = &'static str>> {
    let (_, parents) = terms().find(|it| it.0 == term)?;
    Some(parents.split(' ').filter(|it| !it.is_empty()))
}

/// The terms that differ least from `term`: most often those that were meant.
fn nearest(term: &str) -> [&'static str; NEAREST_MAX] {
    let name = |it: &str| it.split_once(':').map_or(it, |it| it.1).to_ascii_lowercase();
    let meant = name(term);
    let mut all: Vec<_> = terms().map(|it| (distance(&name(it.0), &meant), it.0)).collect();
    all.sort_unstable();
    std::array::from_fn(|at| all.get(at).map_or("dpv:Purpose", |it| it.1))
}

/// How many letters must be changed, added or dropped to make one of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<_> = other.bytes().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.bytes().enumerate() {
        let mut corner = line;
        let mut left = line + 1;
        for (cell, theirs) in row.iter_mut().skip(1).zip(&other) {
            let above = *cell;
            left = (corner + usize::from(letter != *theirs)).min(above + 1).min(left + 1);
            corner = above;
            *cell = left;
        }
        row[0] = line + 1;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_is_within_itself_and_what_it_is_part_of_and_nothing_else() {
        let remote = "sector-health:PatientRemoteMonitoring";
        for broad in
            [remote, "sector-health:PatientMonitoring", "dpv:ServiceProvision", "dpv:Purpose"]
        {
            assert!(is_within(remote, broad), "{broad}");
            assert!(broad == remote || !is_within(broad, remote), "{broad}");
        }
        assert!(!is_within(remote, "dpv:Marketing"));
        assert!(is_within("own:sleep-study", "own:sleep-study"));
        assert!(!is_within("own:sleep-study", "dpv:Purpose"));
    }

    #[test]
    fn addresses_and_prefixes_are_one_notation() {
        assert!(is_within("https://w3id.org/dpv/sector/health#PatientMonitoring", FORMER.1));
        assert!(is_within("https://w3id.org/dpv#Advertising", "dpv:Marketing"));
        assert!(check("https://w3id.org/dpv#Markting").is_err());
    }

    #[test]
    fn what_was_in_our_examples_is_what_it_meant() {
        assert_eq!(check(FORMER.0), Ok(()));
        assert_eq!(better(FORMER.0), Some(FORMER.1));
        assert!(is_within(FORMER.0, FORMER.1) && is_within(FORMER.1, FORMER.0));
    }

    #[test]
    fn a_slip_of_the_pen_is_told_with_the_nearest_terms() {
        let problem = check("dpv:PatientMonitring").unwrap_err();
        assert!(problem.contains("nearest are `sector-health:PatientMonitoring`"), "{problem}");
        assert!(check("dpv:").is_err() && check("dpv:Health Care").is_err() && check("").is_err());
        assert_eq!(check("own:sleep-study"), Ok(()));
    }

    #[test]
    fn every_term_leads_to_the_top() {
        for (term, _) in terms() {
            assert!(
                term == "dpv:RightsFulfilment"
                    || term == "dpv:RightsFulfillment"
                    || is_within(term, "dpv:Purpose"),
                "{term}"
            );
        }
    }

    #[test]
    fn a_term_reads_as_words() {
        assert_eq!(in_words("sector-health:PatientRemoteMonitoring"), "patient remote monitoring");
        assert_eq!(in_words("own:sleep-study"), "sleep study");
    }
}
