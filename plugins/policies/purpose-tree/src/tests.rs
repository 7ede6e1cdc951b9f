//! Purposes put to settings, and what leaves for them.

use hushgate_sdk::{
    ConfigError,
    policy::{FieldView, Obligation, Policy, Request, Verdict},
};

use super::PurposeTree;
use crate::tree::Tree;

fn request(purpose: &str, paths: &[&str]) -> Request {
    let field = |path: &&str| FieldView { path: (*path).to_owned(), unit: None, value: None };
    Request {
        device: "strap".to_owned(),
        subjects: vec!["ada".to_owned()],
        purpose: purpose.to_owned(),
        recipient: "clinic".to_owned(),
        now_ms: 0,
        fields: paths.iter().map(field).collect(),
    }
}

/// What leaves, as words, or nothing.
fn leaves(json: &str, purpose: &str) -> Option<String> {
    let policy = PurposeTree::configure(json).unwrap();
    let asked = ["heart-rate", "temperature", "heart-rate"];
    match policy.evaluate(request(purpose, &asked)).unwrap() {
        Verdict::Withhold(_) => None,
        Verdict::Release(obligations) => match obligations.as_slice() {
            [] => Some("all".to_owned()),
            [Obligation::Keep(paths)] => Some(paths.join(" ")),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check(json: &str, purpose: &str, expected: Option<&str>) {
    assert_eq!(leaves(json, purpose).as_deref(), expected, "{json} {purpose}");
}

#[test]
fn what_is_part_of_an_allowed_purpose_is_allowed() {
    let json = r#"{"allow":["dpv:ResearchAndDevelopment"]}"#;
    check(json, "dpv:ResearchAndDevelopment", Some("all"));
    check(json, "dpv:AcademicResearch", Some("all"));
    check(json, "dpv:CommercialResearch", Some("all"));
    check(json, "sector-health:HealthTrendAnalysis", Some("all"));
    check(json, "dpv:Purpose", None);
    check(json, "dpv:CommercialPurpose", None);
    check(json, "dpv:Marketing", None);
}

#[test]
fn deny_overrides_wherever_else_it_is_part_of() {
    let json = r#"{"allow":["dpv:Purpose"],"deny":["dpv:Marketing","dpv:CommercialPurpose"]}"#;
    check(json, "dpv:AcademicResearch", Some("all"));
    check(json, "dpv:CommercialResearch", None);
    check(json, "dpv:Marketing", None);
    check(json, "dpv:RecruitmentTargetedAdvertising", None);
    check(json, "dpv:ServiceProvision", Some("all"));
    let both = r#"{"allow":["dpv:Marketing"],"deny":["dpv:Marketing"]}"#;
    check(both, "dpv:Marketing", None);
}

#[test]
fn a_purpose_that_nothing_is_known_of_is_withheld() {
    let json = r#"{"allow":["dpv:Purpose"]}"#;
    for unknown in ["", "x", "dpv:", "dpv:marketing", "Marketing", "dpv:Marketing ", "dpv:Sector"] {
        check(json, unknown, None);
    }
    check(json, "https://w3id.org/dpv/Marketing", None);
    // DPV hangs it below a legal basis, which is no purpose.
    check(json, "dpv:RightsFulfilment", None);
    check(r#"{"allow":["x"]}"#, "x", Some("all"));
}

#[test]
fn both_notations_are_one_purpose() {
    let json = r#"{"allow":["https://w3id.org/dpv#Marketing"],"deny":["dpv:Advertising"]}"#;
    check(json, "dpv:Marketing", Some("all"));
    check(json, "https://w3id.org/dpv#DirectMarketing", Some("all"));
    check(json, "https://w3id.org/dpv#TargetedAdvertising", None);
    let health = r#"{"allow":["sector-health:PatientMonitoring"]}"#;
    check(health, "https://w3id.org/dpv/sector/health#PatientRemoteMonitoring", Some("all"));
    check(health, "dpv:PatientRemoteMonitoring", None);
}

#[test]
fn the_tree_grows_with_the_settings() {
    let json = r#"{"allow":["sector-health:PatientMonitoring"],"tree":{
        "dpv:HealthMonitoring":"sector-health:PatientMonitoring","x:Night":"dpv:HealthMonitoring"}}"#;
    check(json, "dpv:HealthMonitoring", Some("all"));
    check(json, "x:Night", Some("all"));
    check(json, "x:Day", None);
}

#[test]
fn a_purpose_has_the_fields_that_all_its_limits_name() {
    let json = r#"{"allow":["dpv:Purpose"],"fields":{
        "dpv:Marketing":[],
        "dpv:ResearchAndDevelopment":["heart-rate","temperature","mass"],
        "https://w3id.org/dpv#AcademicResearch":["temperature"]}}"#;
    check(json, "dpv:Advertising", None);
    check(json, "dpv:ScientificResearch", Some("heart-rate temperature"));
    check(json, "dpv:AcademicResearch", Some("temperature"));
    check(json, "dpv:ServiceProvision", Some("all"));
    let twice = r#"{"allow":["dpv:Marketing"],"fields":{"dpv:Marketing":["heart-rate","mass"],
        "https://w3id.org/dpv#Marketing":["temperature","heart-rate"]}}"#;
    check(twice, "dpv:Marketing", Some("heart-rate"));
}

#[test]
fn every_purpose_of_the_table_is_part_of_purpose_and_of_no_loop() {
    let tree = Tree::new(Vec::new());
    let lines: Vec<_> =
        include_str!("purposes.txt").lines().filter(|it| !it.starts_with('#')).collect();
    assert_eq!(lines.len(), 179);
    assert!(lines.is_sorted_by_key(|it| it.split(' ').next()), "it is searched by halves");
    for line in lines {
        let mut terms = line.split(' ');
        let purpose = terms.next().unwrap();
        assert!(tree.knows(purpose) && !tree.loops(purpose), "{purpose}");
        if !purpose.starts_with("dpv:RightsFulfil") {
            assert!(tree.above(purpose).contains(&"dpv:Purpose"), "{purpose}");
            assert!(terms.all(|it| tree.knows(it)), "{purpose}");
        }
    }
}

#[test]
fn whatever_is_asked_the_answer_only_tightens() {
    let settings = [
        r#"{"allow":["dpv:Purpose"],"fields":{"dpv:Purpose":["a","mass"],"dpv:Marketing":["b"]}}"#,
        r#"{"allow":["dpv:Marketing"],"deny":["dpv:Advertising"],"fields":{"dpv:Purpose":["a"]}}"#,
    ];
    let purposes = ["dpv:Purpose", "dpv:Advertising", "dpv:Marketing", "x", ""];
    let fields: [&[&str]; 4] = [&[], &["a"], &["a", "b", "a"], &["c", "mass"]];
    for json in settings {
        let policy = PurposeTree::configure(json).unwrap();
        let asked = purposes.into_iter().flat_map(|it| fields.map(|fields| (it, fields)));
        for (purpose, asked) in asked {
            let verdict = policy.evaluate(request(purpose, asked)).unwrap();
            assert!(tightens(&verdict, asked), "{json} {purpose} {asked:?}: {verdict:?}");
        }
    }
}

fn tightens(verdict: &Verdict, asked: &[&str]) -> bool {
    match verdict {
        Verdict::Withhold(_) => true,
        Verdict::Release(obligations) => obligations.iter().all(|it| match it {
            Obligation::Keep(kept) => {
                !kept.is_empty() && kept.iter().all(|it| asked.contains(&it.as_str()))
            }
            _ => false,
        }),
        Verdict::HoldUntil(_) | Verdict::NeedConsent(_) => false,
    }
}

#[test]
fn allowing_less_or_denying_more_never_releases_more() {
    let some = ["dpv:Marketing", "dpv:ResearchAndDevelopment", "dpv:Personalisation"];
    let asked: Vec<_> =
        include_str!("purposes.txt").lines().filter_map(|it| it.split(' ').next()).collect();
    let released = |allow: &[&str], deny: &[&str]| -> Vec<bool> {
        let json = format!("{{\"allow\":{allow:?},\"deny\":{deny:?}}}");
        asked.iter().map(|it| leaves(&json, it).is_some()).collect()
    };
    let less = |less: Vec<bool>, more: &[bool]| less.iter().zip(more).all(|(l, m)| !l || *m);
    let all = released(&some, &[]);
    for one in 0..some.len() {
        assert!(less(released(&some[one..=one], &[]), &all));
        assert!(less(released(&some, &some[one..=one]), &all));
    }
}

#[test]
fn refuses_settings_that_cannot_work() {
    for (json, setting) in [
        ("{}", "allow"),
        (r#"{"allow":[]}"#, "allow"),
        (r#"{"allow":[""]}"#, "allow"),
        (r#"{"allow":["dpv:Health Monitoring"]}"#, "allow"),
        (r#"{"allow":"dpv:Marketing"}"#, "allow"),
        (r#"{"allow":["dpv:Purpose"],"deny":["dpv:Markting"]}"#, "deny"),
        (r#"{"allow":["dpv:Purpose"],"fields":{"dpv:Markting":[]}}"#, "fields"),
        (r#"{"allow":["dpv:Purpose"],"tree":{"x:a":"x:b"}}"#, "tree"),
        (r#"{"allow":["dpv:Purpose"],"tree":{"x:a":"x:b","x:b":"x:a"}}"#, "tree"),
        (r#"{"allow":["dpv:Purpose"],"tree":{"dpv:Marketing":"dpv:Advertising"}}"#, "tree"),
        (r#"{"allow":["dpv:Purpose"],"tree":{"dpv:Purpose":"dpv:Purpose"}}"#, "tree"),
        (r#"{"allow":["dpv:Purpose"],"denied":[]}"#, "denied"),
    ] {
        let named = match PurposeTree::configure(json) {
            Err(ConfigError::Missing(named) | ConfigError::Invalid((named, _))) => named,
            Ok(_) => panic!("accepted: {json}"),
        };
        assert_eq!(named, setting, "{json}");
    }
}
