//! What a query depends on that no source settles (facts 12).

use super::condition::{Path, Test};
use super::evaluate::shown;
use super::operator::Operator;
use super::{Query, SortKey};
use crate::Guess;
use crate::data::{ColumnType, Database, Row, TableId};

impl Query {
    /// The guesses behind the records of this table that the query selected.
    pub(crate) fn guesses(
        &self,
        database: &Database,
        table: TableId,
        rows: &[&Row],
    ) -> impl Iterator<Item = Guess> + use<> {
        let tests = || self.groups.iter().flatten().flatten();
        let by_reference =
            |key: &SortKey| matches!(database.kind_at(&key.path), Some(ColumnType::Reference(_)));
        let by_choice = |key: &SortKey| match &key.path.columns[..] {
            [column] => !database.dictionary.choices(table, *column).is_empty(),
            columns => columns.last().is_some_and(|id| !database.dictionary.column(*id).choices.is_empty()),
        };
        let is_dropped =
            |group: &Vec<Vec<Test>>| group.iter().flatten().all(|test| matches!(test, Test::Dropped));
        let compares_empty = tests().any(|test| test.compares_empty(database, table));
        let found = [
            (tests().any(Test::is_negative), Guess::NegativesAndEmpty),
            (tests().any(|test| test.compares_number_with_text(database)), Guess::NumberAgainstText),
            (tests().any(|test| matches!(test, Test::Words(_))), Guess::TextSearch),
            (tests().any(|test| test.ignored_case(database, rows)), Guess::TextCase),
            (self.order.iter().any(by_reference), Guess::OrderByReference),
            (self.order.iter().any(by_choice), Guess::OrderByChoice),
            (self.groups.len() > 1 && self.groups.iter().any(is_dropped), Guess::EmptyGroup),
            (compares_empty, Guess::EmptyFields),
            (self.spelled.related_dropped, Guess::RelatedDropped),
            (self.spelled.doubled_caret, Guess::DoubledCaret),
            (self.spelled.not_in_without_space, Guess::NotInWithoutSpace),
        ];
        found.into_iter().filter(|(is_so, _)| *is_so).map(|(_, guess)| guess)
    }

    /// Whether these rows, in the order of the query, depend on where those without a value come.
    pub(crate) fn orders_empty_values(&self, database: &Database, rows: &[&Row]) -> bool {
        self.order.iter().any(|key| {
            let is_empty = |row: &&Row| database.at(row, &key.path).is_empty();
            rows.iter().any(is_empty) && !rows.iter().all(is_empty)
        })
    }
}

/// How a query is written, where that is unsettled.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spelling {
    doubled_caret: bool,
    not_in_without_space: bool,
    /// Whether a related list or a join was dropped.
    pub(super) related_dropped: bool,
}

impl Spelling {
    pub(super) fn of(text: &str) -> Self {
        let field_ends = |at: usize| text[..at].ends_with(|c: char| c.is_ascii_lowercase() || c == '_');
        Self {
            doubled_caret: text.contains("^^"),
            not_in_without_space: text.match_indices("NOTIN").any(|(at, _)| field_ends(at)),
            related_dropped: false,
        }
    }
}

impl Test {
    fn is_negative(&self) -> bool {
        match self {
            Self::Compare { operator, .. } => operator.is_negative(),
            Self::Within { not, .. } => *not,
            Self::OrEmpty(..) => true,
            _ => false,
        }
    }

    /// Whether it compares two fields of which a record has neither.
    fn compares_empty(&self, database: &Database, table: TableId) -> bool {
        let Self::Fields { path, operator: Operator::SameAs | Operator::NotSameAs, other, .. } = self else {
            return false;
        };
        let is_empty = |row: &Row| database.at(row, path).is_empty() && database.at(row, other).is_empty();
        database.rows(table).any(|(_, row)| is_empty(row))
    }

    fn compares_number_with_text(&self, database: &Database) -> bool {
        let Self::Compare { path, operator, value } = self else { return false };
        let is_number = matches!(database.kind_at(path), Some(ColumnType::Integer | ColumnType::Decimal));
        let by_size = [
            Operator::Is,
            Operator::Less,
            Operator::LessOrEqual,
            Operator::Greater,
            Operator::GreaterOrEqual,
        ];
        let is_text = !value.is_empty() && value.trim().parse::<f64>().is_err();
        is_number && by_size.contains(operator) && is_text
    }

    /// Whether any of these records would not be there if case counted.
    fn ignored_case(&self, database: &Database, rows: &[&Row]) -> bool {
        let Self::Compare { path, operator, value } = self else { return false };
        let may_fold = value.bytes().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
        may_fold && rows.iter().any(|row| ignored_case(database, path, row, *operator, value))
    }
}

fn ignored_case(database: &Database, path: &Path, row: &Row, operator: Operator, value: &str) -> bool {
    let stored = database.at(row, path);
    let text = || shown(database, path, row);
    let (folded, wanted) = (|| text().to_lowercase(), value.to_lowercase());
    match operator {
        Operator::Is => stored != value && stored.to_lowercase() == wanted,
        Operator::In => {
            let is_listed = |list: &str, stored: &str| list.split(',').any(|one| one.trim() == stored);
            !is_listed(value, stored) && is_listed(&wanted, &stored.to_lowercase())
        }
        Operator::Contains => !text().contains(value) && folded().contains(&wanted),
        Operator::StartsWith => !text().starts_with(value) && folded().starts_with(&wanted),
        Operator::EndsWith => !text().ends_with(value) && folded().ends_with(&wanted),
        _ => false,
    }
}
