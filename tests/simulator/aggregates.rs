//! Aggregates are computed as the service computes them (facts 6), on a table small enough to check each figure by hand.

use crate::{ADMIN, Got, READER, builder, call, get, get_as};
use serde_json::{Value, json};
use snow_sim::{ColumnType, Cut, Quota, Rule, Simulator, Table};

/// Amounts 1, 2, 4 and nothing in Berlin, 10.5 in Rome, 3 nowhere.
fn orders() -> snow_sim::Builder {
    let cities = Table::new("u_city", "City").display("u_name").column("u_name", ColumnType::Text);
    let orders = Table::new("u_order", "Order")
        .column("u_amount", ColumnType::Decimal)
        .column("u_pieces", ColumnType::Integer)
        .column("u_city", ColumnType::Reference("u_city".into()))
        .column("u_due", ColumnType::DateTime)
        .column("u_day", ColumnType::Date)
        .column("u_effort", ColumnType::Duration)
        .column("u_note", ColumnType::Text)
        .choice_column("u_state", ColumnType::Integer, "1", [("1", "Open"), ("2", "Done")]);
    let mut builder = builder().table(cities).table(orders);
    for (id, name) in [("c1", "Rome"), ("c2", "Berlin")] {
        builder = builder.row("u_city", [("sys_id", id), ("u_name", name)]);
    }
    for (amount, pieces, city, due, effort, state) in [
        ("1", "5", "c2", "2026-01-03 00:00:00", "1970-01-01 00:00:10", "1"),
        ("2", "6", "c2", "2026-01-01 00:00:00", "1970-01-01 00:00:21", "1"),
        ("4", "7", "c2", "2026-01-02 00:00:00", "", "2"),
        ("", "", "c2", "", "", "2"),
        ("10.5", "1", "c1", "2026-02-01 00:00:00", "1970-01-02 00:00:00", "2"),
        ("3", "1", "", "2025-01-01 00:00:00", "", "2"),
    ] {
        let note = if state == "1" { "first" } else { "" };
        let row = [
            ("u_amount", amount),
            ("u_pieces", pieces),
            ("u_city", city),
            ("u_due", due),
            ("u_effort", effort),
            ("u_state", state),
            ("u_note", note),
        ];
        builder = builder.row("u_order", row);
    }
    builder
}

fn instance() -> Simulator {
    orders().build().unwrap()
}

async fn stats(simulator: &Simulator, query: &str) -> Value {
    let got = get(simulator, &format!("/api/now/stats/u_order?{query}")).await;
    assert_eq!(got.status, 200, "{}", got.text);
    got.result()
}

/// Values of the first group field, and counts.
async fn groups(simulator: &Simulator, query: &str) -> Vec<(String, String)> {
    let found = stats(simulator, &format!("sysparm_count=true&{query}")).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let groups = found.as_array().unwrap().iter();
    groups.map(|group| (text(&group["groupby_fields"][0]["value"]), text(&group["stats"]["count"]))).collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.into_iter().map(|(value, count)| (value.into(), count.into())).collect()
}

#[tokio::test]
pub(crate) async fn without_groups_it_is_an_object() {
    let simulator = instance();
    assert_eq!(stats(&simulator, "sysparm_count=true").await, json!({ "stats": { "count": "6" } }));
    assert_eq!(stats(&simulator, "").await, json!({ "stats": {} }), "nothing asked for");
    assert_eq!(stats(&simulator, "sysparm_count=yes").await, json!({ "stats": {} }));
    let all = "sysparm_sum_fields=u_amount,u_pieces&sysparm_avg_fields=u_amount,u_pieces&sysparm_min_fields=u_amount,u_due&sysparm_max_fields=u_amount,u_pieces,u_due";
    let expected = json!({
        "sum": { "u_amount": "20.5", "u_pieces": "20" },
        "avg": { "u_amount": "4.1000", "u_pieces": "4.0000" },
        "min": { "u_amount": "1", "u_due": "2025-01-01 00:00:00" },
        "max": { "u_amount": "10.5", "u_pieces": "7", "u_due": "2026-02-01 00:00:00" },
    });
    assert_eq!(
        stats(&simulator, all).await["stats"],
        expected,
        "text, averages with four decimals, dates as dates"
    );
    for version in ["v1", "v2"] {
        let got = get(&simulator, &format!("/api/now/{version}/stats/u_order?sysparm_count=true")).await;
        assert_eq!(got.result(), json!({ "stats": { "count": "6" } }));
    }
    let effort = stats(
        &simulator,
        "sysparm_sum_fields=u_effort&sysparm_avg_fields=u_effort,u_due&sysparm_max_fields=u_effort",
    )
    .await;
    let expected = json!({
        "sum": { "u_effort": "1970-01-02 00:00:31" },
        "avg": { "u_effort": "1970-01-01 08:00:10" },
        "max": { "u_effort": "1970-01-02 00:00:00" },
    });
    assert_eq!(effort["stats"], expected, "durations as they are stored, and no average of dates");
    let none = stats(
        &simulator,
        "sysparm_query=u_state=9&sysparm_count=true&sysparm_avg_fields=u_amount&sysparm_max_fields=u_due",
    )
    .await;
    let expected = json!({ "count": "0", "avg": { "u_amount": "" }, "max": { "u_due": "" } });
    assert_eq!(none["stats"], expected);
    let unknown = stats(&simulator, "sysparm_sum_fields=u_none&sysparm_min_fields=u_none,u_pieces").await;
    assert_eq!(unknown["stats"], json!({ "min": { "u_pieces": "1" } }));
}

#[tokio::test]
pub(crate) async fn the_same_queries_select_the_rows() {
    let simulator = instance();
    let count = async |query: &str| {
        stats(&simulator, &format!("sysparm_count=true&{query}")).await["stats"]["count"].clone()
    };
    assert_eq!(count("sysparm_query=u_amount>1^ORu_pieces=5^u_city.u_name=Berlin").await, "3");
    assert_eq!(count("u_state=Done").await, "4", "names and values, by label");
    assert_eq!(count("u_city=Berlin&u_state=1").await, "2");
    assert_eq!(count("sysparm_query=u_none=1").await, "6", "an unknown field widens");
    assert_eq!(
        count("sysparm_query=u_state=2&sysparm_limit=1&sysparm_offset=3").await,
        "4",
        "there are no pages"
    );
    let unsupported =
        get(&simulator, "/api/now/stats/u_order?sysparm_query=SUBQUERY&sysparm_count=true").await;
    assert_eq!(unsupported.status, 501);
}

#[tokio::test]
pub(crate) async fn groups_have_their_fields_beside_them() {
    let simulator = instance();
    let found =
        stats(&simulator, "sysparm_count=true&sysparm_avg_fields=u_amount&sysparm_group_by=u_city").await;
    let expected = json!([
        { "stats": { "count": "1", "avg": { "u_amount": "3.0000" } }, "groupby_fields": [{ "field": "u_city", "value": "" }] },
        { "stats": { "count": "4", "avg": { "u_amount": "2.3333" } }, "groupby_fields": [{ "field": "u_city", "value": "c2" }] },
        { "stats": { "count": "1", "avg": { "u_amount": "10.5000" } }, "groupby_fields": [{ "field": "u_city", "value": "c1" }] },
    ]);
    assert_eq!(found, expected, "an empty value is a group; references are in the order of their names");
    let two = stats(&simulator, "sysparm_sum_fields=u_pieces&sysparm_group_by=u_city.u_name,u_state").await;
    let expected = json!({
        "stats": { "sum": { "u_pieces": "11" } },
        "groupby_fields": [{ "field": "u_city.u_name", "value": "Berlin" }, { "field": "u_state", "value": "1" }],
    });
    assert_eq!((two.as_array().unwrap().len(), &two[1]), (4, &expected), "walks, and several fields");
    let bare = stats(&simulator, "sysparm_group_by=u_state").await;
    assert_eq!(bare[0], json!({ "stats": {}, "groupby_fields": [{ "field": "u_state", "value": "1" }] }));
    let none = stats(&simulator, "sysparm_group_by=u_state&sysparm_query=u_pieces=99").await;
    assert_eq!(none, json!([]), "no row, no group");
    let unknown = stats(&simulator, "sysparm_count=true&sysparm_group_by=u_none").await;
    assert_eq!(unknown, json!({ "stats": { "count": "6" } }));
}

#[tokio::test]
pub(crate) async fn display_values_of_groups() {
    let simulator = instance();
    let shown = stats(
        &simulator,
        "sysparm_group_by=u_state,u_city&sysparm_display_value=true&sysparm_query=u_pieces=5",
    )
    .await;
    let expected = json!([{ "field": "u_state", "display_value": "Open" }, { "field": "u_city", "display_value": "Berlin" }]);
    assert_eq!(shown[0]["groupby_fields"], expected);
    let both =
        stats(&simulator, "sysparm_group_by=u_city&sysparm_display_value=all&sysparm_query=u_pieces=5").await;
    assert_eq!(
        both[0]["groupby_fields"],
        json!([{ "field": "u_city", "display_value": "Berlin", "value": "c2" }])
    );
}

#[tokio::test]
pub(crate) async fn having_and_order() {
    let simulator = instance();
    let by = |more: &str| format!("sysparm_group_by=u_city&{more}");
    for (order, expected) in [
        ("sysparm_order_by=COUNT^DESC,u_city", pairs([("c2", "4"), ("", "1"), ("c1", "1")])),
        ("sysparm_order_by=COUNT,u_city^DESC", pairs([("c1", "1"), ("", "1"), ("c2", "4")])),
        ("sysparm_order_by=u_city^DESC", pairs([("c1", "1"), ("c2", "4"), ("", "1")])),
        ("sysparm_order_by=AVG^u_amount", pairs([("c2", "4"), ("", "1"), ("c1", "1")])),
        ("sysparm_order_by=SUM^u_pieces^DESC,u_city", pairs([("c2", "4"), ("", "1"), ("c1", "1")])),
        ("sysparm_order_by=u_none", pairs([("", "1"), ("c2", "4"), ("c1", "1")])),
        ("sysparm_having=count^u_pieces^>^1", pairs([("c2", "4")])),
        ("sysparm_having=count^u_amount^=^3", pairs([("c2", "4")])),
        ("sysparm_having=avg^u_amount^<=^3", pairs([("", "1"), ("c2", "4")])),
        ("sysparm_having=avg^u_amount^<=^3,sum^u_pieces^!=^18", pairs([("", "1")])),
        ("sysparm_having=max^u_amount^>=^10.5", pairs([("c1", "1")])),
        ("sysparm_having=min^u_amount^<^2", pairs([("c2", "4")])),
        ("sysparm_having=nonsense", pairs([("", "1"), ("c2", "4"), ("c1", "1")])),
    ] {
        assert_eq!(groups(&simulator, &by(order)).await, expected, "{order}");
    }
    let none = stats(&simulator, "sysparm_count=true&sysparm_having=count^u_pieces^>^5").await;
    assert_eq!(none, json!({ "stats": {} }));
}

#[tokio::test]
pub(crate) async fn refusals() {
    let simulator = orders()
        .rule(Rule::HideRows { table: "u_order".into(), query: "u_state=2".into() })
        .rule(Rule::HideField { table: "u_order".into(), field: "u_note".into() })
        .rule(Rule::DenyAggregates { table: "problem".into() })
        .build()
        .unwrap();
    let reader = async |path: &str| get_as(&simulator, READER, path).await;
    let counted = reader("/api/now/stats/u_order?sysparm_count=true").await;
    assert_eq!(counted.result(), json!({ "stats": { "count": "6" } }), "rows that lists hide are counted");
    assert_eq!(reader("/api/now/table/u_order").await.rows().len(), 2);
    let denied = reader("/api/now/stats/problem?sysparm_count=true").await;
    let message = "Insufficient rights to query records";
    assert_eq!(denied.error(), (403, message.into(), json!("No permission to read table 'problem'")));
    assert_eq!(get(&simulator, "/api/now/stats/problem?sysparm_count=true").await.status, 200);
    for hidden in [
        "sysparm_group_by=u_note",
        "sysparm_min_fields=u_note",
        "sysparm_order_by=u_note",
        "sysparm_having=count^u_note^>^1",
        "sysparm_query=u_note=first",
    ] {
        let refused: Got = reader(&format!("/api/now/stats/u_order?sysparm_count=true&{hidden}")).await;
        assert_eq!((refused.status.as_u16(), refused.error().1.as_str()), (403, message), "{hidden}");
    }
    assert_eq!(get_as(&simulator, "", "/api/now/stats/u_order").await.status, 401);
    let unknown = get(&simulator, "/api/now/stats/no_table").await;
    assert_eq!(unknown.error(), (400, "Invalid table no_table".into(), Value::Null));
    for (method, path, status) in [
        ("POST", "/api/now/stats/u_order", 405),
        ("GET", "/api/now/stats", 400),
        ("GET", "/api/now/stats/u_order/x", 400),
        ("HEAD", "/api/now/stats/u_order", 200),
    ] {
        assert_eq!(call(&simulator, method, path, "").await.status, status, "{method} {path}");
    }
    simulator.settings(|settings| settings.quota = Some(Quota { rows: 5, shape: Cut::ErrorAfterRows }));
    let cancelled = get_as(&simulator, ADMIN, "/api/now/stats/u_order?sysparm_count=true").await;
    assert_eq!(
        (cancelled.status.as_u16(), cancelled.error().1.as_str()),
        (500, "Transaction cancelled: maximum execution time exceeded")
    );
}
