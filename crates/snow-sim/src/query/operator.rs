//! The words of the language (facts 2.1).

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Is,
    IsNot,
    In,
    NotIn,
    Contains,
    ContainsNot,
    StartsWith,
    EndsWith,
    Empty,
    NotEmpty,
    EmptyString,
    Anything,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Between,
    SameAs,
    NotSameAs,
    GreaterField,
    LessField,
    GreaterOrEqualField,
    LessOrEqualField,
    MoreThan,
    LessThan,
    On,
    NotOn,
    Relative(Side),
    DatePart,
    Dynamic,
    InstanceOf,
    /// Documented, and not simulated.
    Other,
}

impl Operator {
    /// Whether it is unsettled what it says of rows without a value (facts 2.4).
    pub(super) const fn is_negative(self) -> bool {
        matches!(self, Self::IsNot | Self::NotIn | Self::ContainsNot | Self::NotOn)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// Longer words before those they begin with.
const WORDS: &[(&str, Operator)] = &[
    ("GT_OR_EQUALS_FIELD", Operator::GreaterOrEqualField),
    ("LT_OR_EQUALS_FIELD", Operator::LessOrEqualField),
    ("GT_FIELD", Operator::GreaterField),
    ("LT_FIELD", Operator::LessField),
    ("DOES NOT CONTAIN", Operator::ContainsNot),
    ("IN_HIERARCHY", Operator::Other),
    ("INSTANCEOF", Operator::InstanceOf),
    ("ISNOTEMPTY", Operator::NotEmpty),
    ("ISEMPTY", Operator::Empty),
    ("EMPTYSTRING", Operator::EmptyString),
    ("ANYTHING", Operator::Anything),
    ("STARTSWITH", Operator::StartsWith),
    ("ENDSWITH", Operator::EndsWith),
    ("NOT LIKE", Operator::ContainsNot),
    ("NOTLIKE", Operator::ContainsNot),
    ("NOT IN", Operator::NotIn),
    ("NOTIN", Operator::NotIn),
    ("NOTON", Operator::NotOn),
    ("CONTAINS", Operator::Contains),
    ("LIKE", Operator::Contains),
    ("BETWEEN", Operator::Between),
    ("NSAMEAS", Operator::NotSameAs),
    ("SAMEAS", Operator::SameAs),
    ("MORETHAN", Operator::MoreThan),
    ("LESSTHAN", Operator::LessThan),
    ("RELATIVEGT", Operator::Relative(Side::Greater)),
    ("RELATIVELT", Operator::Relative(Side::Less)),
    ("RELATIVEGE", Operator::Relative(Side::GreaterOrEqual)),
    ("RELATIVELE", Operator::Relative(Side::LessOrEqual)),
    ("RELATIVEEE", Operator::Other),
    ("DATEPART", Operator::DatePart),
    ("DYNAMIC", Operator::Dynamic),
    ("VALCHANGES", Operator::Other),
    ("CHANGESFROM", Operator::Other),
    ("CHANGESTO", Operator::Other),
    ("DOESNOTHAVE", Operator::Other),
    ("EXCLUDING", Operator::Other),
    ("IN", Operator::In),
    ("ON", Operator::On),
    ("!=", Operator::IsNot),
    ("!*", Operator::ContainsNot),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("=", Operator::Is),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("*", Operator::Contains),
    ("%", Operator::EndsWith),
];

/// The operator that a text begins with, and what is behind it.
pub(super) fn split(text: &str) -> Option<(Operator, &str)> {
    WORDS.iter().find_map(|(word, operator)| Some((*operator, text.strip_prefix(word)?)))
}
