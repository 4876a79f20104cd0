use super::*;

#[test]
fn what_is_not_understood_is_pointed_at() {
    for (text, at, why) in [
        ("a=1^Bad=2", 4, "lower case"),
        ("a=1^OR", 6, "after ^OR"),
        ("a=1^NQ", 6, "may select every record"),
        ("a=1^NQ^", 6, "may select every record"),
        ("^", 0, "missing"),
        ("variables.is_IN", 15, "empty value"),
        ("variables.Fred_lIKEx", 20, "operator"),
        ("^a=1", 0, "missing"),
        ("a", 1, "operator"),
        ("a=1^b~2", 5, "operator"),
        ("aISEMPTYx", 8, "nothing"),
        ("aIN1,,2", 5, "empty"),
        ("aIN1, 2", 5, "blanks"),
        ("aBETWEEN1", 8, "two values"),
        ("aBETWEEN1@2@3", 10, "'@'"),
        ("aSAMEASb@week", 8, "@day"),
        ("aMORETHANb@eon@before@3", 10, "minute"),
        ("aRELATIVEGT@hour@ago@01", 11, "number"),
        ("aONToday", 3, "3 values"),
        ("a=1^ORORDERBYb", 6, "not an alternative"),
        ("ORDERBYa^ORb=1", 11, "condition"),
        ("a=1^NQ^NQb=1", 6, "missing"),
        ("a=1^EQ^b=1", 7, "before ^EQ"),
        ("a=1^EQ^ORDERBYb^c=1", 16, "before ^EQ"),
        ("a=1^GROUPBYBad", 11, "lower case"),
        ("a=1^ORGROUPBYb", 6, "not an alternative"),
        ("GROUPBYa^ORb=1", 11, "condition"),
        ("RLQUERYt.f,>=1^a=1", 0, "ENDRLQUERY"),
        ("RLQUERYt.f,>=1^RLQUERYt.f,>=1^ENDRLQUERY^ENDRLQUERY", 15, "inside another"),
        ("RLQUERYt.f,1^ENDRLQUERY", 10, "sign"),
        ("a=1^ORRLQUERYt.f,>=1^ENDRLQUERY", 6, "NQ"),
        ("JOINa.b", 7, "="),
        ("aVALCHANGES", 1, "triggers"),
        ("aNOTIN1", 1, "NOT IN"),
        ("a= javascript:x()", 2, "script"),
        ("a..b=1", 0, "dot"),
        ("a=1^sysparm_query=b=1", 4, "parameter of the request"),
        ("^a=1", 0, "leave out carets"),
        ("a=1^b%3D2", 5, "percent-encoded"),
        ("a=1%5Eb=2", 3, "percent-encoded"),
        ("a=1&sysparm_limit=5", 3, "parameter"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(&format!("at byte {at}:")) && error.contains(why), "{text}: {error}");
    }
}

#[test]
fn what_is_understood_comes_back() {
    for text in [
        "",
        "active=true",
        "state!=6^ORstateISEMPTY^numberLIKEINC^ORDERBYDESCnumber",
        "a=1^b=2^NQc=3^d=4^ORe=5",
        "stateNOT IN6,7^priorityBETWEEN1@3",
        "u_code=a^^b",
        "assigned_to=javascript:gs.getUserID()",
        "opened_atONToday@javascript:gs.beginningOfToday()@javascript:gs.endOfToday()",
        "opened_atDATEPARTMonday@javascript:gs.datePart('dayofweek','monday','EE')",
        "sys_updated_onRELATIVEGT@hour@ago@1^opened_atLESSTHANclosed_at@week@after@2",
        "assigned_toSAMEASopened_by^opened_atSAMEASclosed_at@day",
        "RLQUERYincident.problem_id,>=1^active=true^NQpriority=1^impact=2^ENDRLQUERY^state=1",
        "JOINincident.opened_by=sys_user.sys_id!active=true",
        "123TEXTQUERY321=vpn broken",
        "ORDERBYnumber^ORDERBYDESCcategory",
        "variables.common_ReqBy.emailLIKEx^ORDERBYvariables.Size",
        "request_item.variables.Costs=5^ORvariables.CostsISEMPTY",
        "aSAMEASvariables.Other^bMORETHANvariables.Other@day@before@3",
    ] {
        let parsed = parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(parsed.encode().unwrap(), text);
    }
    for (spelling, canonical) in [
        ("a*x^b!*y^c%z", "aLIKEx^bNOT LIKEy^cENDSWITHz"),
        ("aCONTAINSx^bNOTLIKEy^cDOES NOT CONTAINz", "aLIKEx^bNOT LIKEy^cNOT LIKEz"),
        ("a=^b!=", "aISEMPTY^bISNOTEMPTY"),
        ("type=normal^EQ", "type=normal"),
        ("a=1^ORDERBYb^c=2^EQ", "a=1^c=2^ORDERBYb"),
        ("a=1^", "a=1"),
        ("a=1^EQ^", "a=1"),
        ("a=1^EQ^NQb=2^c=3^EQ", "a=1^NQb=2^c=3"),
        ("a=1^EQ^ORDERBYb^GROUPBYc^", "a=1^ORDERBYb"),
        ("a=1^GROUPBYb^c=2", "a=1^c=2"),
        ("GROUPBYa", ""),
        ("variables.isINactive=true", "variables.isINactive=true"),
    ] {
        assert_eq!(parse(spelling).unwrap().encode().unwrap(), canonical);
    }
}
