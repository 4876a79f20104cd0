//! Encoded queries are evaluated as the service evaluates them (facts 2).

use crate::{builder, get};
use snow_sim::{ColumnType, Simulator, Table, User};
use std::time::{Duration, SystemTime};

/// Ten rows, of which each test knows which match.
fn thing() -> Simulator {
    let table = Table::new("u_thing", "Thing")
        .display("u_name")
        .column("u_name", ColumnType::Text)
        .column("u_other", ColumnType::Text)
        .column("u_size", ColumnType::Integer)
        .column("u_flag", ColumnType::Boolean)
        .column("u_from", ColumnType::DateTime)
        .column("u_to", ColumnType::DateTime)
        .column("u_user", ColumnType::Reference("sys_user".into()))
        .column("u_parent", ColumnType::Reference("u_thing".into()));
    let rows: &[(&str, &str, &str, &str, &str, &str)] = &[
        ("alpha", "alpha", "1", "true", "2026-06-01 00:00:00", "2026-06-01 12:00:00"),
        ("Beta", "x", "2", "false", "2026-06-02 08:00:00", "2026-06-07 08:00:00"),
        ("gamma ray", "", "10", "", "2026-06-03 00:00:00", "2026-06-02 00:00:00"),
        ("delta^x", "y", "", "true", "", ""),
        ("", "z", "7", "false", "2026-06-26 00:00:00", ""),
    ];
    // Friday, 26 June 2026, 10:00 UTC.
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_782_468_000);
    let me = User::new("admin", "secret").role("admin");
    let mut builder = Simulator::builder().user_with(me).start_at(start).table(table);
    for (at, (name, other, size, flag, from, to)) in rows.iter().enumerate() {
        let id = format!("{at:032}");
        let parent = if at == 0 { String::new() } else { format!("{:032}", 0) };
        let row = [
            ("sys_id", id.as_str()),
            ("u_name", name),
            ("u_other", other),
            ("u_size", size),
            ("u_flag", flag),
            ("u_from", from),
            ("u_to", to),
            ("u_parent", &parent),
        ];
        builder = builder.row("u_thing", row);
    }
    builder.build().unwrap()
}

/// The numbers of the rows that a query selects.
async fn select(simulator: &Simulator, query: &str) -> String {
    let got =
        get(simulator, &format!("/api/now/table/u_thing?sysparm_fields=sys_id&sysparm_query={query}")).await;
    assert_eq!(got.status, 200, "{query}: {}", got.text);
    got.column("sys_id")
        .iter()
        .map(|id| id.trim_start_matches('0'))
        .map(|id| if id.is_empty() { "0" } else { id })
        .collect()
}

#[tokio::test]
pub(crate) async fn every_operator() {
    let simulator = thing();
    for (query, rows) in [
        ("u_name=ALPHA", "0"),
        ("u_name!=alpha", "123"),
        ("u_nameINbeta,alpha", "01"),
        ("u_nameNOT INbeta,alpha", "23"),
        ("u_nameNOTINbeta,alpha", "23"),
        ("u_nameLIKEA", "0123"),
        ("u_name*amma", "2"),
        ("u_nameCONTAINSamma", "2"),
        ("u_nameNOT LIKEa ", "013"),
        ("u_nameNOTLIKEa ", "013"),
        ("u_name!*a ", "013"),
        ("u_nameDOES NOT CONTAINa ", "013"),
        ("u_nameSTARTSWITHGAM", "2"),
        ("u_nameENDSWITHray", "2"),
        ("u_name%ray", "2"),
        ("u_nameISEMPTY", "4"),
        ("u_nameISNOTEMPTY", "0123"),
        ("u_nameEMPTYSTRING", "4"),
        ("u_nameANYTHING", "01234"),
        ("u_size<7", "01"),
        ("u_size<=7", "014"),
        ("u_size>2", "24"),
        ("u_size>=10", "2"),
        ("u_size>lots", ""),
        ("u_sizeBETWEEN2@7", "14"),
        ("u_fromBETWEEN2026-06-02 00:00:00@2026-06-03 00:00:00", "12"),
        ("u_nameSAMEASu_other", "0"),
        ("u_nameNSAMEASu_other", "1234"),
        ("u_fromSAMEASu_to@day", "03"),
        ("u_fromGT_FIELDu_to", "2"),
        ("u_fromLT_FIELDu_to", "01"),
        ("u_fromGT_OR_EQUALS_FIELDu_to", "2"),
        ("u_fromLT_OR_EQUALS_FIELDu_to", "01"),
        ("u_fromMORETHANu_to@day@before@3", "1"),
        ("u_fromLESSTHANu_to@day@before@3", "0"),
        ("u_fromMORETHANu_to@hour@after@3", "2"),
        ("u_fromONToday@javascript:gs.daysAgoStart(0)@javascript:gs.daysAgoEnd(0)", "4"),
        ("u_fromNOTONToday@javascript:gs.daysAgoStart(0)@javascript:gs.daysAgoEnd(0)", "012"),
        ("u_fromON2026-06-02@2026-06-02 00:00:00@2026-06-02 23:59:59", "1"),
        ("u_fromRELATIVEGT@hour@ago@11", "4"),
        ("u_fromRELATIVELT@month@ago@0", "0124"),
        ("u_fromRELATIVEGE@dayofweek@ago@24", "24"),
        ("u_fromRELATIVELE@quarter@ago@1", ""),
        ("u_fromRELATIVELT@minute@ahead@1", "0124"),
        ("u_fromDATEPARTTuesday@javascript:gs.datePart('dayofweek','tuesday','EE')", "1"),
        ("u_fromDATEPARTJune@javascript:gs.datePart('month','june','EE')", "0124"),
        ("u_fromDATEPART8@javascript:gs.datePart('hour','8','GE')", "1"),
        ("u_parent=00000000000000000000000000000000", "1234"),
        ("u_parentLIKEalp", "1234"),
        ("u_parent.u_size=1", "1234"),
        ("u_parent.u_parent.u_name=alpha", ""),
        ("sys_id>00000000000000000000000000000002", "34"),
        ("u_size=", "3"),
        ("GROUPBYu_name", "01234"),
        ("u_size=1^EQ", "0"),
        ("ORDERBYDESCu_size", "24103"),
        ("ORDERBYu_flag^ORDERBYDESCu_name", "21430"),
        ("sys_class_nameINSTANCEOFno_such_class", "01234"),
    ] {
        assert_eq!(select(&simulator, query).await, rows, "{query}");
    }
    let incidents = builder().build().unwrap();
    let none =
        get(&incidents, "/api/now/table/task?sysparm_query=sys_class_nameINSTANCEOFno_such_class").await;
    assert_eq!(none.rows().len(), 0, "an unknown class never widens");
    let me = get(
        &incidents,
        "/api/now/table/sys_user?sysparm_query=sys_idDYNAMIC90d1921e5f510100a9ad2572f2b477fe",
    )
    .await;
    assert_eq!(me.column("user_name"), ["admin"]);
    let me = get(&incidents, "/api/now/table/sys_user?sysparm_query=sys_id=javascript:gs.getUserID()").await;
    assert_eq!(me.column("user_name"), ["admin"]);
}

#[tokio::test]
pub(crate) async fn text_search_related_lists_and_joins() {
    let simulator = thing();
    assert_eq!(select(&simulator, "123TEXTQUERY321=RAY gamma").await, "2");
    assert_eq!(select(&simulator, "RLQUERYu_thing.u_parent,>=4^ENDRLQUERY").await, "0");
    assert_eq!(select(&simulator, "RLQUERYu_thing.u_parent,>=1^u_size=2^ENDRLQUERY^u_name=alpha").await, "0");
    assert_eq!(select(&simulator, "RLQUERYu_thing.u_parent,=0^ENDRLQUERY").await, "1234");
    assert_eq!(select(&simulator, "JOINu_thing.u_other=u_thing.u_name!u_size=1").await, "0");
}

#[tokio::test]
pub(crate) async fn what_is_not_simulated_says_so() {
    let simulator = thing();
    for query in [
        "u_userDYNAMICabc",
        "u_parentIN_HIERARCHYabc",
        "u_nameVALCHANGES",
        "RLQUERYu_thing.u_parent,>=1^RLQUERYu_thing.u_parent,>=1^ENDRLQUERY^ENDRLQUERY",
        "JOINu_thing.u_flag=u_thing.u_flag!JOINu_thing.u_flag=u_thing.u_flag!u_size=1",
        "123TEXTINDEXGROUP321=x",
        "SUBQUERYsys_id^ENDSUBQUERY",
        "u_name=javascript:gs.include('x')",
        "u_fromRELATIVEEE@hour@ago@1",
    ] {
        let got = get(&simulator, &format!("/api/now/table/u_thing?sysparm_query={query}")).await;
        assert_eq!((got.status.as_u16(), got.error().1.as_str()), (501, "Not simulated"), "{query}");
    }
}

#[tokio::test]
pub(crate) async fn precedence() {
    let simulator = thing();
    for (query, rows) in [
        ("u_size=1^ORu_size=2^u_flag=true^ORu_flag=false", "01"),
        ("u_flag=true^u_size=1^ORu_size=2", "0"),
        ("u_flag=true^u_size=1^NQu_flag=false^u_size=2", "01"),
        ("u_size=1^NQu_size=2^ORu_size=7^ORDERBYDESCu_size", "410"),
        ("u_size=2^NQRLQUERYu_thing.u_parent,>=4^ENDRLQUERY", "01"),
        ("u_size=2^ORRLQUERYu_thing.u_parent,>=4^ENDRLQUERY", "01"),
        ("u_size=1^NQORDERBYDESCu_size", "0"),
        ("u_size=1^not_a_field=5^ORu_size=2", ""),
        ("u_size=1^not_a_field=5^ORu_flag=true", "0"),
    ] {
        assert_eq!(select(&simulator, query).await, rows, "{query}");
    }
}

#[tokio::test]
pub(crate) async fn carets() {
    let simulator = thing();
    assert_eq!(select(&simulator, "u_name=delta^^x").await, "3");
    assert_eq!(select(&simulator, "u_name=delta^^x^u_flag=true").await, "3");
    assert_eq!(select(&simulator, "^^^").await, "01234");
    assert_eq!(select(&simulator, "^u_size=1^").await, "0");
}

#[tokio::test]
pub(crate) async fn empty_values() {
    let simulator = thing();
    assert_eq!(select(&simulator, "u_flag=false").await, "14", "an empty flag is not false");
    assert_eq!(select(&simulator, "u_flag!=true").await, "14");
    assert_eq!(select(&simulator, "u_flag=false^ORu_flagISEMPTY").await, "124");
    simulator.settings(|settings| settings.negatives_match_empty = true);
    assert_eq!(select(&simulator, "u_flag!=true").await, "124", "as the documentation has it");
}

#[tokio::test]
pub(crate) async fn invalid_queries_widen() {
    let simulator = thing();
    for query in [
        "not_a_field=1",
        "Correlation ID = x",
        "u_name.x=1",
        "u_parent.not_a_field=1",
        "not_a_field=1^not_either=2",
    ] {
        assert_eq!(select(&simulator, query).await, "01234", "{query}");
    }
    assert_eq!(select(&simulator, "not_a_field=1^u_size=1").await, "0");
    assert_eq!(select(&simulator, "u_size==1").await, "", "the value is =1");
    assert_eq!(select(&simulator, "u_size=99").await, "");
    simulator.settings(|settings| settings.invalid_query_returns_no_rows = true);
    assert_eq!(select(&simulator, "not_a_field=1").await, "");
    assert_eq!(select(&simulator, "ORDERBYnot_a_field").await, "");
    assert_eq!(select(&simulator, "u_size=1").await, "0");
}

#[tokio::test]
pub(crate) async fn dates_and_their_functions() {
    let simulator = thing();
    for (query, rows) in [
        ("u_from>=2026-06-03 00:00:00", "24"),
        ("u_from>2026-06-02", "124"),
        ("u_from>=javascript:gs.dateGenerate('2026-06-03','00:00:00')", "24"),
        ("u_from>=javascript:gs.dateGenerate('2026-06-03','start')", "24"),
        ("u_from>=javascript:gs.dateGenerate('2026-06-03 00:00:00')", "24"),
        ("u_from>=javascript:gs.beginningOfToday()", "4"),
        ("u_from>=javascript:gs.hoursAgo(10)", "4"),
        ("u_from>javascript:gs.hoursAgo(10)", ""),
        ("u_from>javascript:gs.minutesAgoStart(601)", "4"),
        ("u_from<javascript:gs.beginningOfThisWeek()", "012"),
        ("u_from<javascript:gs.beginningOfThisMonth()", ""),
        ("u_from<=javascript:gs.endOfLastMonth()", ""),
        ("u_from>=javascript:gs.monthsAgo(1)", "0124"),
        ("u_from>=javascript:gs.beginningOfThisQuarter()", "0124"),
        ("u_from<javascript:gs.endOfThisYear()", "0124"),
        ("u_from>=javascript:gs.daysAgo(24)", "24"),
    ] {
        assert_eq!(select(&simulator, query).await, rows, "{query}");
    }
    // The functions count in the caller's zone: there it is still the day before. The demo's changes are as old as the instance.
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_782_468_000 - 4 * 3_600);
    let user = User::new("admin", "secret").role("admin").time_zone("America/Los_Angeles");
    let away = Simulator::builder().user_with(user).start_at(start).build().unwrap();
    let query = "sys_created_on>=javascript:gs.beginningOfToday()^sys_created_on<2026-06-25 07:00:00";
    assert_eq!(
        get(&away, &format!("/api/now/table/change_request?sysparm_query={query}")).await.rows().len(),
        0
    );
    let query = "sys_created_on>=javascript:gs.dateGenerate('2026-06-25','22:59:00')";
    assert_eq!(
        get(&away, &format!("/api/now/table/change_request?sysparm_query={query}")).await.rows().len(),
        3
    );
}

#[tokio::test]
async fn keys_are_compared_exactly_and_in_one_order() {
    let ids = [
        "AAbb00020000000000000000000000C1",
        "a2ebc574cc761010774cd7492799b6b1",
        "aabb00020000000000000000000000c1",
    ];
    let names = ["first", "second", "third"];
    let users = ids.iter().zip(names).fold(builder(), |builder, (id, name)| {
        builder.row("sys_user", [("sys_id", *id), ("user_name", name)])
    });
    let simulator = ids
        .iter()
        .fold(users, |builder, id| builder.row("incident", [("sys_id", *id), ("caller_id", *id)]))
        .without_demo_data()
        .build()
        .unwrap();
    let select = async |query: &str| {
        let path = format!("/api/now/table/incident?sysparm_fields=sys_id&sysparm_query={query}");
        get(&simulator, &path).await.column("sys_id")
    };
    assert_eq!(select("ORDERBYsys_id").await, ids);
    assert_eq!(select("ORDERBYDESCsys_id").await, [ids[2], ids[1], ids[0]]);
    for field in ["sys_id", "caller_id"] {
        assert_eq!(select(&format!("{field}={}", ids[0])).await, [ids[0]], "{field}");
        assert_eq!(select(&format!("{field}IN{},{}", ids[2], ids[1])).await, [ids[1], ids[2]], "{field}");
        assert_eq!(select(&format!("{field}!={}", ids[2])).await, [ids[0], ids[1]], "{field}");
    }
    // Pages by key see each record once.
    assert_eq!(select(&format!("sys_id>{}^ORDERBYsys_id", ids[0])).await, [ids[1], ids[2]]);
}
