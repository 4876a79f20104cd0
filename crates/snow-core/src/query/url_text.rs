//! Detects text that was copied from a URL, which would have another meaning as a query.

use super::field_name::{is_field_char, split_name};
use super::operator;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

pub(super) const ENCODED: &str = "this is percent-encoded as in a URL: decode it first (a field that ends with this text is asked for with ENDSWITH)";

const FURTHER_CONDITION: &str = "a percent-encoded condition follows here: decode the text first. \
     If it is a part of the value, build the condition with field(), or send the text with Query::raw()";

const FURTHER_PARAMETER: &str = "another parameter of a URL follows here: leave it out. \
     If it is a part of the value, build the condition with field(), or send the text with Query::raw()";

/// Returns why a text is not a query, if it clearly is a URL, a parameter of one, or percent-encoded.
pub(super) fn is_no_query(text: &str) -> Option<&'static str> {
    let text = text.trim_start();
    let (name, rest) = split_name(text);
    if is_address(text) || is_parameter(text.trim_start_matches(['?', '&'])) {
        return Some(
            "is a URL, or a parameter of one: give only what follows \"sysparm_query=\" in it, percent-decoded",
        );
    }
    (!name.is_empty() && is_encoded(rest))
        .then_some("is percent-encoded as in a URL (\"%3D\" stands for \"=\"): decode it first")
}

/// Returns whether a text is `https://…`, or has parameters none of which is a condition.
fn is_address(text: &str) -> bool {
    let is_scheme =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let (path, parameters) = text.split_once('?').unwrap_or((text, ""));
    let is_condition = path.contains(['=', '^']) || operator::split(split_name(path).1).is_some();
    is_scheme("https://")
        || is_scheme("http://")
        || (!is_condition && parameters.split('&').any(is_parameter))
}

/// Returns whether a text is `sysparm_query=…`.
fn is_parameter(text: &str) -> bool {
    let (name, rest) = split_name(text);
    name.starts_with("sysparm_") && (rest.starts_with('=') || decoded(rest).starts_with('='))
}

/// Returns whether what follows a field's name is an operator only when percent-decoded. `%` is an operator, too: a value that it
/// compares with could begin like this, but `ENDSWITH` is what list views write.
pub(super) fn is_encoded(rest: &str) -> bool {
    let is_open = operator::split(rest).is_none_or(|(word, ..)| word == "%");
    if !(is_open && rest.contains('%')) {
        return false;
    }
    // Dots and underscores of the name may be encoded as well.
    let decoded = decoded(rest);
    let (_, behind) = split_name(&decoded);
    operator::split(behind).is_some_and(|(word, ..)| word != "%")
}

/// Returns where in a value a percent-encoded caret with a condition or a further parameter of a URL begins, and why that is refused.
pub(super) fn further_condition(value: &str) -> Option<(&str, &'static str)> {
    if value.starts_with("javascript:") {
        return None;
    }
    let carets = value.match_indices("%5").filter(|(at, _)| begins_condition(&value[*at..]));
    let parameters = value.match_indices('&').filter(|(at, _)| is_parameter(&value[at + 1..]));
    let why_of_caret = carets.map(|(at, _)| (&value[at..], FURTHER_CONDITION));
    let why_of_parameter = parameters.map(|(at, _)| (&value[at..], FURTHER_PARAMETER));
    why_of_caret.chain(why_of_parameter).min_by_key(|(rest, _)| std::cmp::Reverse(rest.len()))
}

/// Returns whether a text begins like `%5Eactive=true`, `%5EORactive%3Dtrue` or `%5EORDERBYnumber`.
fn begins_condition(text: &str) -> bool {
    let decoded = decoded(text);
    let Some(term) = decoded.strip_prefix('^') else { return false };
    let term = term.strip_prefix("NQ").unwrap_or(term);
    if let Some(order) = term.strip_prefix("ORDERBY") {
        return order.strip_prefix("DESC").unwrap_or(order).starts_with(is_field_char);
    }
    let (name, rest) = split_name(term.strip_prefix("OR").unwrap_or(term));
    !name.is_empty() && operator::split(rest).is_some_and(|(word, ..)| word != "%")
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::super::Query;

    #[test]
    fn what_is_copied_from_a_url_is_no_query() {
        for text in [
            "sysparm_query=active=true",
            "sysparm_query%3Dactive%3Dtrue",
            "?sysparm_query=active=true",
            "&sysparm_query=active=true",
            "?sysparm_limit=1&sysparm_query=active=true",
            "incident_list.do?sysparm_query=active=true",
            "/api/now/table/incident?x=1&sysparm_query=active=true",
            "https://dev1.service-now.com/incident_list.do?sysparm_query=active%3Dtrue",
            "HTTPS://dev1.service-now.com/",
            "dev1.service-now.com/incident_list.do?sysparm_query=active%3Dtrue",
            "active%3Dtrue",
            "active%3dtrue%5Epriority%3D1",
            "priority%3C3",
            "priority%21%3D3",
            "state%21=6",
            "stateNOT%20IN6,7",
            "caller_id%2Ename=Fred",
            "short%5Fdescription%3Dx",
        ] {
            for query in [Query::raw(text), Query::raw(text).parsed()] {
                let why = query.encode().expect_err(text).to_string();
                assert!(why.contains("URL"), "{text}: {why}");
            }
            assert!(Query::parse(text).is_err());
        }
    }

    #[test]
    fn a_value_may_hold_percent_signs_and_addresses() {
        for text in [
            "u_rateLIKE50%25",
            "u_text=a%3Db",
            "u_text=100%",
            "u_text=%5E",
            "u_text=a%5Eb",
            "u_url=https://dev1.service-now.com/?sysparm_query=active%3Dtrue",
            "u_urlLIKEincident_list.do?sysparm_query=active=true",
            "123TEXTQUERY321=?sysparm_query=",
            "RLQUERYt.f,>=1^u_urlLIKE?sysparm_query=a^ENDRLQUERY",
            "u_textSTARTSWITHR&D",
            "u_text=javascript:gs.x('a%5Eb=1')",
            "numberENDSWITH3D1",
        ] {
            assert_eq!(Query::parse(text).expect(text).encode().expect(text), text);
            assert_eq!(Query::raw(text).encode().expect(text), text);
        }
        // The sign as the operator that it is.
        assert_eq!(Query::parse("number%21").unwrap().encode().unwrap(), "numberENDSWITH21");
        assert_eq!(Query::parse("number%x").unwrap().encode().unwrap(), "numberENDSWITHx");
    }

    #[test]
    fn what_goes_on_encoded_is_no_value() {
        for text in [
            "active=true%5Epriority=1",
            "active=true%5epriority%3D1",
            "numberIN1,2%5EORDERBYDESCnumber",
            "short_descriptionLIKEvpn%5ENQactive=true",
            "active=true&sysparm_limit=10",
            "opened_atONToday@javascript:a()@javascript:b()%5Eactive=true",
            "active=true^ORDERBYnumber&sysparm_limit=10",
        ] {
            let why = Query::parse(text).expect_err(text).to_string();
            assert!(why.contains("at byte"), "{text}: {why}");
        }
    }
}
