//! Journals of records: comments and work notes, entry by entry.

use crate::Table;
use crate::table::changes::ChangeFeed;
use crate::table::list_records::ListRecords;
use crate::table::list_request::ListRequest;
use crate::table::read_record::ReadRecord;
use crate::table::update_record::UpdateRecord;
use serde::{Deserialize, Serialize};
use snow_core::{DateTime, Error, ErrorKind, Query, SysId, field};
use std::collections::BTreeMap;

/// The table of all entries (facts 1.6).
const ENTRIES: &str = "sys_journal_field";

/// An entry of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct JournalEntry {
    /// The id of the entry.
    pub sys_id: SysId,
    /// The id of the record.
    #[serde(rename = "element_id")]
    pub record: SysId,
    /// The field that it was written to: [`JournalField::COMMENTS`], [`JournalField::WORK_NOTES`] or another one.
    #[serde(rename = "element")]
    pub field: String,
    /// What was written.
    #[serde(rename = "value")]
    pub text: String,
    /// When it was written.
    #[serde(rename = "sys_created_on")]
    pub written_on: DateTime,
    /// The name of the user who wrote it.
    #[serde(rename = "sys_created_by")]
    pub written_by: String,
}

/// Names of journal fields that every task has.
#[derive(Clone, Copy, Debug)]
pub struct JournalField;

impl JournalField {
    /// Comments, which the caller of an incident sees.
    pub const COMMENTS: &'static str = "comments";
    /// Work notes, which only the people who work on the record see.
    pub const WORK_NOTES: &'static str = "work_notes";
}

/// The journal of a record. Returned by [`Table::journal`](crate::Table::journal).
///
/// The fields themselves are empty in stored form, and one long text in display form; here are the entries. Many users may not read
/// `sys_journal_field`.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_client::journal::JournalField;
///
/// let incidents = client.table("incident");
/// let sys_id = incidents.list().first().await?.sys_id()?;
/// let journal = incidents.journal(sys_id);
/// journal.add(JournalField::WORK_NOTES, "Restarted the server").await?;
/// let last = journal.entries().await?.pop().expect("there is one now");
/// assert_eq!((last.field.as_str(), last.text.as_str()), ("work_notes", "Restarted the server"));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Journal {
    table: Table,
    sys_id: SysId,
}

impl<T: 'static> Table<T> {
    /// Returns the journal of a record: its comments and work notes.
    #[doc(alias("comments", "work_notes", "activity"))]
    pub fn journal(&self, sys_id: SysId) -> Journal {
        Journal { table: self.as_records(), sys_id }
    }

    /// Returns a feed of the entries that are added to journals of the table's records, by the time at which they were written.
    ///
    /// Add a condition with [`query`](ChangeFeed::query) on `element_id` or `element`; the condition on the table is kept. An entry is never
    /// changed, so each one comes as a [`Change::Record`](crate::changes::Change::Record) with a [`JournalEntry`].
    ///
    /// The entries of a record carry the name of its class: for records of classes that extend the table, follow each class.
    ///
    /// ```no_run
    /// # async fn example(client: snow_client::Client) -> Result<(), snow_client::Error> {
    /// use snow_client::changes::Change;
    ///
    /// let mut feed = client.table("incident").journal_changes().from_now();
    /// for change in feed.poll().await?.changes() {
    ///     if let Change::Record { record: entry, .. } = change {
    ///         println!("{}: {}", entry.record, entry.text);
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn journal_changes(&self) -> ChangeFeed<JournalEntry> {
        ChangeFeed::new(self.entries(self.own_entries())).created_only(true)
    }
}

impl<T> Table<T> {
    fn as_records(&self) -> Table {
        let (client, path) = (self.client.clone(), self.path.clone());
        Table { client, path, fields: None, all_fields: false, shape: None, read: ReadRecord::Asked(Ok) }
    }

    /// Conditions on the entries of this table, which no query of the caller replaces.
    fn own_entries(&self) -> Result<Query<'static>, Error> {
        let path = self.path.as_ref().map_err(Clone::clone)?;
        Ok(field("name").eq(path.as_str().rsplit('/').next().unwrap_or_default().to_owned()))
    }

    /// A list of entries.
    fn entries(&self, conditions: Result<Query<'static>, Error>) -> ListRequest<JournalEntry> {
        let entries = Table::new(self.client.clone(), ENTRIES).typed::<JournalEntry>();
        entries.list().request.change(|mut request| {
            request.params.selection.fix(conditions?);
            Ok(request)
        })
    }
}

impl Journal {
    /// Returns all entries, the oldest first. Entries of one second come in the order of their ids.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Forbidden`] if there are entries that this user may not read, and the errors of a list.
    pub async fn entries(&self) -> Result<Vec<JournalEntry>, Error> {
        self.read(Query::new()).await
    }

    /// Returns the entries of one field, the oldest first.
    ///
    /// # Errors
    ///
    /// As [`entries`](Self::entries).
    pub async fn entries_of(&self, name: &str) -> Result<Vec<JournalEntry>, Error> {
        self.read(field("element").eq(name.to_owned())).await
    }

    /// Adds an entry to a journal field of the record: [`JournalField::COMMENTS`] or [`JournalField::WORK_NOTES`].
    ///
    /// # Errors
    ///
    /// As [`Table::update`](crate::Table::update). **If the error's [`may_have_executed`](Error::may_have_executed) is true, trying again may
    /// add the entry twice**: look at the [`entries`](Self::entries) first.
    pub fn add(&self, field: &str, text: &str) -> UpdateRecord {
        self.table.update(self.sys_id, &BTreeMap::from([(field, text)]))
    }

    async fn read(&self, which: Query<'static>) -> Result<Vec<JournalEntry>, Error> {
        let own = field("element_id").eq(self.sys_id).and(which);
        let list = ListRecords { request: self.table.entries(Ok(own)) };
        let (mut entries, mut all) =
            (list.query(Query::new().order_by("sys_created_on")).stream(), Vec::new());
        while let Some(entry) = entries.next().await {
            all.push(entry?);
        }
        match entries.report().hidden() {
            None | Some(0) => Ok(all),
            Some(hidden) => {
                let why = format!(
                    "{hidden} entries of the journal of {} are hidden from this user: reading {ENTRIES} takes a role",
                    self.sys_id
                );
                Err(Error::new(ErrorKind::Forbidden, why).of_read())
            }
        }
    }
}
