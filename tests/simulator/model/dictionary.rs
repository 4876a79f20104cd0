//! The tables that the simulator and the model both have.

use snow_sim::{ColumnType, Table as SimTable};
use std::fmt;

/// A choice: what is stored, and its label.
pub(crate) type Choice = (&'static str, &'static str);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Id,
    Text,
    /// Text of at most so many characters.
    Cut(usize),
    Integer,
    Decimal,
    Boolean,
    DateTime,
    Date,
    Duration,
    Journal,
    Reference(&'static str),
    List(&'static str),
    /// Choices whose values are numbers, or are not.
    Choice(bool, &'static [Choice]),
    Class,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// What a new record has.
    pub(crate) default: &'static str,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, default: "" }
}

const fn column_with(name: &'static str, kind: Kind, default: &'static str) -> Column {
    Column { name, kind, default }
}

pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) parent: Option<&'static str>,
    /// The column that stands for a record.
    pub(crate) display: &'static str,
    pub(crate) own: &'static [Column],
    /// A table that every instance has, of which the model knows only these columns.
    pub(crate) stock: bool,
}

const TYPES: &[Choice] = &[("normal", "Normal"), ("standard", "Standard"), ("emergency", "Emergency")];
const STATES: &[Choice] = &[("1", "Open"), ("2", "Done"), ("3", "Lost")];
const COLORS: &[Choice] = &[("red", "Red"), ("blue", "Deep blue"), ("green", "Green")];
const LEVELS: &[Choice] = &[("1", "1 - High"), ("2", "2 - Medium"), ("3", "3 - Low")];
const PRIORITIES: &[Choice] = &[("1", ""), ("2", ""), ("3", ""), ("4", ""), ("5", "")];
const INCIDENT_STATES: &[Choice] = &[("1", "New"), ("2", "In Progress")];
const PROBLEM_STATES: &[Choice] =
    &[("101", "New"), ("102", "Assess"), ("103", "Root Cause Analysis"), ("104", "Fix in Progress")];
const CHANGE_STATES: &[Choice] = &[("-5", "New"), ("-1", "Implement")];

/// Columns of every record (facts 1.4 and 1.6).
const SYSTEM: &[Column] = &[
    column("sys_id", Kind::Id),
    column("sys_created_on", Kind::DateTime),
    column("sys_created_by", Kind::Text),
    column("sys_updated_on", Kind::DateTime),
    column("sys_updated_by", Kind::Text),
    column_with("sys_mod_count", Kind::Integer, "0"),
    column("sys_tags", Kind::Text),
];

/// The column of a table with children, and of the children (facts 1.6).
const CLASS: &[Column] = &[column("sys_class_name", Kind::Class)];

/// Files, as far as the API shows them (facts 5).
pub(crate) const ATTACHMENTS: Table = Table {
    name: "sys_attachment",
    label: "Attachment",
    parent: None,
    display: "file_name",
    own: &[
        column("table_name", Kind::Text),
        column("table_sys_id", Kind::Text),
        column("file_name", Kind::Text),
        column("content_type", Kind::Text),
        column("size_bytes", Kind::Integer),
        column("hash", Kind::Text),
        column_with("state", Kind::Text, "available"),
    ],
    stock: true,
};

pub(crate) const TABLES: &[Table] = &[
    Table {
        name: "u_country",
        label: "Country",
        parent: None,
        display: "u_name",
        own: &[column("u_name", Kind::Text)],
        stock: false,
    },
    Table {
        name: "u_city",
        label: "City",
        parent: None,
        display: "u_name",
        own: &[
            column("u_name", Kind::Text),
            column("u_size", Kind::Integer),
            column("u_country", Kind::Reference("u_country")),
        ],
        stock: false,
    },
    Table {
        name: "u_order",
        label: "Order",
        parent: None,
        display: "u_name",
        own: &[
            column("u_name", Kind::Text),
            column("u_key", Kind::Cut(5)),
            column("u_pieces", Kind::Integer),
            column("u_more", Kind::Integer),
            column("u_price", Kind::Decimal),
            column("u_flag", Kind::Boolean),
            column("u_due", Kind::DateTime),
            column("u_day", Kind::Date),
            column("u_effort", Kind::Duration),
            column("u_log", Kind::Journal),
            column("u_city", Kind::Reference("u_city")),
            column("u_cities", Kind::List("u_city")),
            column_with("u_state", Kind::Choice(true, STATES), "1"),
            column("u_color", Kind::Choice(false, COLORS)),
        ],
        stock: false,
    },
    Table {
        name: "u_animal",
        label: "Animal",
        parent: None,
        display: "u_name",
        own: &[column("u_name", Kind::Text)],
        stock: false,
    },
    Table {
        name: "u_dog",
        label: "Dog",
        parent: Some("u_animal"),
        display: "u_name",
        own: &[column("u_legs", Kind::Integer)],
        stock: false,
    },
    // Rows are imported into it (facts 7.2).
    Table {
        name: "u_site",
        label: "Site",
        parent: None,
        display: "u_name",
        own: &[column("u_name", Kind::Text), column("u_town", Kind::Text)],
        stock: false,
    },
    // Users who are not administrators see some of its rows and columns, and write some (facts 1.9).
    Table {
        name: "u_vault",
        label: "Vault",
        parent: None,
        display: "u_name",
        own: &[
            column("u_name", Kind::Text),
            column("u_level", Kind::Integer),
            column("u_secret", Kind::Text),
            column("u_locked", Kind::Text),
        ],
        stock: false,
    },
    // What is written here meets a data policy and a business rule (facts 3.3).
    Table {
        name: "u_strict",
        label: "Strict",
        parent: None,
        display: "u_name",
        own: &[column("u_name", Kind::Text), column("u_code", Kind::Text)],
        stock: false,
    },
    ATTACHMENTS,
    Table {
        name: "incident",
        label: "Incident",
        parent: None,
        display: "number",
        own: &[
            column("short_description", Kind::Text),
            column_with("impact", Kind::Choice(true, LEVELS), "3"),
            column_with("urgency", Kind::Choice(true, LEVELS), "3"),
            column_with("priority", Kind::Choice(true, PRIORITIES), "5"),
            column_with("state", Kind::Choice(true, INCIDENT_STATES), "1"),
            column_with("incident_state", Kind::Choice(true, INCIDENT_STATES), "1"),
        ],
        stock: true,
    },
    Table {
        name: "problem",
        label: "Problem",
        parent: None,
        display: "number",
        own: &[
            column("short_description", Kind::Text),
            column_with("impact", Kind::Choice(true, LEVELS), "3"),
            column_with("urgency", Kind::Choice(true, LEVELS), "3"),
            column_with("priority", Kind::Choice(true, PRIORITIES), "5"),
            column_with("state", Kind::Choice(true, PROBLEM_STATES), "101"),
        ],
        stock: true,
    },
    Table {
        name: "change_request",
        label: "Change Request",
        parent: None,
        display: "number",
        own: &[
            column("short_description", Kind::Text),
            column_with("priority", Kind::Choice(true, PRIORITIES), "4"),
            column_with("state", Kind::Choice(true, CHANGE_STATES), "-5"),
            column_with("type", Kind::Choice(false, TYPES), "normal"),
            column("start_date", Kind::DateTime),
        ],
        stock: true,
    },
];

/// The table with columns of every kind.
pub(crate) fn orders() -> &'static Table {
    table("u_order").expect("a table of the model")
}

pub(crate) fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Table {
    /// All columns, with those of the tables above and of every record.
    pub(crate) fn columns(&self) -> Vec<&'static Column> {
        let mut columns: Vec<&Column> = SYSTEM.iter().collect();
        if self.is_in_hierarchy() {
            columns.extend(CLASS);
        }
        columns.extend(self.own);
        let mut above = self.parent;
        while let Some(table) = above.and_then(table) {
            columns.extend(table.own);
            above = table.parent;
        }
        columns
    }

    pub(crate) fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns().into_iter().find(|column| column.name == name)
    }

    fn is_in_hierarchy(&self) -> bool {
        self.parent.is_some() || TABLES.iter().any(|child| child.parent == Some(self.name))
    }

    /// Whether it is the table of that name, or extends it.
    pub(crate) fn is_a(&self, name: &str) -> bool {
        self.name == name || self.parent.is_some_and(|parent| parent == name)
    }

    /// The same for the builder of a simulator.
    pub(crate) fn built(&self) -> SimTable {
        let mut built = SimTable::new(self.name, self.label).display(self.display);
        if let Some(parent) = self.parent {
            built = built.extends(parent);
        }
        self.own.iter().fold(built, |built, column| column.build(built))
    }
}

impl Column {
    fn build(&self, table: SimTable) -> SimTable {
        let kind = match self.kind {
            Kind::Cut(length) => return table.text_column(self.name, length),
            Kind::Choice(numbers, choices) => return self.build_choice(table, numbers, choices),
            Kind::Integer => ColumnType::Integer,
            Kind::Decimal => ColumnType::Decimal,
            Kind::Boolean => ColumnType::Boolean,
            Kind::DateTime => ColumnType::DateTime,
            Kind::Date => ColumnType::Date,
            Kind::Duration => ColumnType::Duration,
            Kind::Journal => ColumnType::Journal,
            Kind::Reference(to) => ColumnType::Reference(to.into()),
            Kind::List(of) => ColumnType::List(of.into()),
            Kind::Id | Kind::Text | Kind::Class => ColumnType::Text,
        };
        table.column(self.name, kind)
    }

    fn build_choice(&self, table: SimTable, numbers: bool, choices: &[Choice]) -> SimTable {
        let kind = if numbers { ColumnType::Integer } else { ColumnType::Text };
        let choices: [Choice; 3] = choices.try_into().expect("three choices");
        table.choice_column(self.name, kind, self.default, choices)
    }
}
