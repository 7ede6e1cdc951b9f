//! Buckets: of a number only the range leaves that it falls into.

/// The most edges.
const EDGES_MAX: usize = 64;

/// Whether these can be edges.
pub fn rise(edges: &[f64]) -> bool {
    let rise = edges.windows(2).all(|it| it[0] < it[1]);
    (1..=EDGES_MAX).contains(&edges.len()) && rise && edges.iter().all(|it| it.is_finite())
}

/// What leaves: `<60`, `60..<100`, `>=100`. A text, so that nobody takes an edge for a measurement.
pub fn label(edges: &[f64], number: f64) -> String {
    let above = edges.partition_point(|it| *it <= number);
    let below = above.checked_sub(1).and_then(|it| edges.get(it));
    match (below, edges.get(above)) {
        (None, Some(to)) => format!("<{to}"),
        (Some(from), Some(to)) => format!("{from}..<{to}"),
        (Some(from), None) => format!(">={from}"),
        (None, None) => String::new(),
    }
}

/// All that can leave.
pub fn labels(edges: &[f64]) -> Vec<String> {
    let least = edges.first().map(|it| label(edges, it.next_down()));
    least.into_iter().chain(edges.iter().map(|it| label(edges, *it))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leaves_as_the_bucket_that_it_falls_into() {
        let edges = [60.0, 100.0, 140.5];
        let labels = [-1e300, 59.9, 60.0, 99.999, 100.0, 140.5, 1e300].map(|it| label(&edges, it));
        let all = ["<60", "<60", "60..<100", "60..<100", "100..<140.5", ">=140.5", ">=140.5"];
        assert_eq!(labels, all);
        assert_eq!(super::labels(&edges), ["<60", "60..<100", "100..<140.5", ">=140.5"]);
    }

    #[test]
    fn edges_rise() {
        assert!(rise(&[0.0]) && rise(&[-1.0, 0.5]));
        for broken in [&[][..], &[1.0, 1.0], &[2.0, 1.0], &[f64::NAN], &[f64::INFINITY]] {
            assert!(!rise(broken), "{broken:?}");
        }
        assert!(!rise(&(0..65).map(f64::from).collect::<Vec<_>>()));
    }
}
