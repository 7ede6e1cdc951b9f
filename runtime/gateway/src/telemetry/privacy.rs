//! Privacy in figures, by recipient.

use super::text::{Text, Type};
use crate::{intake::Intake, message::Millis};

/// All of them. What cannot be read now is not there now.
pub(super) fn render(text: &mut Text, intake: &Intake) {
    epsilon(text, intake);
}

fn epsilon(text: &mut Text, intake: &Intake) {
    let all = intake.epsilon(Millis::now()).unwrap_or_default();
    let what = "Epsilon of noise that was spent in the periods that run now.";
    text.family("hushgate_epsilon_spent", Type::Gauge, what);
    for (recipient, epsilon) in &all {
        text.number(&[("recipient", recipient)], epsilon.spent as f64 / 1e6);
    }
    let what = "Epsilon of noise that may still be spent in these periods.";
    text.family("hushgate_epsilon_left", Type::Gauge, what);
    for (recipient, epsilon) in &all {
        text.number(&[("recipient", recipient)], epsilon.left as f64 / 1e6);
    }
}
