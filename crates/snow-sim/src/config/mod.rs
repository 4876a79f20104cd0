//! An instance described by a TOML file, for programs in any language.

mod logins;
mod records;
mod scalar;
mod tables;

use crate::place::Place;
use crate::{BuildError, Builder, Rule, Settings};
pub(crate) use scalar::seconds;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use toml::Spanned;

/// What a file may say.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ConfigFile {
    demo_data: bool,
    incidents: u32,
    #[serde(deserialize_with = "scalar::time")]
    start_at: Option<SystemTime>,
    data_folders: Vec<Spanned<PathBuf>>,
    settings: Settings,
    user: Vec<Spanned<logins::UserEntry>>,
    api_key: Vec<Spanned<logins::ApiKeyEntry>>,
    oauth_client: Vec<Spanned<logins::OAuthClientEntry>>,
    access_policy: Vec<logins::AccessPolicyEntry>,
    table: Vec<Spanned<tables::TableEntry>>,
    transform_map: Vec<Spanned<tables::TransformMapEntry>>,
    rule: Vec<Spanned<Rule>>,
    records: BTreeMap<String, Vec<Spanned<records::RecordEntry>>>,
}

impl Default for ConfigFile {
    fn default() -> Self {
        Self {
            demo_data: true,
            incidents: 0,
            start_at: None,
            data_folders: Vec::new(),
            settings: Settings::default(),
            user: Vec::new(),
            api_key: Vec::new(),
            oauth_client: Vec::new(),
            access_policy: Vec::new(),
            table: Vec::new(),
            transform_map: Vec::new(),
            rule: Vec::new(),
            records: BTreeMap::new(),
        }
    }
}

impl Builder {
    /// Adds everything that a TOML file describes: users, OAuth clients, tables, records, rules and settings. The settings replace
    /// those of the builder so far. `docs/simulator.md` in the repository lists what a file may contain.
    ///
    /// ```no_run
    /// use snow_sim::Simulator;
    ///
    /// let simulator = Simulator::builder().config_file("instance.toml")?.build()?;
    /// # Ok::<_, snow_sim::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// [`BuildError`] if the file cannot be read, is not TOML, or contains a name or a value that has no meaning. The error names
    /// the file and the line, as do errors of [`build`](Self::build) about what the file describes.
    pub fn config_file(self, path: impl AsRef<Path>) -> Result<Self, BuildError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|error| BuildError::new(format!("{name}: {error}")))?;
        self.config(&name, &text)
    }

    /// Adds everything that a TOML text describes, as [`config_file`](Self::config_file) does. Errors call the text `name`.
    ///
    /// ```
    /// use snow_sim::Simulator;
    ///
    /// let text = r#"
    /// [[user]]
    /// name = "admin"
    /// password = "secret"
    /// roles = ["admin"]
    ///
    /// [[records.incident]]
    /// short_description = "No mail"
    /// priority = 1
    /// "#;
    /// let simulator = Simulator::builder().config("instance.toml", text)?.build()?;
    /// let error = Simulator::builder().config("instance.toml", "incidents = 'many'").unwrap_err();
    /// assert!(error.to_string().starts_with("instance.toml:1: "));
    /// # Ok::<_, snow_sim::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// The same as of [`config_file`](Self::config_file).
    pub fn config(self, name: &str, text: &str) -> Result<Self, BuildError> {
        let lines = Lines { name, text };
        let file: ConfigFile = toml::from_str(text).map_err(|error| lines.error(&error))?;
        let mut builder = self.general(&file);
        builder =
            lines.each(builder, file.data_folders, |builder, folder| Ok(builder.data_folder(folder)))?;
        builder = lines.each(builder, file.user, |builder, user| Ok(builder.user_with(user.into())))?;
        builder =
            lines.each(builder, file.api_key, |builder, key| Ok(builder.api_key(key.key(), key.user())))?;
        builder = lines.each(builder, file.oauth_client, |builder, client| {
            Ok(builder.oauth_application(client.into()))
        })?;
        builder = file.access_policy.into_iter().map(Into::into).fold(builder, Self::access_policy);
        builder = lines.each(builder, file.table, |builder, table| Ok(builder.table(table.into_table()?)))?;
        builder =
            lines.each(builder, file.transform_map, |builder, map| Ok(builder.transform_map(map.into())))?;
        builder = lines.each(builder, file.rule, |builder, rule| Ok(builder.rule(rule)))?;
        file.records.into_iter().try_fold(builder, |builder, (table, records)| {
            lines.each(builder, records, |builder, record| Ok(builder.row(&table, record.fields())))
        })
    }

    /// What stands at the top of a file, and the settings.
    fn general(mut self, file: &ConfigFile) -> Self {
        self = self.incidents(file.incidents).settings(|settings| *settings = file.settings.clone());
        if let Some(start) = file.start_at {
            self = self.start_at(start);
        }
        if file.demo_data { self } else { self.without_demo_data() }
    }
}

/// A file, for the numbers of its lines.
struct Lines<'a> {
    name: &'a str,
    text: &'a str,
}

impl Lines<'_> {
    fn place(&self, byte: usize) -> Place {
        let before = self.text.as_bytes().get(..byte).unwrap_or_default();
        Place::new(self.name, 1 + before.iter().filter(|byte| **byte == b'\n').count())
    }

    /// The reason alone: the rendered form repeats the line, and a line may have a secret in it.
    fn error(&self, error: &toml::de::Error) -> BuildError {
        let place = self.place(error.span().map_or(0, |span| span.start));
        BuildError::new(error.message()).at(Some(&place))
    }

    /// Adds each entry to a builder that knows the line.
    fn each<T>(
        &self,
        builder: Builder,
        entries: Vec<Spanned<T>>,
        add: impl Fn(Builder, T) -> Result<Builder, BuildError>,
    ) -> Result<Builder, BuildError> {
        let added = entries.into_iter().try_fold(builder, |builder, entry| {
            let place = self.place(entry.span().start);
            let builder = builder.at(Some(place.clone()));
            add(builder, entry.into_inner()).map_err(|error| error.at(Some(&place)))
        })?;
        Ok(added.at(None))
    }
}
