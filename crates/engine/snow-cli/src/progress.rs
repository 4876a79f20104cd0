//! How far an export is, on the error output: a bar on a terminal, and a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use snow_client::export::ExportProgress;
use std::io::{self, IsTerminal};

/// Between two lines there are at least so many records.
const STEP: u64 = 10_000;

pub(crate) enum Progress {
    Bar(ProgressBar),
    /// The number of records at which the next line is due.
    Lines(u64),
}

impl Progress {
    /// Chooses what the error output can show.
    pub(crate) fn new() -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
        if is_dumb || !io::stderr().is_terminal() {
            return Self::Lines(STEP);
        }
        let style =
            ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} records, {msg}, {eta} left");
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        Self::Bar(match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    /// Shows how many records are written, of how many if that is known, and how many a second.
    pub(crate) fn show(&mut self, now: &ExportProgress) {
        let (records, expected) = (now.received, now.expected);
        match self {
            Self::Bar(bar) => {
                if let Some(expected) = expected {
                    bar.set_length(expected.max(records));
                }
                bar.set_message(format!("{:.0} a second", now.records_per_second()));
                bar.set_position(records);
            }
            Self::Lines(next) if records >= *next => {
                let step = expected.map_or(STEP, |expected| STEP.max(expected / 10));
                *next = records.saturating_add(step);
                eprintln!("snow: {}", line(records, expected));
            }
            Self::Lines(_) => {}
        }
    }

    /// Takes the bar away, before something else is written.
    pub(crate) fn clear(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn line(records: u64, expected: Option<u64>) -> String {
    match expected {
        Some(expected) => format!("{records} of {expected} records"),
        None => format!("{records} records"),
    }
}
