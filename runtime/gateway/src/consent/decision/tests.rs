//! What counts together is never wider than what each allowed, whatever is taken away.

mod stories;

use super::*;
use crate::{consent::schema::Rule, source::Source};
use std::{collections::HashMap, path::Path};

const SUBJECTS: [&str; 3] = ["ada", "ben", "cy"];
/// Whose file it is. Ada has two.
const FILES: [(&str, &str); 4] = [("ada-1", "ada"), ("ada-2", "ada"), ("ben", "ben"), ("cy", "cy")];
const TEXTS: usize = 4;

/// Which text stands in each file, if there is one.
type Files = [Option<usize>; FILES.len()];

const REMOTE: &str = "sector-health:PatientRemoteMonitoring";
const MONITORING: &str = "https://w3id.org/dpv/sector/health#PatientMonitoring";

/// The text that ends with the first contact.
const UNTIL_CONTACT: usize = 1;

/// One text of a grant: each differs in what it says of time, of steps and of what for.
fn text(file: usize, text: usize) -> Grant {
    let (from, until) = [(0, 6), (1, 2), (0, 1), (0, 6)][text];
    let (step, least) = [(5, 30), (2, 40), (7, 30), (20, 60)][(text + file) % 4];
    // The first is part of the second.
    let purpose = if text == 3 && file < 2 { REMOTE } else { MONITORING };
    let every = if text == 1 { "30 min" } else { "10 min" };
    let ending = match text {
        UNTIL_CONTACT => "ends-with = { path = \"contact\", flag = true }\n",
        _ => "",
    };
    let second = if text == 2 { "" } else { "{ path = \"contact\", flag = true }," };
    let toml = format!(
        "subject = \"{}\"\ndevice = \"bed\"\nrecipient = \"hospital\"\npurpose = \"{purpose}\"\nevery = \"{every}\"\n\
         retention = \"{} days\"\nwait-max = \"2 h\"\n\
         valid-from = 2026-11-23T0{from}:00:00Z\nvalid-until = 2026-11-23T0{until}:00:00Z\n{ending}\
         field = [{second} {{ path = \"rate\", unit = \"/min\", range = [{least}, 220], step = {step} }}]",
        FILES[file].1,
        1 + text,
    );
    let path = format!("{}.toml", FILES[file].0);
    Grant::from_source(&Source::from_text(Path::new(&path), &toml)).unwrap()
}

/// All texts, and what each choice of them and of subjects comes to.
struct Library {
    texts: Vec<[Grant; TEXTS]>,
    joints: HashMap<(usize, Files), Vec<Joint>>,
}

impl Library {
    fn new() -> Self {
        let texts: Vec<_> =
            (0..FILES.len()).map(|file| [0, 1, 2, 3].map(|it| text(file, it))).collect();
        let mut joints = HashMap::new();
        for (subjects, code) in (1..=3).flat_map(|it| (0..5_usize.pow(4)).map(move |at| (it, at))) {
            let files = [1, 5, 25, 125].map(|place| (code / place % 5).checked_sub(1));
            let names: Vec<_> = SUBJECTS[..subjects].iter().map(|it| (*it).to_owned()).collect();
            let grants: Vec<_> = present(&texts, files).cloned().collect();
            joints.insert((subjects, files), joint("bed", &names, &grants));
        }
        Self { texts, joints }
    }
}

fn present(texts: &[[Grant; TEXTS]], files: Files) -> impl Iterator<Item = &Grant> {
    texts.iter().zip(files).filter_map(|(texts, at)| Some(&texts[at?]))
}

#[test]
fn a_grant_for_a_purpose_is_one_for_what_is_part_of_it_and_not_for_what_it_is_part_of() {
    let names =
        |count: usize| SUBJECTS[..count].iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let (remote, monitoring) = (text(0, 3), text(2, 0));
    assert_eq!((&*remote.purpose, &*monitoring.purpose), (REMOTE, MONITORING));
    let both = joint("bed", &names(2), &[monitoring.clone(), remote.clone()]);
    let [one] = &both[..] else { panic!("{both:?}") };
    assert_eq!((&*one.grant.purpose, &*one.grant.id), (REMOTE, "ada-1"));
    assert_eq!(one.sources, ["ada-1", "ben"]);
    // Both of ada's bind.
    let wider = text(1, 0);
    let all = joint("bed", &names(2), &[remote, wider, monitoring.clone()]);
    let told: Vec<_> = all.iter().map(|it| (&*it.grant.purpose, it.sources.len())).collect();
    assert_eq!(told, [(MONITORING, 2), (REMOTE, 3)]);
    assert!(joint("bed", &names(3), &[text(0, 3), monitoring]).is_empty());
}

/// Whether `narrow` allows nothing that `wide` does not.
fn is_within(narrow: &Grant, wide: &Grant) -> bool {
    let rule = |rule: &Rule| {
        let same = |it: &&Rule| it.path == rule.path && it.unit == rule.unit;
        wide.fields.iter().find(same).is_some_and(|it| rule.alphabet() <= it.alphabet())
    };
    narrow.fields.iter().all(rule)
        && narrow.every >= wide.every
        && narrow.retention <= wide.retention
        && narrow.wait_max <= wide.wait_max
        && narrow.valid_from >= wide.valid_from
        && narrow.valid_until <= wide.valid_until
}

#[test]
fn what_counts_is_within_each_grant_that_it_was_made_of() {
    let library = Library::new();
    for ((_, files), joints) in &library.joints {
        for joint in joints {
            let sources =
                present(&library.texts, *files).filter(|it| joint.sources.contains(&it.id));
            for source in sources {
                assert!(is_within(&joint.grant, source), "{joint:?} {source:?}");
            }
        }
    }
}

#[test]
fn taking_a_grant_away_never_widens() {
    let library = Library::new();
    let twice = |files: &Files| files[0].is_some() && files[1].is_some();
    let all =
        library.joints.iter().filter(|((subjects, files), _)| *subjects == 1 || !twice(files));
    for (((subjects, files), before), gone) in all.flat_map(|it| (0..4).map(move |gone| (it, gone)))
    {
        let mut less = *files;
        less[gone] = None;
        for after in &library.joints[&(*subjects, less)] {
            let aim = |it: &&Joint| it.grant.purpose == after.grant.purpose;
            let wider = before.iter().filter(aim).any(|it| is_within(&after.grant, &it.grant));
            assert!(wider, "{files:?} without {gone}");
        }
    }
}

#[test]
fn taking_a_field_away_never_widens() {
    let library = Library::new();
    let names = SUBJECTS.map(str::to_owned);
    for texts in 0..TEXTS.pow(3) {
        let at = |place: usize| texts / TEXTS.pow(u32::try_from(place).unwrap()) % TEXTS;
        let grants =
            [0, 2, 3].map(|file: usize| library.texts[file][at(file.saturating_sub(1))].clone());
        let before = joint("bed", &names, &grants);
        for (whose, which) in (0..3).flat_map(|it| (0..2).map(move |at| (it, at))) {
            let mut less = grants.clone();
            if less[whose].fields.len() <= which {
                continue;
            }
            less[whose].fields.remove(which);
            for after in joint("bed", &names, &less) {
                assert!(before.iter().any(|it| is_within(&after.grant, &it.grant)));
                assert!(
                    after.grant.fields.len() < before[0].grant.fields.len()
                        || after.grant.fields == before[0].grant.fields
                );
            }
        }
    }
}
