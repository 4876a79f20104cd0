//! Records that the user may not see cost few requests, however many there are, in every order and wherever a read resumes.

use futures_util::TryStreamExt;
use proptest::prelude::*;
use snow_client::{Client, Error, ErrorKind, Query, Record, stream::RecordStream, table::ListRecords};
use snow_sim::{Rule, Simulator, User};

/// All incidents below this number are hidden from the client's user.
fn simulator(incidents: u32, hidden: &[String]) -> Simulator {
    let builder = Simulator::builder().without_demo_data().user("admin", "secret").incidents(incidents);
    let builder = builder.user_with(User::new("reader", "secret").role("itil"));
    let hide = |query: &String| Rule::HideRows { table: "incident".into(), query: query.clone() };
    hidden.iter().fold(builder, |builder, query| builder.rule(hide(query))).build().unwrap()
}

fn client(simulator: &Simulator) -> Client {
    let builder = Client::builder().instance("dev1").user("reader").password("secret");
    builder.transport(simulator.clone()).build().unwrap()
}

fn numbers(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| record.value("number").unwrap().into_owned()).collect()
}

/// Pages that show nothing grow, so that 5,000 hidden records take one for each doubling, and a few of full size.
const FEW: usize = 14 + 5;

#[tokio::test(start_paused = true)]
async fn few_records_behind_many_hidden_ones_take_few_requests() {
    let simulator = simulator(5_003, &["number<INC0005000".into()]);
    let client = client(&simulator);
    let orders = [
        Query::new(),
        Query::new().order_by("number"),
        Query::new().order_by_desc("short_description"),
        Query::new().order_by("sys_created_on"),
        Query::new().order_by("priority").order_by_desc("number"),
    ];
    let shown =
        numbers(&client.table("incident").list().query(Query::new().order_by("number")).all().await.unwrap());
    assert!((1..=5).contains(&shown.len()), "{shown:?}");
    for order in &orders {
        let list =
            || -> ListRecords<Record> { client.table("incident").list().query(order).fields(["number"]) };
        simulator.take_journal();
        let first = list().first().await.unwrap();
        assert!(shown.contains(&numbers(&[first])[0]), "{order:?}");
        let taken = simulator.take_journal().len();
        assert!(taken <= FEW, "first() in {order:?}: {taken} requests");

        // Two of them are wanted, and each may stand behind hidden ones.
        assert_eq!(list().one_or_none().await.unwrap_err().kind(), ErrorKind::MultipleResults);
        let taken = simulator.take_journal().len();
        assert!(taken <= 2 * FEW, "one() in {order:?}: {taken} requests");

        let some = list().limit(2).stream().try_collect::<Vec<_>>().await.unwrap();
        assert_eq!(some.len(), 2, "{order:?}");
        let taken = simulator.take_journal().len();
        assert!(taken <= 2 * FEW, "limit(2).stream() in {order:?}: {taken} requests");

        let none = list()
            .query(snow_client::field("number").lt("INC0004000").and(order.clone()))
            .first_or_none()
            .await;
        assert!(none.unwrap().is_none(), "{order:?}");
        let taken = simulator.take_journal().len();
        assert!(taken <= FEW, "none in {order:?}: {taken} requests");
    }
    // A part of an order that may have moved meanwhile is an error, and it takes few requests to be one.
    let all = client.table("incident").list().query(&orders[1]).limit(2).all().await;
    assert!(all.map(drop).is_err_and(|error| error.kind() == ErrorKind::Incomplete));
    assert!(simulator.take_journal().len() <= FEW);
}

fn sized(rows: RecordStream<Record>, size: Option<u32>) -> RecordStream<Record> {
    match size {
        Some(size) => rows.page_size(size),
        None => rows,
    }
}

/// The numbers that a read gives which is stopped after so many records, and goes on with pages of another size.
async fn in_two_parts(
    list: impl Fn() -> ListRecords<Record>,
    sizes: [Option<u32>; 2],
    stop: usize,
) -> Result<Vec<String>, Error> {
    let (mut rows, mut records) = (sized(list().stream(), sizes[0]), Vec::new());
    while records.len() < stop {
        match rows.next().await.transpose()? {
            Some(record) => records.push(record),
            None => return Ok(numbers(&records)),
        }
    }
    if let Some(position) = rows.position() {
        let rest: Vec<_> = sized(list().stream(), sizes[1]).resume(position).try_collect().await?;
        records.extend(rest);
    }
    Ok(numbers(&records))
}

fn page_size() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(1..70_u32)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Whatever is hidden, however large pages are before and after, wherever it stops: every record that shows comes once.
    #[test]
    fn a_read_by_position_goes_on_where_it_stopped(
        (from, to) in (0..300_usize, 0..300_usize),
        sizes in [page_size(), page_size()],
        stop in 1..300_usize,
        limit in prop::option::of(1..320_u32),
    ) {
        let between = format!("number>INC{from:07}^number<INC{to:07}");
        let simulator = simulator(300, &[between, "numberENDSWITH7".into()]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let (read, expected) = runtime.block_on(async {
            let client = client(&simulator);
            let list = || {
                let list = client.table("incident").list().query(Query::new().order_by_desc("number")).fields(["number"]);
                match limit {
                    Some(limit) => list.limit(limit),
                    None => list,
                }
            };
            let by_id: Vec<_> = client.table("incident").list().fields(["number"]).all().await.unwrap();
            let mut expected = numbers(&by_id);
            expected.sort_unstable_by(|a, b| b.cmp(a));
            expected.truncate(limit.map_or(usize::MAX, |limit| limit as usize));
            (in_two_parts(list, sizes, stop).await.unwrap(), expected)
        });
        prop_assert_eq!(read, expected);
    }
}
