//! `snow export`: a table as files, complete or to be continued.

use crate::arguments::{ExportOptions, FileFormat};
use crate::failure::Failure;
use crate::interrupt::{Signal, Signals};
use crate::output::Output;
use crate::parquet;
use crate::progress::Progress;
use crate::stored_schemas::StoredSchemas;
use snow_client::export::{Csv, Export, ExportDirectory, ExportReport, Ndjson};
use snow_client::table::ListRecords;
use snow_client::{Client, Error, ErrorKind, Query};
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

/// The library's names of the file that says what is complete, and of the one that says how far it is.
const MANIFEST: &str = "_manifest.json";
const POSITION: &str = "_position.json";

pub(crate) async fn run(client: &Client, options: &ExportOptions) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen()
        .map_err(|why| Failure::Other(format!("the process cannot listen for Ctrl-C: {why}")))?;
    let folder = options.out.clone().unwrap_or_else(|| PathBuf::from(&options.table));
    refuse_what_is_there(&folder, options.resume)?;
    let list = list(client, options)?;
    let export = tokio::select! {
        export = export(client, options, list, &folder) => export?,
        signal = signals.next() => {
            return Err(Failure::Interrupted(signal, "stopped before anything was exported".into()));
        }
    };
    let progress = Arc::new(Mutex::new(Progress::new()));
    let shown = progress.clone();
    let export = export.on_progress(move |now| {
        shown.lock().unwrap_or_else(PoisonError::into_inner).show(&now);
    });
    let done = until_stopped(export, &mut signals).await;
    progress.lock().unwrap_or_else(PoisonError::into_inner).clear();
    tell(done?, &folder)
}

/// An export that is there is continued only if that is wanted. The library refuses everything else.
fn refuse_what_is_there(folder: &Path, resume: bool) -> Result<(), Failure> {
    let has = |name: &str| !resume && folder.join(name).exists();
    let refused = |why: &str| Err(Failure::Usage(format!("{} {why}", folder.display())));
    if has(MANIFEST) {
        return refused("contains a complete export: choose another folder with --out");
    }
    if has(POSITION) {
        return refused(
            "contains an export that is not finished: --resume goes on with it, --out chooses another folder",
        );
    }
    Ok(())
}

fn list(client: &Client, options: &ExportOptions) -> Result<ListRecords, Error> {
    let list = client.table(&options.table).list();
    let list = match &options.query {
        Some(query) => list.query(Query::parse(query)?),
        None => list,
    };
    Ok(match &options.fields {
        Some(fields) => list.fields(fields),
        None => list,
    })
}

async fn export(
    client: &Client,
    options: &ExportOptions,
    list: ListRecords,
    folder: &Path,
) -> Result<Export, Failure> {
    let target = ExportDirectory::new(folder);
    let export = match options.to {
        FileFormat::Ndjson => list.export(Ndjson::new(), target),
        FileFormat::Csv => {
            let list = with_columns(client, options, list).await?;
            list.export(Csv::new().empty_if_missing(options.allow_missing), target)
        }
        FileFormat::Parquet => parquet::export(client, options, list, target).await?,
    };
    let export = match options.page_size {
        Some(records) => export.page_size(records),
        None => export,
    };
    Ok(export.resume(options.resume).parallel(options.parallel).allow_drift(options.allow_drift))
}

/// Names all columns of the table, unless fields are named: the format needs to know them.
async fn with_columns(
    client: &Client,
    options: &ExportOptions,
    list: ListRecords,
) -> Result<ListRecords, Failure> {
    if options.fields.is_some() {
        return Ok(list);
    }
    let stored = StoredSchemas::read(&options.schema)?;
    let table = stored.table(client, &options.table).await.map_err(Failure::of_dictionary)?;
    Ok(list.fields(table.columns().iter().map(|column| &column.name)))
}

/// What became of an export, and what asked for its end.
type Done = (Result<ExportReport, Error>, Option<Signal>);

/// Runs an export to its end. The first signal ends it with the records that have arrived, the second one at once.
///
/// # Errors
///
/// Fails if a second signal came.
async fn until_stopped(export: Export, signals: &mut Signals) -> Result<Done, Failure> {
    let stop = export.stop_handle();
    let mut export = pin!(export.into_future());
    let signal = tokio::select! {
        done = &mut export => return Ok((done, None)),
        signal = signals.next() => signal,
    };
    eprintln!("snow: stopping after the records that have arrived; Ctrl-C again stops at once");
    stop.stop();
    tokio::select! {
        done = &mut export => Ok((done, Some(signal))),
        signal = signals.next() => Err(Failure::Interrupted(signal, "stopped; --resume goes on after the last finished file".into())),
    }
}

fn tell((outcome, signal): Done, folder: &Path) -> Result<ExitCode, Failure> {
    let report = outcome.map_err(|error| hinted(error, folder))?;
    let records = report.received;
    if report.complete {
        return complete(&report, folder);
    }
    match signal {
        Some(signal) => {
            let why = format!(
                "stopped after {records} records, which are in {}; --resume goes on",
                folder.display()
            );
            Err(Failure::Interrupted(signal, why))
        }
        None => Err(Failure::Client(Error::new(ErrorKind::Incomplete, "the export is not complete"))),
    }
}

/// Adds what can be done about an error with this command.
fn hinted(error: Error, folder: &Path) -> Failure {
    // The library names its own settings, which have these options.
    let names = |setting: &str| error.to_string().contains(setting);
    match error.kind() {
        ErrorKind::InvalidInput | ErrorKind::Incomplete if names("set allow_drift(true)") => {
            Failure::Hinted(error, "--allow-drift allows it")
        }
        ErrorKind::InvalidInput => Failure::Client(error),
        // Such a record is still there when the export is resumed, and with other settings it cannot be resumed.
        ErrorKind::Decode if names("empty_if_missing") || names("Missing::Null") => Failure::Hinted(
            error,
            "--allow-missing leaves such values empty; it needs a new folder: choose one with --out",
        ),
        ErrorKind::Decode if names("Invalid::Null") => Failure::Hinted(
            error,
            "--fields can leave the field out; it needs a new folder: choose one with --out",
        ),
        _ if folder.join(POSITION).exists() => {
            Failure::Hinted(error, "--resume goes on after the last finished file")
        }
        _ => Failure::Client(error),
    }
}

/// Prints the files, and says how many records are in them.
fn complete(report: &ExportReport, folder: &Path) -> Result<ExitCode, Failure> {
    for (name, count) in &report.counts {
        eprintln!("snow: {name}: {count}");
    }
    if let Some(hidden @ 1..) = report.hidden() {
        eprintln!(
            "snow: {hidden} more records match, which this user may not read or which were deleted meanwhile"
        );
    }
    if report.may_have_drifted {
        eprintln!("snow: records may have been missed or repeated, because they were read by position");
    }
    eprintln!("snow: {} records in {} files in {}", report.received, report.files.len(), folder.display());
    let files: String =
        report.files.iter().map(|file| format!("{}\n", folder.join(&file.name).display())).collect();
    Output::new().write_all(files.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
