//! No text that is given as a value changes the conditions of a query: it is sent as exactly that value, or refused before anything is
//! sent.

use proptest::prelude::*;
use snow_client::field;
use snow_client::query::{FieldPath, Query, Value, join, related_list, text_search};
use snow_core::ErrorKind;
use snow_sim::{ColumnType, Simulator, Table};

/// A test with a value: how it is built, its word, and which stored names it finds.
type Test = (fn(FieldPath<'static>, String) -> Query<'static>, &'static str, fn(&str, &str) -> bool);

const TESTS: [Test; 9] = [
    (|field, value| field.eq(value), "=", |name, value| name == value),
    (|field, value| field.contains(value), "LIKE", |name, value| name.contains(value)),
    (|field, value| field.starts_with(value), "STARTSWITH", |name, value| name.starts_with(value)),
    (|field, value| field.ends_with(value), "ENDSWITH", |name, value| name.ends_with(value)),
    (|field, value| field.is_in([value]), "IN", |name, value| name == value),
    (|field, value| field.lt(value), "<", |name, value| !name.is_empty() && name < value),
    (|field, value| field.gt(value), ">", |name, value| !name.is_empty() && name > value),
    (|field, value| field.ge(value), ">=", |name, value| !name.is_empty() && name >= value),
    (|field, value| field.between("!", value), "BETWEEN!@", |name, value| name >= "!" && name <= value),
];

/// What means something to the language, in any mixture with what does not.
fn text() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "^",
        "^OR",
        "^NQ",
        "^^",
        "^EQ",
        "^ENDRLQUERY",
        "^ORDERBYu_name",
        "javascript:",
        "JavaScript :",
        " ",
        "\t",
        "\n",
        "\r",
        "\u{2028}",
        "\0",
        "=",
        "=5",
        ">",
        "STANCEOFx",
        "_HIERARCHY",
        "ISEMPTY",
        ",",
        "@",
        "u_name",
        "a",
        "é",
        "!",
        "%",
        "&x=",
        "#",
    ];
    let special = prop::collection::vec(prop::sample::select(PIECES).prop_map(str::to_owned), 1..5);
    prop_oneof![3 => special.prop_map(|pieces| pieces.concat()), 1 => "[^Σ]{1,12}"]
}

/// Nine rows: the name is the value, another, or none; it is inside or outside what the conditions around it ask for.
fn simulator(value: &str) -> Simulator {
    let column = |table: Table, name| table.column(name, ColumnType::Text);
    let table = ["u_before", "u_name", "u_after"].into_iter().fold(Table::new("u_thing", "Thing"), column);
    let mut builder = Simulator::builder().user("admin", "secret").without_demo_data().table(table);
    for (at, (name, before, after)) in rows(value).into_iter().enumerate() {
        let id = format!("{at:032}");
        builder = builder.row(
            "u_thing",
            [("sys_id", id.as_str()), ("u_name", name), ("u_before", before), ("u_after", after)],
        );
    }
    builder.build().unwrap()
}

fn rows(value: &str) -> Vec<(&str, &'static str, &'static str)> {
    let around = [("x", "y"), ("w", "y"), ("x", "w")];
    [value, "zz", ""]
        .into_iter()
        .flat_map(|name| around.map(|(before, after)| (name, before, after)))
        .collect()
}

fn between_others(test: Query<'static>) -> Query<'static> {
    field("u_before").eq("x").and(test).and(field("u_after").eq("y"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_is_one_value_or_refused(value in text(), escape in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (build, word, holds) in TESTS {
            let query = between_others(build(field("u_name"), value.clone()));
            let query = if escape { query.escape_carets() } else { query };
            let Ok(text) = query.encode() else { continue };
            let written = value.replace('^', "^^");
            prop_assert_eq!(&text, &format!("u_before=x^u_name{word}{written}^u_after=y"));
            prop_assert!(escape || !value.contains('^'));
            let (stored, wanted) = (value.to_lowercase(), |name: &str| holds(&name.to_lowercase(), &value.to_lowercase()));
            let rows = rows(&stored);
            let expected = rows.iter().enumerate().filter(|(_, (name, before, after))| {
                wanted(name) && *before == "x" && *after == "y"
            });
            let expected: Vec<usize> = expected.map(|(at, _)| at).collect();
            prop_assert_eq!(runtime.block_on(crate::selected(&simulator(&stored), &query)), expected, "{}", text);
        }
    }

    /// Refused with the reason, and never repeated: it may be anything.
    #[test]
    fn a_refusal_does_not_repeat_the_value(value in text()) {
        let value = format!("canary{value}canary");
        for (build, ..) in TESTS {
            let query = build(field("u_name"), value.clone());
            let shown = format!("{query:?}");
            prop_assert!(!shown.contains("canary"));
            if let Err(error) = query.encode() {
                prop_assert_eq!(error.kind(), ErrorKind::InvalidInput);
                let shown = format!("{error} {error:?}");
                prop_assert!(shown.contains("\"u_name\"") && !shown.contains("canary"), "{}", error);
            }
        }
    }
}

#[test]
fn what_would_mean_more_than_itself_is_refused_with_a_way_out() {
    let name = || field("u_name");
    for (query, why) in [
        (name().eq("a^b"), "escape_carets()"),
        (name().eq("javascript:gs.sleep(9)"), "Value::script()"),
        (name().eq(" \tJavaScript :x"), "Value::script()"),
        (name().is_in(["a", "javascript:x"]), "Value::script()"),
        (name().eq("a\nb"), "line break"),
        (name().eq("a\u{2028}b"), "line break"),
        (name().is_in(["a,b"]), "any() of eq()"),
        (name().is_in([" a"]), "blanks"),
        (name().is_in(["", "a"]), "is_empty()"),
        (name().is_in([true]), "eq()"),
        (name().is_in(Vec::<String>::new()), "the list is empty"),
        (name().between("a@b", "c"), "ge() and le()"),
        (name().gt("=5"), "part of >"),
        (name().lt("=5"), "part of <"),
        (name().is_in(["STANCEOFx"]), "part of IN"),
        (name().is_in(["_HIERARCHYx"]), "part of IN"),
        (name().is_in(["a", "STANCEOFx"]), "part of IN"),
        (name().contains(""), "is_empty()"),
        (name().lt(true), "eq() and ne()"),
        (name().eq(f64::NAN), "infinity or with NaN"),
        (name().is_in([Value::script("a,b")]), "','"),
        (name().eq(Value::script(" ")), "without code"),
        (field("Name").eq(1), "'N'"),
        (field("").eq(1), "no name"),
        (field("a..b").eq(1), "dot"),
        (field("a").eq(1).order_by("b desc"), "' '"),
        (field("a").same_as("b^c=1"), "'^'"),
        (related_list("t^x", "f").none(), "'^'"),
        (related_list("t.g", "f").none(), "\"t.g\""),
        (related_list("t", "f").matching(field("a").eq(1).order_by("b")).none(), "order"),
        (related_list("t", "f").matching(related_list("t", "f").none()).none(), "nested"),
        (join("a.b", "c.d").matching(field("a").ne(1)), "one condition"),
        (join("a", "c.d").any(), "\"a\""),
        (text_search("a^b"), "'^'"),
        (Query::any([]), "any() of no conditions"),
        (Query::new().or(name().eq(1)), "selects every record"),
        (Query::new().not(), "without conditions"),
    ] {
        let error = query.encode().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn a_part_that_would_grow_without_bounds_is_named() {
    // (a and b) or (c and d) or ..., eight times over: 2^8 to 6^8 groups, whichever way it is written out.
    let pair = |n: usize| {
        field(format!("a{n}")).eq(1).and(field(format!("b{n}")).eq(1)).and(related_list("t", "f").none())
    };
    let any = |n: usize| Query::any((0..6).map(|m| pair(n * 6 + m)));
    let error = Query::all((0..8).map(any)).encode().unwrap_err();
    assert!(
        error.to_string().contains("a18 = and b18 =") && error.to_string().contains("is_in()"),
        "{error}"
    );
    // Many are not deep: however long a list of alternatives is, it is one.
    let many = Query::any((0..1_000).map(|n| field("a").eq(n)));
    assert_eq!(many.encode().unwrap().matches("^OR").count(), 999);
    let deep = (0..200).fold(field("a").eq(1), |query, n| query.or(field("b").eq(n)).and(field("c").eq(n)));
    assert!(deep.encode().unwrap_err().to_string().contains("nests deeper"), "{deep:?}");
    let raw = || Query::raw("c=1");
    let deep = (0..200).fold(raw(), |query, n| raw().and(query.or(field("b").eq(n))));
    assert!(deep.encode().unwrap_err().to_string().contains("nests deeper"), "{deep:?}");
}
