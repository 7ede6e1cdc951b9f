//! `report` and `diagram`: pictures of what left and of where it goes.

use super::{Failure, look, open, out};
use crate::{
    home::Home,
    message::Millis,
    report::{DAYS_MAX, Question, Report, flow},
    store::daily,
};
use clap::Args;
use std::path::PathBuf;

/// What the report is about.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Whose devices; everybody's if left out.
    #[arg(long)]
    subject: Option<String>,
    /// How many days, today included: 1 for a day, 7 for a week, 92 at most.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=i64::from(DAYS_MAX)))]
    days: u16,
    /// The page to write.
    #[arg(long, default_value = "report.html")]
    out: PathBuf,
}

/// Where the picture goes.
#[derive(Debug, Args)]
pub(super) struct DiagramArgs {
    /// The picture to write.
    #[arg(long, default_value = "diagram.svg")]
    out: PathBuf,
}

pub(super) fn report(home: &Home, args: ReportArgs) -> Result<(), Failure> {
    let (config, keys) = open(home)?;
    if let Some(subject) = &args.subject
        && !config.devices.iter().any(|it| it.subjects.contains(subject))
    {
        return Err(Failure::fix(format!("no device here is of a subject `{subject}`")));
    }
    let store = look(home)?;
    let today = daily::day(Millis::now());
    let question = Question { subject: args.subject, today, days: args.days };
    let mut report = Report::load(&config, store.as_ref(), question).map_err(Failure::failed)?;
    if let Some(store) = &store {
        report = report.measured(&config, (store, &keys)).map_err(Failure::failed)?;
    }
    out::write(&args.out, &report.html(&config))
}

pub(super) fn diagram(home: &Home, args: DiagramArgs) -> Result<(), Failure> {
    let (config, _) = open(home)?;
    out::write(&args.out, &flow::draw(&config, |_| true))
}
