//! Fields of the date types of chrono, jiff and time are read, written and queried as the service stores them.

use crate::client;
use serde::{Deserialize, Serialize};
use snow_client::{Client, ErrorKind, field};
use snow_sim::{ColumnType, Simulator, Table};

/// Edges of the calendar and of the day, and a field without a value.
const STORED: [(&str, &str); 6] = [
    ("2026-06-26", "2026-06-26 09:30:00"),
    ("2024-02-29", "1969-12-31 23:59:59"),
    ("0001-01-01", "0001-01-01 00:00:00"),
    // The last moment that jiff can hold, by which the simulator reads times.
    ("9999-12-30", "9999-12-30 22:00:00"),
    ("1970-01-01", "1970-01-01 00:00:00"),
    ("", ""),
];

fn simulator() -> Simulator {
    let things =
        Table::new("u_thing", "Thing").column("u_day", ColumnType::Date).column("u_at", ColumnType::DateTime);
    let builder = Simulator::builder().user("admin", "secret").table(things);
    STORED
        .iter()
        .fold(builder, |builder, (day, at)| builder.row("u_thing", [("u_day", *day), ("u_at", *at)]))
        .build()
        .unwrap()
}

/// What the table stores, in the order of the rows.
async fn stored(client: &Client) -> Vec<(String, String)> {
    let page = client
        .table("u_thing")
        .list()
        .query(snow_client::Query::new().order_by("sys_id"))
        .limit(50)
        .await
        .unwrap();
    let text = |record: &snow_client::Record, name| record.value(name).unwrap().into_owned();
    page.iter().map(|record| (text(record, "u_day"), text(record, "u_at"))).collect()
}

/// One module a crate: `$with` has its modules for serde, `$day` and `$at` are its types.
macro_rules! round_trip {
    ($name:ident, $with:literal, $option_day:literal, $option_at:literal, $day:ty, $at:ty) => {
        mod $name {
            use super::*;

            #[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
            struct Thing {
                #[serde(with = $option_day)]
                u_day: Option<$day>,
                #[serde(with = $option_at)]
                u_at: Option<$at>,
            }

            #[derive(Debug, Deserialize)]
            struct Strict {
                #[serde(with = $with)]
                u_at: $at,
            }

            #[tokio::test(start_paused = true)]
            async fn every_value_is_read_written_and_found() {
                let (simulator, sent) = (simulator(), super::simulator());
                let (from, to) = (client(&simulator), client(&sent));
                let order = snow_client::Query::new().order_by("sys_id");
                let things =
                    from.table("u_thing").typed::<Thing>().list().query(order).limit(50).await.unwrap();
                assert_eq!(things.len(), STORED.len());
                to.table("u_thing")
                    .list()
                    .query(field("sys_id").is_not_empty())
                    .delete_all()
                    .all()
                    .await
                    .into_result()
                    .unwrap();
                for thing in &things {
                    let written = to.table("u_thing").typed::<Thing>().create(thing).await.unwrap();
                    assert_eq!(written, *thing);
                }
                let (mut before, mut after) = (stored(&from).await, stored(&to).await);
                before.sort();
                after.sort();
                assert_eq!(before, after);
                for thing in things.iter().filter(|thing| thing.u_at.is_some()) {
                    let (day, at) = (thing.u_day.unwrap(), thing.u_at.unwrap());
                    for query in [field("u_day").eq(day), field("u_at").eq(at)] {
                        let found =
                            from.table("u_thing").typed::<Thing>().list().query(query).one().await.unwrap();
                        assert_eq!(found, *thing);
                    }
                }
            }

            #[tokio::test(start_paused = true)]
            async fn an_empty_field_asks_for_an_option() {
                let client = client(&simulator());
                let empty = field("u_at").is_empty();
                let error =
                    client.table("u_thing").typed::<Strict>().list().query(empty).one().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Decode);
                assert!(error.report().contains("Option<DateTime>"), "{}", error.report());
                let full =
                    client.table("u_thing").typed::<Strict>().list().query(field("u_day").eq("2026-06-26"));
                assert_eq!(
                    snow_client::DateTime::from(full.one().await.unwrap().u_at).to_string(),
                    "2026-06-26 09:30:00"
                );
            }
        }
    };
}

round_trip!(
    chrono_types,
    "snow_client::datetime::chrono::date_time",
    "snow_client::datetime::chrono::date::option",
    "snow_client::datetime::chrono::date_time::option",
    chrono::NaiveDate,
    chrono::DateTime<chrono::Utc>
);
round_trip!(
    time_types,
    "snow_client::datetime::time::date_time",
    "snow_client::datetime::time::date::option",
    "snow_client::datetime::time::date_time::option",
    time::Date,
    time::OffsetDateTime
);
round_trip!(
    jiff_types,
    "snow_client::datetime::jiff::date_time",
    "snow_client::datetime::jiff::date::option",
    "snow_client::datetime::jiff::date_time::option",
    jiff::civil::Date,
    jiff::Timestamp
);
