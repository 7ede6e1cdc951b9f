//! Draws how a number changed, with boxes that are cut to shape by style alone.
//!
//! # Promises
//!
//! - It shows in Tor Browser's safest mode. That mode draws no SVG, and would spill an SVG's texts into the page.
//! - Time without values is a gap, not a line.
//! - Who cannot see it is told its range.
//! - Whatever the numbers are, it stays small: at most [`POINTS_MAX`] and one points.

use super::words::{decimal, number, utc};
use crate::html::escape;
use std::ops::RangeInclusive;

/// How many points a chart is made for.
pub(super) const POINTS_MAX: usize = 288;

/// Up to this many points are also shown one by one.
const DOTS_MAX: usize = 24;
/// The size at which the line has its full width, in CSS pixels. On a narrow screen steep parts are a little thinner.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 120.0;
const LINE_HALF: f64 = 0.9;
/// What stays free above and below, so that a line at the edge is not cut: per cent of the height.
const MARGIN: f64 = 4.0;

/// One number over time.
pub(super) struct Chart<'a> {
    /// What is shown, for people.
    pub(super) title: &'a str,
    /// Its unit, for people; may be empty.
    pub(super) unit: &'a str,
    /// Milliseconds since 1970 and value, by time.
    pub(super) points: &'a [(i64, f64)],
    /// What the chart covers: milliseconds since 1970.
    pub(super) span_ms: RangeInclusive<i64>,
}

/// A place on the chart: per cent from the left and from the top.
type Place = (f64, f64);

impl Chart<'_> {
    /// The chart as an HTML `figure`, or a sentence in its place.
    pub(super) fn render(&self) -> String {
        let Some(scale) = Scale::of(self.points) else {
            return "<p class=\"quiet\">No numbers in the last 24 hours.</p>\n".to_owned();
        };
        let runs = self.runs().map(|run| self.draw(run, &scale)).collect::<String>();
        let range = self.range();
        format!(
            "<figure>\n<div class=\"plot\" role=\"img\" aria-label=\"{}, last 24 hours: {range}\">\n{}{runs}</div>\n\
             <div class=\"hours\" aria-hidden=\"true\"><span>24 h ago</span><span>18 h</span><span>12 h</span>\
             <span>6 h</span><span>now</span></div>\n<figcaption class=\"quiet\">{range}</figcaption>\n</figure>\n",
            escape(self.title),
            scale.grid(),
        )
    }

    fn range(&self) -> String {
        let values = self.points.iter().map(|(_, value)| *value);
        let low = values.clone().reduce(f64::min).map(number).unwrap_or_default();
        let high = values.reduce(f64::max).map(number).unwrap_or_default();
        let range = if low == high { low } else { format!("{low} to {high}") };
        escape(format!("{range} {}", self.unit).trim_end())
    }

    /// The points without the gaps. A gap is longer than three times the usual distance, and than what thinning makes.
    fn runs(&self) -> impl Iterator<Item = &[(i64, f64)]> {
        let mut distances = self
            .points
            .windows(2)
            .map(|pair| pair[1].0.saturating_sub(pair[0].0))
            .collect::<Vec<_>>();
        distances.sort_unstable();
        let usual_ms = distances.get(distances.len() / 2).copied().unwrap_or_default();
        let thinned_ms =
            self.span_ms().saturating_mul(4) / i64::try_from(POINTS_MAX).unwrap_or(i64::MAX);
        let gap_ms = usual_ms.saturating_mul(3).max(thinned_ms);
        self.points.chunk_by(move |left, right| right.0.saturating_sub(left.0) <= gap_ms)
    }

    fn draw(&self, run: &[(i64, f64)], scale: &Scale) -> String {
        let place = |point: &(i64, f64)| (self.left(point.0), scale.top(point.1));
        let few = run.len() == 1 || self.points.len() <= DOTS_MAX;
        let dots = run
            .iter()
            .filter(|_| few)
            .map(|point| self.dot(*point, place(point)))
            .collect::<String>();
        if run.len() == 1 {
            return dots;
        }
        let places = without_plateaus(run).map(place).collect::<Vec<_>>();
        format!(
            "<div class=\"area\" style=\"clip-path:polygon({})\"></div>\n\
             <div class=\"line\" style=\"clip-path:polygon({})\"></div>\n{dots}",
            area(&places),
            line(&places),
        )
    }

    fn dot(&self, (at_ms, value): (i64, f64), (left, top): Place) -> String {
        let title = format!("{} {}, {}", number(value), self.unit, utc(at_ms)).replace(" ,", ",");
        format!(
            "<i class=\"dot\" style=\"left:{left:.2}%;top:{top:.1}%\" title=\"{}\"></i>\n",
            escape(&title)
        )
    }

    fn left(&self, at_ms: i64) -> f64 {
        to_f64(at_ms.saturating_sub(*self.span_ms.start())) / to_f64(self.span_ms()) * 100.0
    }

    fn span_ms(&self) -> i64 {
        self.span_ms.end().saturating_sub(*self.span_ms.start()).max(1)
    }
}

/// Which values the plot covers: from the lowest line of its grid to the highest.
struct Scale {
    low: f64,
    step: f64,
    steps: u8,
}

impl Scale {
    /// None if there are no points, or none that can be drawn.
    fn of(points: &[(i64, f64)]) -> Option<Self> {
        let values = points.iter().map(|(_, value)| *value);
        let (min, max) = (values.clone().reduce(f64::min)?, values.reduce(f64::max)?);
        // A number that never changed gets a line in the middle.
        let spread = match max - min {
            0.0 if max == 0.0 => 1.0,
            0.0 => max.abs() / 10.0,
            spread => spread,
        };
        let step = round_step(spread / 3.0);
        let (first, last) = ((min / step).floor(), (max / step).ceil());
        let (first, last) = if first < last { (first, last) } else { (first - 1.0, last + 1.0) };
        let (low, steps) = (first * step, last - first);
        let drawable =
            step.is_normal() && low + step > low && (last * step).is_finite() && steps < 10.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be in 1..10"
        )]
        drawable.then_some(Self { low, step, steps: steps as u8 })
    }

    fn top(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.step * f64::from(self.steps));
        MARGIN + (100.0 - 2.0 * MARGIN) * (1.0 - share.clamp(0.0, 1.0))
    }

    fn grid(&self) -> String {
        let highest = self.low.abs().max((self.low + self.step * f64::from(self.steps)).abs());
        let (divisor, suffix) = match highest {
            1e9.. => (1.0, ""),
            1e6.. => (1e6, " M"),
            1e4.. => (1e3, " k"),
            _ => (1.0, ""),
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0..=9"
        )]
        let decimals = (-(self.step / divisor).log10().floor()).clamp(0.0, 9.0) as usize;
        let tick = |number: u8| {
            let value = self.low + self.step * f64::from(number);
            let (top, text) = (self.top(value), decimal(value / divisor, decimals));
            format!(
                "<div class=\"tick\" style=\"top:{top:.1}%\"><span>{text}{suffix}</span></div>\n"
            )
        };
        (0..=self.steps).map(tick).collect()
    }
}

/// The next of 1, 2, 5 times a power of ten.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0]
        .map(|digit| digit * power)
        .into_iter()
        .find(|round| *round >= step)
        .unwrap_or(10.0 * power)
}

/// Drops what lies between two equal neighbours: values in steps have long plateaus.
fn without_plateaus(run: &[(i64, f64)]) -> impl Iterator<Item = &(i64, f64)> {
    run.iter().enumerate().filter_map(|(place, point)| {
        let before = place.checked_sub(1).and_then(|before| run.get(before));
        let between = before
            .zip(run.get(place + 1))
            .is_some_and(|(before, after)| before.1 == point.1 && point.1 == after.1);
        if between { None } else { Some(point) }
    })
}

/// The polygon below a line.
fn area(places: &[Place]) -> String {
    let ends = [places.last(), places.first()];
    let floor = ends.into_iter().flatten().map(|(left, _)| (*left, 100.0));
    polygon(places.iter().copied().chain(floor))
}

/// The polygon that is a line: each piece a strip, along one side forth and along the other back.
fn line(places: &[Place]) -> String {
    let strips = places.windows(2).filter_map(|pair| {
        let ((x1, y1), (x2, y2)) = (pair[0], pair[1]);
        let (right, down) = ((x2 - x1) / 100.0 * WIDTH, (y2 - y1) / 100.0 * HEIGHT);
        let length = right.hypot(down);
        let (x, y) = (
            down / length * LINE_HALF / WIDTH * 100.0,
            -right / length * LINE_HALF / HEIGHT * 100.0,
        );
        (length > 0.0)
            .then_some([((x1 + x, y1 + y), (x1 - x, y1 - y)), ((x2 + x, y2 + y), (x2 - x, y2 - y))])
    });
    let (forth, back): (Vec<Place>, Vec<Place>) = strips.flatten().unzip();
    polygon(forth.into_iter().chain(back.into_iter().rev()))
}

fn polygon(corners: impl Iterator<Item = Place>) -> String {
    corners.map(|(left, top)| format!("{left:.2}% {top:.1}%")).collect::<Vec<_>>().join(",")
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a rounding of less than a millisecond in a day is not seen"
)]
fn to_f64(duration_ms: i64) -> f64 {
    duration_ms as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60_000;
    const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

    fn chart(points: &[(i64, f64)]) -> String {
        Chart { title: "Heart rate", unit: "bpm", points, span_ms: 0..=DAY_MS }.render()
    }

    fn every(minutes: i64, count: i64) -> Vec<(i64, f64)> {
        (0..count)
            .map(|number| (number * minutes * MINUTE_MS, if number % 2 == 0 { 60.0 } else { 75.0 }))
            .collect()
    }

    fn ticks(values: &[f64]) -> Vec<String> {
        let points = values.iter().map(|value| (0, *value)).collect::<Vec<_>>();
        let html = chart(&points);
        let ticks =
            html.split("class=\"tick\"").skip(1).filter_map(|part| part.split(['<', '>']).nth(3));
        ticks.map(str::to_owned).collect()
    }

    #[test]
    fn a_line_needs_nothing_that_the_safest_browser_refuses() {
        let html = chart(&every(5, 288));
        assert!(html.contains("class=\"line\" style=\"clip-path:polygon("));
        ["<svg", "<img", "<script", "<canvas", "url("]
            .iter()
            .for_each(|part| assert!(!html.contains(part), "{part}"));
    }

    #[test]
    fn who_cannot_see_it_is_told_its_range() {
        let html = chart(&every(5, 10));
        assert!(
            html.contains(r#"role="img" aria-label="Heart rate, last 24 hours: 60 to 75 bpm""#),
            "{html}"
        );
        assert!(chart(&[(0, 60.0), (9, 60.0)]).contains(": 60 bpm\""));
    }

    #[test]
    fn time_without_values_is_a_gap() {
        let lines = |points: &[(i64, f64)]| chart(points).matches("class=\"line\"").count();
        let mut points = every(20, 72);
        assert_eq!(lines(&points), 1);
        points.drain(30..32);
        assert_eq!(lines(&points), 1, "three distances are not yet a gap");
        points.drain(30..31);
        assert_eq!(lines(&points), 2);
    }

    #[test]
    fn what_thinning_leaves_out_is_not_a_gap() {
        // Of each ten minutes the first two, then the last two.
        let near_edges =
            (0..72).flat_map(|number| [0, 1, 18, 19].map(|minute| number * 20 + minute));
        let points = near_edges.map(|minute| (minute * MINUTE_MS, 60.0)).collect::<Vec<_>>();
        assert_eq!(chart(&points).matches("class=\"line\"").count(), 1);
    }

    #[test]
    fn few_points_and_lone_ones_are_dots() {
        let dots = |points: &[(i64, f64)]| chart(points).matches("class=\"dot\"").count();
        assert_eq!(dots(&every(60, 20)), 20);
        assert_eq!(dots(&every(5, 100)), 0);
        let mut lone = every(5, 100);
        lone.push((DAY_MS, 70.0));
        assert_eq!(dots(&lone), 1);
        assert!(chart(&lone).contains(r#"left:100.00%;top:"#));
        assert!(chart(&lone).contains(r#"title="70 bpm, 1970-01-02 00:00:00 UTC""#));
    }

    #[test]
    fn the_grid_is_round_and_holds_every_value() {
        assert_eq!(ticks(&[60.0, 105.0]), ["60", "80", "100", "120"]);
        assert_eq!(ticks(&[36.5, 36.7]), ["36.5", "36.6", "36.7"]);
        assert_eq!(ticks(&[48.0]), ["46", "48", "50"]);
        assert_eq!(ticks(&[0.0]), ["−0.5", "0", "0.5"]);
        assert_eq!(ticks(&[-3.0, 4.0]), ["−5", "0", "5"]);
        assert_eq!(ticks(&[1_234_567.5]), ["1.2 M", "1.25 M"]);
        assert_eq!(ticks(&[0.0, 30_000.0]), ["0 k", "10 k", "20 k", "30 k"]);
    }

    #[test]
    fn the_highest_value_is_on_top() {
        let scale = Scale::of(&[(0, 60.0), (1, 120.0)]).unwrap();
        assert_eq!((scale.top(120.0), scale.top(60.0)), (MARGIN, 100.0 - MARGIN));
    }

    #[test]
    fn a_line_has_its_width_in_every_direction() {
        assert_eq!(
            line(&[(0.0, 50.0), (100.0, 50.0)]),
            "0.00% 49.2%,100.00% 49.2%,100.00% 50.8%,0.00% 50.8%"
        );
        assert_eq!(
            line(&[(50.0, 0.0), (50.0, 100.0)]),
            "50.15% 0.0%,50.15% 100.0%,49.85% 100.0%,49.85% 0.0%"
        );
        assert_eq!(line(&[(1.0, 1.0), (1.0, 1.0)]), "");
    }

    #[test]
    fn a_plateau_is_two_points() {
        let run = [(0, 1.0), (1, 2.0), (2, 2.0), (3, 2.0), (4, 2.0), (5, 1.0)];
        let kept = without_plateaus(&run).map(|(at_ms, _)| *at_ms).collect::<Vec<_>>();
        assert_eq!(kept, [0, 1, 4, 5]);
    }

    #[test]
    fn numbers_that_cannot_be_drawn_break_nothing() {
        for values in [
            vec![],
            vec![f64::MAX, f64::MIN],
            vec![f64::MAX],
            vec![5e-324, 1e-323],
            vec![1e16, 1e16 + 2.0],
        ] {
            let points = values.iter().map(|value| (0, *value)).collect::<Vec<_>>();
            let html = chart(&points);
            assert!(!html.contains("NaN") && !html.contains("inf"), "{values:?}: {html}");
        }
        assert!(chart(&[]).contains("No numbers in the last 24 hours"));
    }

    #[test]
    fn a_full_chart_stays_small() {
        let points = (0..=288).map(|number| {
            (number * 5 * MINUTE_MS, f64::from(u16::try_from(number * 37 % 101).unwrap()))
        });
        let html = chart(&points.collect::<Vec<_>>());
        assert!(html.len() < 24_000, "{}", html.len());
    }
}
