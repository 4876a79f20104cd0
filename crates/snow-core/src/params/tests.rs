use super::*;
use crate::field;
use proptest::prelude::*;

#[test]
fn debug_shows_names_and_no_values() {
    let params = Params::new().query(field("name").eq("canary")).limit(1);
    assert_eq!(format!("{params:?}"), r#"["sysparm_query", "sysparm_limit"]"#);
}

#[test]
fn every_parameter_has_its_name_and_its_form() {
    let params = Params::new()
        .filter("assigned_to", "john.smith")
        .filter("priority", 1)
        .offset(20)
        .exclude_reference_link(true)
        .suppress_pagination_header(true)
        .no_count(false)
        .view("mobile")
        .query_category("reports")
        .query_no_domain(true)
        .input_display_value(true)
        .suppress_auto_sys_field(false)
        .tiny("a1b2")
        .custom("a&b", "c=d&e");
    let wanted = "assigned_to=john.smith&priority=1&sysparm_offset=20&sysparm_exclude_reference_link=true\
        &sysparm_suppress_pagination_header=true&sysparm_no_count=false&sysparm_view=mobile\
        &sysparm_query_category=reports&sysparm_query_no_domain=true&sysparm_input_display_value=true\
        &sysparm_suppress_auto_sys_field=false&sysparm_tiny=a1b2&a%26b=c%3Dd%26e";
    assert_eq!(params.encoded().unwrap(), wanted);
}

#[test]
fn what_cannot_be_sent_is_refused_and_the_first_is_told() {
    let number = || field("number").eq("INC01");
    for (params, why) in [
        (Params::new().custom("", "x"), "no name"),
        (Params::new().fields(["number", "a,b"]).fields(["Number"]), "\"a,b\""),
        (Params::new().filter("a=b&c", "x"), "\"a=b&c\""),
        (Params::new().filter("sysparm_limit", 1).limit(2), "a parameter's name"),
        (Params::new().filter("a", "javascript:gs.sleep(1)"), "script"),
        (Params::new().query(field("a").eq("x^y")).limit(1), "'^'"),
        (Params::new().query(number()).filter("state", 1), "exclude each other"),
        (Params::new().filter("state", 1).query(number()), "exclude each other"),
    ] {
        let error = params.encoded().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(why), "{error}");
    }
    assert!(Params::new().query(Query::new()).filter("state", 1).encoded().is_ok());
}

proptest! {
    #[test]
    fn any_value_stays_one_pair_and_decodes_to_itself(first in "\\PC{0,20}", second in "\\PC{0,20}") {
        let raw = Query::raw(&first);
        let params = Params::new().query(number_is_1()).query(&raw).custom("x", &second);
        let pairs: Vec<_> = params.encoded().unwrap().split('&').map(|pair| pair.split_once('=').unwrap()).collect();
        prop_assert_eq!(pairs.len(), 2);
        let decode = |text| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        prop_assert_eq!((pairs[0].0, decode(pairs[0].1)), ("sysparm_query", first.clone()));
        prop_assert_eq!((pairs[1].0, decode(pairs[1].1)), ("x", second.clone()));
        prop_assert_eq!(params.get("x"), Some(second));
        prop_assert_eq!(params.get("y"), None);
    }
}

fn number_is_1() -> Query<'static> {
    field("number").eq(1)
}
