//! A file comes in: `POST …/attachment/file` as it is, `POST …/attachment/upload` in a form whose last part it is (facts 5).

use super::super::Call;
use super::super::table::{access::Access, denied, invalid_table, no_record, write_lie};
use super::{metadata, parent_table};
use crate::Guess;
use crate::data::{Author, File, NewFile, parse_stamp};
use crate::response::SimResponse;
use crate::state::State;
use crate::upload::Upload;
use http::StatusCode;

/// What has to be known of a file.
struct NewFileFields<'a> {
    table_name: &'a str,
    table_sys_id: &'a str,
    file_name: &'a str,
    content_type: &'a str,
    created: Option<&'a str>,
}

pub(super) fn file(state: &mut State, call: &Call<'_>) -> SimResponse {
    let Some(upload) = call.upload else { return missing("the file") };
    let param = |name: &str| call.param(name).unwrap_or_default();
    let wanted = NewFileFields {
        table_name: param("table_name"),
        table_sys_id: param("table_sys_id"),
        file_name: param("file_name"),
        content_type: &upload.content_type,
        created: call.param("creation_time").filter(|time| parse_stamp(time).is_some()),
    };
    store(state, call, upload, &wanted)
}

pub(super) fn form(state: &mut State, call: &Call<'_>) -> SimResponse {
    let Some(upload) = call.upload else { return missing("the file") };
    let Some(form) = &upload.form else {
        let detail = "The body has to be multipart/form-data with a boundary";
        return SimResponse::media_type_not_supported(detail);
    };
    let Some(part) = form.file.as_ref().filter(|_| form.is_whole()) else { return missing("the file") };
    let field =
        |name: &str| form.fields.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value);
    let wanted = NewFileFields {
        table_name: field("table_name"),
        table_sys_id: field("table_sys_id"),
        file_name: &part.name,
        content_type: &part.content_type,
        created: None,
    };
    store(state, call, upload, &wanted)
}

fn store(state: &mut State, call: &Call<'_>, upload: &Upload, wanted: &NewFileFields<'_>) -> SimResponse {
    if let Err(refusal) = check(state, call, upload, wanted) {
        return *refusal;
    }
    let Some(table) = state.database.dictionary.table("sys_attachment") else { return no_record() };
    let (stamp, scan) = (state.clock.stamp(), state.settings.attachment_scan);
    let new = NewFile {
        table_name: wanted.table_name,
        table_sys_id: wanted.table_sys_id,
        file_name: wanted.file_name,
        content_type: wanted.content_type,
        size: upload.size,
        hash: &upload.hash,
        file: upload.bytes.clone().map_or(File::Forgotten, File::Kept),
        scanned: (!scan.is_zero()).then(|| state.clock.now().saturating_add(scan)),
    };
    let id = state.database.attach(new, Author::new(&call.user.name, &stamp), wanted.created);
    if let Some(lie) = write_lie(state, "Insert") {
        return lie;
    }
    let Some(row) = state.database.row(table, &id) else { return no_record() };
    let location = format!("{}{}/attachment/{id}/file", call.origin, call.base);
    SimResponse::result(StatusCode::CREATED, &metadata::of(state, call, table, row))
        .with("location", &location)
}

fn check(
    state: &State,
    call: &Call<'_>,
    upload: &Upload,
    wanted: &NewFileFields<'_>,
) -> Result<(), Box<SimResponse>> {
    let given = [
        ("table_name", wanted.table_name),
        ("table_sys_id", wanted.table_sys_id),
        ("file_name", wanted.file_name),
        ("Content-Type", wanted.content_type),
    ];
    if let Some((name, _)) = given.into_iter().find(|(_, value)| value.is_empty()) {
        return Err(Box::new(missing(name)));
    }
    let Some(table) = parent_table(&state.database, wanted.table_name) else {
        return Err(Box::new(invalid_table(wanted.table_name)));
    };
    let access = Access::of(state, &call.user, table);
    if state.database.row(table, wanted.table_sys_id).is_none_or(|row| !access.may_see(row)) {
        return Err(Box::new(no_record()));
    }
    let own =
        state.database.dictionary.table("sys_attachment").map(|table| Access::of(state, &call.user, table));
    let role = &state.settings.attachment_role;
    let may_attach = role.is_empty() || call.user.is_admin() || call.user.has_role(role);
    if !may_attach || access.denies_writing() || own.is_some_and(|own| own.denies_writing()) {
        return Err(Box::new(denied("Insert")));
    }
    if !extension_is_allowed(state, wanted.file_name) {
        return Err(Box::new(extension_refused(wanted.file_name)));
    }
    let most = state.settings.attachment_max_size;
    if upload.size > most {
        let detail =
            format!("Rejected large attachment of {} bytes. Max allowed: {most} bytes.", upload.size);
        let refusal = SimResponse::error(StatusCode::BAD_REQUEST, "Exception while reading request", &detail);
        return Err(Box::new(refusal.guess(Guess::FileTooLarge)));
    }
    Ok(())
}

/// Something mandatory is not there.
pub(super) fn missing(what: &str) -> SimResponse {
    let detail = format!("Mandatory and missing: {what}");
    SimResponse::error(StatusCode::BAD_REQUEST, "Exception while reading request", &detail)
}

/// An empty list allows everything.
pub(super) fn extension_is_allowed(state: &State, name: &str) -> bool {
    let list = &state.settings.attachment_extensions;
    let own = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    list.is_empty() || list.iter().any(|allowed| allowed.eq_ignore_ascii_case(own))
}

pub(super) fn extension_refused(name: &str) -> SimResponse {
    let detail = format!("Files like {name:?} may not be attached");
    SimResponse::error(StatusCode::FORBIDDEN, "Operation Failed", &detail).guess(Guess::FileExtension)
}
