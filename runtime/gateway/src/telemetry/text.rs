//! The text exposition format 0.0.4: families with a type, and rows of labels and a number.

use std::{fmt::Write, time::Duration};

/// What a family's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Only grows, until a restart.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many are not above each of some bounds.
    Histogram,
}

/// A page that is being written.
#[derive(Debug, Default)]
pub struct Text {
    text: String,
    family: &'static str,
}

impl Text {
    /// Begins a family; rows that follow belong to it.
    pub fn family(&mut self, name: &'static str, of: Type, help: &'static str) -> &mut Self {
        let of = match of {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
        };
        self.family = name;
        self.line(&format!("# HELP {name} {help}"));
        self.line(&format!("# TYPE {name} {of}"));
        self
    }

    /// One number.
    pub fn row(&mut self, labels: &[(&str, &str)], number: u64) {
        self.any(labels, &number);
    }

    /// One number that need not be whole.
    pub fn number(&mut self, labels: &[(&str, &str)], number: f64) {
        self.any(labels, &number);
    }

    /// One number of seconds.
    pub fn seconds(&mut self, labels: &[(&str, &str)], time: Duration) {
        self.any(labels, &time.as_secs_f64());
    }

    /// How many seconds something took each time: `below` counts, for each bound, what was not above it.
    pub fn histogram(
        &mut self,
        (name, value): (&str, &str),
        below: impl Iterator<Item = (f64, u64)>,
        (count, sum): (u64, Duration),
    ) {
        for (bound, below) in below {
            self.line_of("_bucket", &[(name, value), ("le", &bound.to_string())], &below);
        }
        self.line_of("_bucket", &[(name, value), ("le", "+Inf")], &count);
        self.line_of("_sum", &[(name, value)], &sum.as_secs_f64());
        self.line_of("_count", &[(name, value)], &count);
    }

    /// The page.
    pub fn finish(self) -> String {
        self.text
    }

    fn any(&mut self, labels: &[(&str, &str)], number: &dyn std::fmt::Display) {
        self.line_of("", labels, number);
    }

    fn line_of(&mut self, suffix: &str, labels: &[(&str, &str)], number: &dyn std::fmt::Display) {
        let labels: Vec<_> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = labels.join(",");
        let braces = if labels.is_empty() { labels } else { format!("{{{labels}}}") };
        self.line(&format!("{}{suffix}{braces} {number}", self.family));
    }

    fn line(&mut self, line: &str) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.text, "{line}");
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_reads_as_the_format_says() {
        let mut text = Text::default();
        text.family("a_total", Type::Counter, "What it is.").row(&[], 7);
        text.row(&[("plugin", "x"), ("why", "a \"b\" \\ c\nd")], 1);
        text.family("b", Type::Gauge, "Time.").seconds(&[], Duration::from_millis(1500));
        let what = ("until", "x");
        text.family("c", Type::Histogram, "How long.").histogram(
            what,
            [(0.5, 1), (1.0, 2)].into_iter(),
            (3, Duration::from_secs(9)),
        );
        let expected = "# HELP a_total What it is.\n# TYPE a_total counter\na_total 7\n\
                        a_total{plugin=\"x\",why=\"a \\\"b\\\" \\\\ c\\nd\"} 1\n\
                        # HELP b Time.\n# TYPE b gauge\nb 1.5\n\
                        # HELP c How long.\n# TYPE c histogram\n\
                        c_bucket{until=\"x\",le=\"0.5\"} 1\nc_bucket{until=\"x\",le=\"1\"} 2\n\
                        c_bucket{until=\"x\",le=\"+Inf\"} 3\nc_sum{until=\"x\"} 9\nc_count{until=\"x\"} 3\n";
        assert_eq!(text.finish(), expected);
    }
}
