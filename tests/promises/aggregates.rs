//! Aggregates are numbers, in one set or one set per group, and a value that the service did not send is an error, never zero.

use snow_client::{
    Client, DateTime, DisplayValue, Error, ErrorKind, Transport,
    aggregate::{Aggregate, Comparison, Group},
    field,
};
use snow_sim::{ColumnType, Fault, Rule, Simulator, Table, User};

/// Amounts 1, 2 and 4 in Berlin, 10.5 in Rome, 3 nowhere.
fn simulator() -> Simulator {
    let cities = Table::new("u_city", "City").display("u_name").column("u_name", ColumnType::Text);
    let orders = Table::new("u_order", "Order")
        .column("u_amount", ColumnType::Decimal)
        .column("u_pieces", ColumnType::Integer)
        .column("u_city", ColumnType::Reference("u_city".into()))
        .column("u_due", ColumnType::DateTime);
    let mut builder = Simulator::builder().user("admin", "secret").user_with(User::new("reader", "secret"));
    builder = builder.table(cities).table(orders);
    for (id, name) in [("c1", "Rome"), ("c2", "Berlin")] {
        builder = builder.row("u_city", [("sys_id", id), ("u_name", name)]);
    }
    for (amount, city, due) in [
        ("1", "c2", "2026-01-03 00:00:00"),
        ("2", "c2", "2026-01-01 00:00:00"),
        ("4", "c2", ""),
        ("10.5", "c1", "2026-02-01 00:00:00"),
        ("3", "", ""),
    ] {
        builder = builder.row("u_order", [("u_amount", amount), ("u_city", city), ("u_due", due)]);
    }
    builder.build().unwrap()
}

async fn client(simulator: &Simulator, user: &str) -> (Client, snow_sim::Listener) {
    let listener = simulator.listen().await.unwrap();
    let transport = Transport::builder().no_proxy().build().unwrap();
    let builder = Client::builder().instance(listener.url()).user(user).password("secret");
    (builder.transport(transport).build().unwrap(), listener)
}

fn cities(groups: &[Group]) -> Vec<(String, u64)> {
    groups.iter().map(|group| (group.value("u_city").unwrap().into_owned(), group.count().unwrap())).collect()
}

fn pairs<const N: usize>(pairs: [(&str, u64); N]) -> Vec<(String, u64)> {
    pairs.map(|(city, count)| (city.to_owned(), count)).to_vec()
}

#[tokio::test]
async fn of_all_rows_or_those_of_a_query() {
    let simulator = simulator();
    let (client, _listener) = client(&simulator, "admin").await;
    let all = client.aggregate("u_order").count().sum(["u_amount", "u_pieces"]).avg(["u_amount"]);
    let all = all.min(["u_amount", "u_due"]).max(["u_due"]).await.unwrap();
    assert_eq!(all.count().unwrap(), 5);
    assert_eq!((all.sum("u_amount").unwrap(), all.avg("u_amount").unwrap()), (Some(20.5), Some(4.1)));
    assert_eq!(all.sum("u_pieces").unwrap(), None, "no row has any");
    assert_eq!(all.min::<f64>("u_amount").unwrap(), Some(1.0));
    assert_eq!(all.min::<DateTime>("u_due").unwrap().unwrap().to_string(), "2026-01-01 00:00:00");
    assert_eq!(all.max::<&str>("u_due").unwrap(), Some("2026-02-01 00:00:00"));
    assert_eq!(all.read::<String>(Aggregate::Avg, "u_amount").unwrap().unwrap(), "4.1000");
    let none =
        client.aggregate("u_order").query(field("u_amount").gt(100)).count().sum(["u_amount"]).await.unwrap();
    assert_eq!((none.count().unwrap(), none.sum("u_amount").unwrap()), (0, None));
}

#[tokio::test]
async fn by_groups_in_an_order_with_what_a_person_sees() {
    let simulator = simulator();
    let (client, _listener) = client(&simulator, "admin").await;
    let by_city = || client.aggregate("u_order").count().sum(["u_amount"]).group_by(["u_city"]);
    let most =
        by_city().order_by_aggregate_desc(Aggregate::Count, "u_city").order_by("u_city").await.unwrap();
    assert_eq!(cities(&most), pairs([("c2", 3), ("", 1), ("c1", 1)]));
    assert_eq!(most[0].sum("u_amount").unwrap(), Some(7.0));
    let richest = by_city().order_by_aggregate(Aggregate::Sum, "u_amount").await.unwrap();
    assert_eq!(cities(&richest), pairs([("", 1), ("c2", 3), ("c1", 1)]));
    let last = by_city().order_by_desc("u_city").await.unwrap();
    assert_eq!(last.len(), 3);
    let some = by_city().having(Aggregate::Sum, "u_amount", Comparison::Greater, 3.5);
    let some = some.having(Aggregate::Count, "u_city", Comparison::LessOrEqual, 1.0).await.unwrap();
    assert_eq!(cities(&some), pairs([("c1", 1)]));

    let both = by_city().display_value(DisplayValue::All).await.unwrap();
    let shown = |group: &Group| group.display_value("u_city").unwrap().unwrap().into_owned();
    let rome = both.iter().find(|group| group.value("u_city").unwrap() == "c1").unwrap();
    assert_eq!(shown(rome), "Rome");
    let seen = by_city().display_value(DisplayValue::Display).await.unwrap();
    assert!(seen.iter().any(|group| group.value("u_city").unwrap() == "Rome"));
    let walked = client.aggregate("u_order").count().group_by(["u_city.u_name"]).await.unwrap();
    assert!(walked.iter().any(|group| group.value("u_city.u_name").unwrap() == "Berlin"));
    assert_eq!(walked[0].value("u_city").unwrap_err().kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn what_is_not_told_is_an_error_and_what_cannot_be_right_is_not_sent() {
    let simulator = simulator();
    let (client, _listener) = client(&simulator, "admin").await;
    let told = client.aggregate("u_order").sum(["u_amount", "u_misspelt"]).await.unwrap();
    for error in [
        told.count().map(drop).unwrap_err(),
        told.sum("u_misspelt").map(drop).unwrap_err(),
        told.avg("u_amount").map(drop).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("it was not requested"), "{error}");
    }
    simulator.take_journal();
    let by = |field: &str| client.aggregate("u_order").count().group_by([field]);
    for refused in [
        client.aggregate("u/order").count().await.map(drop),
        client.aggregate("u_order").sum(["a,b"]).await.map(drop),
        by("state^DESC").await.map(drop),
        client.aggregate("u_order").group_by([""; 0]).await.map(drop),
        by("u_city").order_by("a,b").await.map(drop),
        by("u_city").having(Aggregate::Sum, "u_amount^>^3,count", Comparison::Less, 1.0).await.map(drop),
        by("u_city").having(Aggregate::Sum, "u_amount", Comparison::Less, f64::NAN).await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert!(simulator.journal().is_empty());
}

#[tokio::test]
async fn refusals_and_broken_answers_are_told() {
    let simulator = simulator();
    simulator.add_rule(Rule::DenyAggregates { table: "u_order".into() });
    let (reader, _listener) = client(&simulator, "reader").await;
    let kind = |error: Error| error.kind();
    let count = |client: &Client, table: &str| client.aggregate(table).count().into_future();
    assert_eq!(count(&reader, "u_order").await.map_err(kind).unwrap_err(), ErrorKind::Forbidden);
    let (admin, _listener) = client(&simulator, "admin").await;
    assert_eq!(count(&admin, "no_such").await.map_err(kind).unwrap_err(), ErrorKind::UnknownTable);
    // An answer of another shape is no count of nothing.
    simulator.fail_always(Some(Fault::CancelledInStream));
    let once = Client::builder().instance("dev1").user("admin").password("secret");
    let once = once
        .retry(snow_client::layer::RetryPolicy::new().max_attempts(1))
        .transport(simulator.clone())
        .build()
        .unwrap();
    assert_eq!(count(&once, "u_order").await.map_err(kind).unwrap_err(), ErrorKind::TransactionCancelled);
}
