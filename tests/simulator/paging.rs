//! Pages, their order and their headers are those of an instance (facts 1.5 and 9).

use crate::{READER, builder, get, get_as};
use snow_sim::Rule;

#[tokio::test]
pub(crate) async fn the_link_header_and_its_quirk() {
    let simulator = builder().build().unwrap();
    let link = |got: &crate::Got| {
        got.header("link").replace("https://dev1.service-now.com/api/now/table/incident?", "")
    };
    let quirk = get(&simulator, "/api/now/table/incident?sysparm_limit=1").await;
    let expected = "<sysparm_limit=1&sysparm_offset=0>;rel=\"first\",<sysparm_limit=1&sysparm_offset=-1>;rel=\"prev\",\
                    <sysparm_limit=1&sysparm_offset=1>;rel=\"next\",<sysparm_limit=1&sysparm_offset=7>;rel=\"last\"";
    assert_eq!(link(&quirk), expected);
    let middle = get(&simulator, "/api/now/table/incident?sysparm_offset=3&sysparm_limit=3&x=y").await;
    let expected = "<x=y&sysparm_limit=3&sysparm_offset=0>;rel=\"first\",<x=y&sysparm_limit=3&sysparm_offset=0>;rel=\"prev\",\
                    <x=y&sysparm_limit=3&sysparm_offset=6>;rel=\"next\",<x=y&sysparm_limit=3&sysparm_offset=6>;rel=\"last\"";
    assert_eq!(link(&middle), expected, "unknown parameters are kept, limit and offset go to the end");
    let last = get(&simulator, "/api/now/table/incident?sysparm_offset=6&sysparm_limit=3").await;
    assert!(!last.header("link").contains("next") && last.header("link").contains("prev"));
    let whole = get(&simulator, "/api/now/table/incident?sysparm_limit=8").await;
    assert_eq!(whole.header("link"), "", "all on one page");
    let far =
        get(&simulator, "/api/now/table/incident?sysparm_limit=1&sysparm_offset=18446744073709551615").await;
    assert!(far.status == 200 && !far.header("link").contains("next"));
    let suppressed =
        get(&simulator, "/api/now/table/incident?sysparm_limit=1&sysparm_suppress_pagination_header=true")
            .await;
    assert_eq!((suppressed.header("link"), suppressed.header("x-total-count")), ("", "8"));
}

#[tokio::test]
pub(crate) async fn limits_come_before_access_rules() {
    let rule = Rule::HideRows {
        table: "incident".into(),
        query: "numberSTARTSWITHINC000000^number<INC0000004".into(),
    };
    let simulator = builder().rule(rule).build().unwrap();
    let page = |offset: u32| {
        format!("/api/now/table/incident?sysparm_query=ORDERBYnumber&sysparm_limit=2&sysparm_offset={offset}")
    };
    let sizes = [0, 2, 4, 6];
    let mut rows = Vec::new();
    for offset in sizes {
        let got = get_as(&simulator, READER, &page(offset)).await;
        assert_eq!(got.header("x-total-count"), "8");
        rows.push(got.rows().len());
    }
    assert_eq!(rows, [0, 1, 2, 2], "an empty page is not the end");
}

#[tokio::test]
pub(crate) async fn a_keyset_walk_reads_each_row_once() {
    let simulator = builder().incidents(95).build().unwrap();
    let (mut seen, mut last) = (Vec::new(), String::new());
    loop {
        let query =
            if last.is_empty() { "ORDERBYsys_id".to_owned() } else { format!("sys_id>{last}^ORDERBYsys_id") };
        let path = format!(
            "/api/now/table/incident?sysparm_query={query}&sysparm_limit=10&sysparm_no_count=true&sysparm_fields=sys_id"
        );
        let ids = get(&simulator, &path).await.column("sys_id");
        let Some(end) = ids.last() else { break };
        last.clone_from(end);
        seen.extend(ids);
    }
    assert_eq!(seen.len(), 103);
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
}

#[tokio::test]
async fn bounds_of_the_sys_id_select_what_is_between_them() {
    let simulator = builder().incidents(30).build().unwrap();
    let all = get(&simulator, "/api/now/table/incident?sysparm_query=ORDERBYsys_id").await.column("sys_id");
    let (low, high) = (&all[7], &all[20]);
    let cases = [
        (format!("sys_id>{low}^sys_id<{high}"), &all[8..20]),
        (format!("sys_id>={low}^sys_id<={high}"), &all[7..21]),
        (format!("sys_id>={low}^sys_id>{high}"), &all[21..]),
        (format!("sys_id<={low}^sys_id<{high}"), &all[..8]),
        // Alternatives are not bounds of the whole.
        (format!("sys_id<{low}^ORsys_id>{high}"), &[&all[..7], &all[21..]].concat()[..]),
        (format!("sys_id<{low}^NQsys_id>={high}"), &[&all[..7], &all[20..]].concat()[..]),
        // Nothing is between the ends of these.
        (format!("sys_id>{high}^sys_id<{low}"), &[][..]),
        (format!("sys_id>{low}^sys_id<{low}"), &[][..]),
        (format!("sys_id>={low}^sys_id<{low}"), &[][..]),
    ];
    for (query, expected) in cases {
        for count in ["", "&sysparm_no_count=true"] {
            let path = format!(
                "/api/now/table/incident?sysparm_query={query}^ORDERBYsys_id{count}&sysparm_fields=sys_id"
            );
            assert_eq!(get(&simulator, &path).await.column("sys_id"), expected, "{query}{count}");
        }
    }
}
