//! The operators of the query language (facts 2.1).

/// An operator between a field and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Contains,
    NotContains,
    StartsWith,
    EndsWith,
    InstanceOf,
    Dynamic,
    InHierarchy,
    InHierarchyDynamic,
    DoesNotHave,
    Excluding,
}

impl Comparison {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Contains => "LIKE",
            Self::NotContains => "NOT LIKE",
            Self::StartsWith => "STARTSWITH",
            Self::EndsWith => "ENDSWITH",
            Self::InstanceOf => "INSTANCEOF",
            Self::Dynamic => "DYNAMIC",
            Self::InHierarchy => "IN_HIERARCHY",
            Self::InHierarchyDynamic => "IN_HIERARCHY_DYNAMIC",
            Self::DoesNotHave => "DOESNOTHAVE",
            Self::Excluding => "EXCLUDING",
        }
    }

    /// Returns the operator that matches the other records that have a value.
    pub(super) const fn opposite(self) -> Option<Self> {
        Some(match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::Lt => Self::Ge,
            Self::Le => Self::Gt,
            Self::Gt => Self::Le,
            Self::Ge => Self::Lt,
            Self::Contains => Self::NotContains,
            Self::NotContains => Self::Contains,
            _ => return None,
        })
    }

    /// Returns the same comparison with a time relative to now.
    pub(super) const fn of_time(self) -> Option<TimeComparison> {
        Some(match self {
            Self::Eq => TimeComparison::At,
            Self::Lt => TimeComparison::Before,
            Self::Le => TimeComparison::UpTo,
            Self::Gt => TimeComparison::After,
            Self::Ge => TimeComparison::Since,
            _ => return None,
        })
    }

    /// Returns whether it orders values.
    pub(super) const fn is_order(self) -> bool {
        matches!(self, Self::Lt | Self::Le | Self::Gt | Self::Ge)
    }

    /// Returns whether it can compare the number of records in a related list.
    pub(super) const fn counts(self) -> bool {
        self.is_order() || matches!(self, Self::Eq | Self::Ne)
    }

    /// Returns whether it is not known if records without a value match it (facts 2.4).
    pub(super) const fn is_negative(self) -> bool {
        matches!(self, Self::Ne | Self::NotContains)
    }
}

/// An operator between a field and a time relative to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeComparison {
    At,
    Before,
    UpTo,
    After,
    Since,
}

impl TimeComparison {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::At => "RELATIVEEE",
            Self::Before => "RELATIVELT",
            Self::UpTo => "RELATIVELE",
            Self::After => "RELATIVEGT",
            Self::Since => "RELATIVEGE",
        }
    }

    pub(super) const fn opposite(self) -> Option<Self> {
        Some(match self {
            Self::At => return None,
            Self::Before => Self::Since,
            Self::UpTo => Self::After,
            Self::After => Self::UpTo,
            Self::Since => Self::Before,
        })
    }
}

/// An operator between two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Same,
    NotSame,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Relation {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Same => "SAMEAS",
            Self::NotSame => "NSAMEAS",
            Self::Lt => "LT_FIELD",
            Self::Le => "LT_OR_EQUALS_FIELD",
            Self::Gt => "GT_FIELD",
            Self::Ge => "GT_OR_EQUALS_FIELD",
        }
    }

    pub(super) const fn opposite(self) -> Self {
        match self {
            Self::Same => Self::NotSame,
            Self::NotSame => Self::Same,
            Self::Lt => Self::Ge,
            Self::Le => Self::Gt,
            Self::Gt => Self::Le,
            Self::Ge => Self::Lt,
        }
    }
}

/// An operator without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Empty,
    NotEmpty,
    EmptyString,
    Anything,
}

impl Unary {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Empty => "ISEMPTY",
            Self::NotEmpty => "ISNOTEMPTY",
            Self::EmptyString => "EMPTYSTRING",
            Self::Anything => "ANYTHING",
        }
    }
}

/// Any operator that may follow a field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Compare(Comparison),
    In {
        not: bool,
    },
    Between,
    Unary(Unary),
    Relation(Relation),
    Distance {
        more: bool,
    },
    On {
        not: bool,
    },
    Relative(TimeComparison),
    DatePart,
    /// Known, but of no use in a read, or of unknown meaning.
    Refused(&'static str),
}

const TRIGGER: &str = "is for triggers and notifications: it selects nothing in a read";

/// Every spelling, with its meaning.
const OPERATORS: &[(&str, Operator)] = &[
    ("IN_HIERARCHY_DYNAMIC", Operator::Compare(Comparison::InHierarchyDynamic)),
    ("GT_OR_EQUALS_FIELD", Operator::Relation(Relation::Ge)),
    ("LT_OR_EQUALS_FIELD", Operator::Relation(Relation::Le)),
    ("DOES NOT CONTAIN", Operator::Compare(Comparison::NotContains)),
    ("IN_HIERARCHY", Operator::Compare(Comparison::InHierarchy)),
    ("DOESNOTHAVE", Operator::Compare(Comparison::DoesNotHave)),
    ("CHANGESFROM", Operator::Refused(TRIGGER)),
    ("EMPTYSTRING", Operator::Unary(Unary::EmptyString)),
    ("INSTANCEOF", Operator::Compare(Comparison::InstanceOf)),
    ("ISNOTEMPTY", Operator::Unary(Unary::NotEmpty)),
    ("STARTSWITH", Operator::Compare(Comparison::StartsWith)),
    ("RELATIVEGT", Operator::Relative(TimeComparison::After)),
    ("RELATIVELT", Operator::Relative(TimeComparison::Before)),
    ("RELATIVEGE", Operator::Relative(TimeComparison::Since)),
    ("RELATIVELE", Operator::Relative(TimeComparison::UpTo)),
    ("RELATIVEEE", Operator::Relative(TimeComparison::At)),
    ("VALCHANGES", Operator::Refused(TRIGGER)),
    ("CHANGESTO", Operator::Refused(TRIGGER)),
    ("EXCLUDING", Operator::Compare(Comparison::Excluding)),
    ("ANYTHING", Operator::Unary(Unary::Anything)),
    ("CONTAINS", Operator::Compare(Comparison::Contains)),
    ("ENDSWITH", Operator::Compare(Comparison::EndsWith)),
    ("GT_FIELD", Operator::Relation(Relation::Gt)),
    ("LT_FIELD", Operator::Relation(Relation::Lt)),
    ("MORETHAN", Operator::Distance { more: true }),
    ("LESSTHAN", Operator::Distance { more: false }),
    ("DATEPART", Operator::DatePart),
    ("NOT LIKE", Operator::Compare(Comparison::NotContains)),
    ("BETWEEN", Operator::Between),
    ("DYNAMIC", Operator::Compare(Comparison::Dynamic)),
    ("ISEMPTY", Operator::Unary(Unary::Empty)),
    ("NOTLIKE", Operator::Compare(Comparison::NotContains)),
    ("NSAMEAS", Operator::Relation(Relation::NotSame)),
    ("NOT IN", Operator::In { not: true }),
    ("SAMEAS", Operator::Relation(Relation::Same)),
    ("NOTIN", Operator::Refused("is not documented in this spelling: write \"NOT IN\"")),
    ("NOTON", Operator::On { not: true }),
    ("LIKE", Operator::Compare(Comparison::Contains)),
    ("IN", Operator::In { not: false }),
    ("ON", Operator::On { not: false }),
    ("!=", Operator::Compare(Comparison::Ne)),
    ("!*", Operator::Compare(Comparison::NotContains)),
    ("<=", Operator::Compare(Comparison::Le)),
    (">=", Operator::Compare(Comparison::Ge)),
    ("=", Operator::Compare(Comparison::Eq)),
    ("<", Operator::Compare(Comparison::Lt)),
    (">", Operator::Compare(Comparison::Gt)),
    ("*", Operator::Compare(Comparison::Contains)),
    ("%", Operator::Compare(Comparison::EndsWith)),
];

/// Splits the longest operator off the beginning of a text.
pub(super) fn split(text: &str) -> Option<(&'static str, Operator, &str)> {
    let found =
        OPERATORS.iter().filter_map(|(word, meaning)| Some((*word, *meaning, text.strip_prefix(word)?)));
    found.max_by_key(|(word, ..)| word.len())
}

/// Returns whether a value after an operator would be read as a part of the operator: `>` and `=5`, `IN` and `STANCEOF`.
pub(super) fn extends_operator(word: &str, value: &str) -> bool {
    // The fast path: hardly any value begins like this.
    matches!(value.as_bytes().first(), Some(b'=' | b'S' | b'_')) && goes_on(word, value)
}

fn goes_on(word: &str, value: &str) -> bool {
    let goes_on: &[&str] = match word {
        "<" | ">" => &["="],
        "IN" => &["STANCEOF", "_HIERARCHY"],
        "IN_HIERARCHY" => &["_DYNAMIC"],
        _ => return false,
    };
    goes_on.iter().any(|rest| value.starts_with(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_is_the_one() {
        assert_eq!(split("INSTANCEOFx").unwrap().0, "INSTANCEOF");
        assert_eq!(split(">=5").unwrap().0, ">=");
        assert_eq!(split("IN_HIERARCHYx").unwrap().0, "IN_HIERARCHY");
        assert_eq!(split("is"), None);
    }

    #[test]
    fn every_pair_of_words_that_begins_alike_is_seen() {
        for (short, _) in OPERATORS {
            for (long, _) in OPERATORS.iter().filter(|(long, _)| long.len() > short.len()) {
                if let Some(rest) = long.strip_prefix(short) {
                    assert!(
                        extends_operator(short, rest) && extends_operator(short, &format!("{rest}x")),
                        "{short} {long}"
                    );
                }
            }
            assert!(!extends_operator(short, "x") && !extends_operator(short, "5"));
        }
    }
}
