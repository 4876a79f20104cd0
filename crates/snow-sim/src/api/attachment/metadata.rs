//! The metadata of a file: in a response, and in the headers of a download (facts 5).

use super::super::Call;
use crate::Release;
use crate::data::{Record, Row, TableId};
use crate::state::State;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::Write;

/// The fields of a record, all of them text.
const FIELDS: [&str; 20] = [
    "sys_id",
    "table_name",
    "table_sys_id",
    "file_name",
    "content_type",
    "size_bytes",
    "size_compressed",
    "compressed",
    "image_height",
    "image_width",
    "average_image_color",
    "sys_created_on",
    "sys_created_by",
    "sys_updated_on",
    "sys_updated_by",
    "sys_mod_count",
    "sys_tags",
    "state",
    "chunk_size_bytes",
    "hash",
];

/// What RFC 8187 leaves as it is, of the characters that names have.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn stored(state: &State, table: TableId, row: &Row) -> Record {
    let mut record = Record::default();
    for name in FIELDS {
        record.push(name, state.database.field(table, row, name).into());
    }
    record
}

/// An attachment as the API describes it.
pub(super) fn of(state: &State, call: &Call<'_>, table: TableId, row: &Row) -> Record {
    let mut record = stored(state, table, row);
    let sys_id = state.database.field(table, row, "sys_id");
    let link = format!("{}{}/attachment/{sys_id}/file", call.origin, call.base);
    record.push("download_link", link.into());
    if state.settings.release != Release::Y2021 {
        for (name, user) in [("created_by_name", "sys_created_by"), ("updated_by_name", "sys_updated_by")] {
            let user = state.database.field(table, row, user);
            let known = state.database.display_name("sys_user", &state.database.user_id(user));
            record.push(name, known.unwrap_or(user).into());
        }
    }
    record
}

/// The same in the header of a download: one line, in the service's spelling, in ASCII.
pub(super) fn header(state: &State, table: TableId, row: &Row) -> String {
    let record = stored(state, table, row);
    let pairs = record.iter().map(|(name, value)| format!("  \"{name}\" : {value}"));
    let mut line = String::new();
    for character in format!("{{{}}}", pairs.collect::<Vec<_>>().join(",")).chars() {
        match character.is_ascii() {
            true => line.push(character),
            false => character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                let _ = write!(line, "\\u{unit:04x}");
            }),
        }
    }
    line
}

/// The name of a file as a header: in ASCII, and in full.
pub(super) fn disposition(name: &str) -> String {
    let plain = |character: char| match character {
        '"' | '\\' => '_',
        _ if character.is_ascii_graphic() || character == ' ' => character,
        _ => '_',
    };
    let full = utf8_percent_encode(name, PLAIN);
    format!("attachment;filename=\"{}\";filename*=UTF-8''{full}", name.chars().map(plain).collect::<String>())
}
