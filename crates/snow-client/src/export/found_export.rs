//! What a target contains before an export begins there.

use super::checkpoint::Checkpoint;
use super::file_names::POSITION;
use super::question::ExportQuestion;
use super::report::ExportReport;
use super::target::{ExportTarget, TargetEntry, sizes};
use snow_core::{Error, ErrorKind};

/// What an export finds in its place.
pub(super) enum FoundExport {
    /// Nothing: it begins.
    Nothing,
    /// An export of the same question that is not finished.
    Unfinished(Box<Checkpoint>),
    /// One that is complete.
    Complete(Box<ExportReport>),
}

/// Finds out what an export of this question may do in a place.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] for a place that contains something else, or an export that may not be resumed. [`ErrorKind::Io`] if a
/// finished file is missing, or has another size.
pub(super) async fn look(
    target: &dyn ExportTarget,
    question: &ExportQuestion,
    resumes: bool,
) -> Result<FoundExport, Error> {
    let (entries, location) = (target.list().await?, target.location());
    if let Some(report) = ExportReport::load(target).await? {
        if !resumes {
            return Err(refused(format!(
                "{location} contains a complete export: export into another place (or set resume(true), and an export of the same \
                 records returns its report)"
            )));
        }
        question.expect_same(&report.question, &location)?;
        let sizes = sizes(&entries);
        report.files.iter().try_for_each(|file| file.expect_in(&sizes, &location))?;
        target.remove(POSITION).await?;
        return Ok(FoundExport::Complete(Box::new(report)));
    }
    let found = Checkpoint::load(target, &entries).await?;
    if found.is_some() && !resumes {
        return Err(refused(format!(
            "{location} contains an export that is not finished: set resume(true) to continue it, or export into another place"
        )));
    }
    if let Some(found) = &found {
        question.expect_same(&found.question, &location)?;
    }
    expect_nothing_else(&entries, found.as_ref(), &location)?;
    Ok(found.map_or(FoundExport::Nothing, |found| FoundExport::Unfinished(Box::new(found))))
}

fn expect_nothing_else(
    entries: &[TargetEntry],
    found: Option<&Checkpoint>,
    location: &str,
) -> Result<(), Error> {
    let is_known = |name: &str| found.is_some_and(|found| name == POSITION || found.has_file(name));
    match entries.iter().find(|entry| !is_known(&entry.name)) {
        Some(other) => Err(refused(format!(
            "{location} contains {:?}, which is not a file of this export: export into an empty or a new place",
            other.name
        ))),
        None => Ok(()),
    }
}

fn refused(why: String) -> Error {
    Error::new(ErrorKind::InvalidInput, why).before_sending()
}
