//! The words of the language (facts 2.1).

/// A field, a word, a value.
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

    /// The word as it stands in a URL.
    pub(super) const fn url_word(self) -> &'static str {
        match self {
            Self::Eq => "%3D",
            Self::Ne => "%21%3D",
            Self::Lt => "%3C",
            Self::Le => "%3C%3D",
            Self::Gt => "%3E",
            Self::Ge => "%3E%3D",
            Self::NotContains => "NOT%20LIKE",
            _ => self.word(),
        }
    }

    /// The word that matches the other rows that have a value.
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

    /// Whether a value can be smaller or greater under it.
    pub(super) const fn is_order(self) -> bool {
        matches!(self, Self::Lt | Self::Le | Self::Gt | Self::Ge)
    }

    /// Whether it compares with the number of rows in a related list.
    pub(super) const fn counts(self) -> bool {
        self.is_order() || matches!(self, Self::Eq | Self::Ne)
    }

    /// Whether rows without a value may or may not match it: facts 2.4 leave that open.
    pub(super) const fn is_negative(self) -> bool {
        matches!(self, Self::Ne | Self::NotContains)
    }
}

/// A field, a word, another field.
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

/// A field and a word.
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

/// What may stand behind a field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Compare(Comparison),
    In {
        not: bool,
    },
    Between,
    Unary(Unary),
    Relation(Relation),
    Apart {
        more: bool,
    },
    On {
        not: bool,
    },
    Relative(Comparison),
    DatePart,
    /// Known, and of no use in a read; or in the wild, and unsettled.
    Refused(&'static str),
}

const TRIGGER: &str = "is for triggers and notifications: it says nothing about the rows of a read";

/// Every spelling, and what it means.
const WORDS: &[(&str, Word)] = &[
    ("IN_HIERARCHY_DYNAMIC", Word::Compare(Comparison::InHierarchyDynamic)),
    ("GT_OR_EQUALS_FIELD", Word::Relation(Relation::Ge)),
    ("LT_OR_EQUALS_FIELD", Word::Relation(Relation::Le)),
    ("DOES NOT CONTAIN", Word::Compare(Comparison::NotContains)),
    ("IN_HIERARCHY", Word::Compare(Comparison::InHierarchy)),
    ("DOESNOTHAVE", Word::Compare(Comparison::DoesNotHave)),
    ("CHANGESFROM", Word::Refused(TRIGGER)),
    ("EMPTYSTRING", Word::Unary(Unary::EmptyString)),
    ("INSTANCEOF", Word::Compare(Comparison::InstanceOf)),
    ("ISNOTEMPTY", Word::Unary(Unary::NotEmpty)),
    ("STARTSWITH", Word::Compare(Comparison::StartsWith)),
    ("RELATIVEGT", Word::Relative(Comparison::Gt)),
    ("RELATIVELT", Word::Relative(Comparison::Lt)),
    ("RELATIVEGE", Word::Relative(Comparison::Ge)),
    ("RELATIVELE", Word::Relative(Comparison::Le)),
    ("RELATIVEEE", Word::Relative(Comparison::Eq)),
    ("VALCHANGES", Word::Refused(TRIGGER)),
    ("CHANGESTO", Word::Refused(TRIGGER)),
    ("EXCLUDING", Word::Compare(Comparison::Excluding)),
    ("ANYTHING", Word::Unary(Unary::Anything)),
    ("CONTAINS", Word::Compare(Comparison::Contains)),
    ("ENDSWITH", Word::Compare(Comparison::EndsWith)),
    ("GT_FIELD", Word::Relation(Relation::Gt)),
    ("LT_FIELD", Word::Relation(Relation::Lt)),
    ("MORETHAN", Word::Apart { more: true }),
    ("LESSTHAN", Word::Apart { more: false }),
    ("DATEPART", Word::DatePart),
    ("NOT LIKE", Word::Compare(Comparison::NotContains)),
    ("BETWEEN", Word::Between),
    ("DYNAMIC", Word::Compare(Comparison::Dynamic)),
    ("ISEMPTY", Word::Unary(Unary::Empty)),
    ("NOTLIKE", Word::Compare(Comparison::NotContains)),
    ("NSAMEAS", Word::Relation(Relation::NotSame)),
    ("NOT IN", Word::In { not: true }),
    ("SAMEAS", Word::Relation(Relation::Same)),
    ("NOTIN", Word::Refused("is not documented in this spelling: write \"NOT IN\"")),
    ("NOTON", Word::On { not: true }),
    ("LIKE", Word::Compare(Comparison::Contains)),
    ("IN", Word::In { not: false }),
    ("ON", Word::On { not: false }),
    ("!=", Word::Compare(Comparison::Ne)),
    ("!*", Word::Compare(Comparison::NotContains)),
    ("<=", Word::Compare(Comparison::Le)),
    (">=", Word::Compare(Comparison::Ge)),
    ("=", Word::Compare(Comparison::Eq)),
    ("<", Word::Compare(Comparison::Lt)),
    (">", Word::Compare(Comparison::Gt)),
    ("*", Word::Compare(Comparison::Contains)),
    ("%", Word::Compare(Comparison::EndsWith)),
];

/// The longest word that a text begins with, its meaning, and what is behind it.
pub(super) fn split(text: &str) -> Option<(&'static str, Word, &str)> {
    let found = WORDS.iter().filter_map(|(word, meaning)| Some((*word, *meaning, text.strip_prefix(word)?)));
    found.max_by_key(|(word, ..)| word.len())
}

/// Whether a value right behind a word would be read as more of the word: `>` and `=5`, `IN` and `STANCEOF`.
#[inline]
pub(super) fn lengthens(word: &str, value: &str) -> bool {
    // Hardly any value begins so.
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
    fn words_are_encoded_as_any_text_is() {
        for (_, meaning) in WORDS {
            if let Word::Compare(comparison) = meaning {
                assert_eq!(comparison.url_word(), crate::percent::query(comparison.word()));
            }
        }
    }

    #[test]
    fn every_pair_of_words_that_begins_alike_is_seen() {
        for (short, _) in WORDS {
            for (long, _) in WORDS.iter().filter(|(long, _)| long.len() > short.len()) {
                if let Some(rest) = long.strip_prefix(short) {
                    assert!(
                        lengthens(short, rest) && lengthens(short, &format!("{rest}x")),
                        "{short} {long}"
                    );
                }
            }
            assert!(!lengthens(short, "x") && !lengthens(short, "5"));
        }
    }
}
