//! What the documents claim to be shown by a test is shown by one that exists.

#![expect(clippy::unwrap_used, reason = "a document that cannot be read should fail loudly")]

use std::{fs, path::Path};

/// A row of the table: its score, and the file and function of the test that shows it.
struct Claim {
    score: u32,
    shown_by: Vec<String>,
}

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn claims(page: &str) -> Vec<Claim> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.map(|row| row.split(" | ").collect::<Vec<_>>());
    let numbered = rows.filter(|it| it[0].parse::<u32>().is_ok());
    let claim = |row: Vec<&str>| {
        let codes = row[4..].join(" ");
        let shown_by = codes.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        Claim { score: row[2].parse().unwrap(), shown_by }
    };
    numbered.map(claim).collect()
}

#[test]
fn every_guideline_has_its_score_and_every_three_its_test() {
    let page = fs::read_to_string(root().join("docs/privacy-by-design.md")).unwrap();
    let claims = claims(&page);
    assert_eq!(claims.len(), 30);
    let sum: u32 = claims.iter().map(|it| it.score).sum();
    assert!(page.contains(&format!("Sum: **{sum} of 90**")), "the sum is {sum}");
    for (claim, number) in claims.iter().zip(1..) {
        assert!(claim.score <= 3 && (claim.score < 3 || !claim.shown_by.is_empty()), "{number}");
        exists(&claim.shown_by, number);
    }
}

/// A file, and the names of tests in it.
fn exists(shown_by: &[String], number: u32) {
    let Some((file, names)) = shown_by.split_first() else { return };
    let text = fs::read_to_string(root().join(file)).unwrap_or_default();
    assert!(!names.is_empty(), "{number}: {file} and no test");
    for name in names {
        assert!(text.contains(&format!("fn {name}(")), "{number}: no test `{name}` in {file}");
    }
}
