//! The records that an instance begins with: its users, rows one by one, and rows from files.

use super::Builder;
use crate::BuildError;
use crate::data::{self, Author, Database, Fields};
use std::fmt;
use std::path::{Path, PathBuf};

impl Builder {
    pub(super) fn add_users(&self, database: &mut Database, stamp: &str) {
        let Some(table) = database.dictionary.table("sys_user") else { return };
        for user in self.users.iter().map(|user| &user.part) {
            let id = database.user_id(&user.name);
            let there = database.row(table, &id);
            // What a row says already of a user stays.
            let own = |name: &str| there.map(|row| database.field(table, row, name)).unwrap_or_default();
            let web_services = if user.web_service_access_only { "true".to_owned() } else { String::new() };
            let row = [
                ("user_name", &user.name),
                ("name", &user.name),
                ("time_zone", &user.time_zone),
                ("date_format", &user.date_format),
                ("user_password", &user.password),
                ("web_service_access_only", &web_services),
            ];
            let row: Fields = row
                .into_iter()
                .filter(|(name, _)| own(name).is_empty())
                .map(|(field, value)| (field.to_owned(), value.clone()))
                .collect();
            match there {
                None => drop(database.insert(table, &row, Author::unrestricted(stamp))),
                Some(_) => drop(database.update(table, &id, &row, Author::unrestricted(stamp))),
            }
            user.roles.iter().for_each(|role| add_role(database, &user.name, role, stamp));
        }
    }

    pub(super) fn add_rows(&self, database: &mut Database, stamp: &str) -> Result<(), BuildError> {
        for row in &self.rows {
            row.check(|(table, fields)| add_row(database, table, fields, stamp))?;
        }
        for (table, json) in &self.json {
            data::load(database, table, json, stamp)?;
        }
        for folder in &self.folders {
            folder.check(|folder| load_folder(database, folder, stamp))?;
        }
        Ok(())
    }
}

/// Adds the record that says that a user has a role, and the role, unless they are there.
fn add_role(database: &mut Database, user_name: &str, role: &str, stamp: &str) {
    let dictionary = &database.dictionary;
    let (Some(roles), Some(given)) =
        (dictionary.table("sys_user_role"), dictionary.table("sys_user_has_role"))
    else {
        return;
    };
    let author = Author::unrestricted(stamp);
    let record = |fields: &[(&str, &str)]| -> Fields {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let known = database.rows(roles).find(|(_, row)| database.field(roles, row, "name") == role);
    let known = known.map(|(id, _)| id.to_string());
    let role =
        known.unwrap_or_else(|| database.insert(roles, &record(&[("name", role)]), author).to_string());
    let user = database.user_id(user_name);
    let has = database.rows(given).any(|(_, row)| {
        database.field(given, row, "user") == user && database.field(given, row, "role") == role
    });
    if !has {
        database.insert(given, &record(&[("user", &user), ("role", &role)]), author);
    }
}

fn add_row(database: &mut Database, table: &str, fields: &Fields, stamp: &str) -> Result<(), BuildError> {
    let unknown = |what: &str| BuildError::new(format!("a row of {table:?} cannot be added: {what}"));
    let id = database.dictionary.table(table).ok_or_else(|| unknown("there is no such table"))?;
    if let Some(field) = fields.keys().find(|field| database.dictionary.find(id, field).is_none()) {
        return Err(unknown(&format!("it has no column {field:?}")));
    }
    if database.taken(id, None, fields).is_some() {
        return Err(unknown("a value that may be there once is there already"));
    }
    database.insert(id, fields, Author::unrestricted(stamp));
    Ok(())
}

fn load_folder(database: &mut Database, folder: &Path, stamp: &str) -> Result<(), BuildError> {
    let wrong = |path: &Path, why: &dyn fmt::Display| BuildError::new(format!("{}: {why}", path.display()));
    let entries = std::fs::read_dir(folder).map_err(|e| wrong(folder, &e))?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()
        .map_err(|e| wrong(folder, &e))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    if paths.is_empty() {
        return Err(wrong(folder, &"there is no TABLE.json in it"));
    }
    for path in paths {
        let table = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        let json = std::fs::read(&path).map_err(|e| wrong(&path, &e))?;
        data::load(database, &table, &json, stamp).map_err(|e| wrong(&path, &e))?;
    }
    Ok(())
}
