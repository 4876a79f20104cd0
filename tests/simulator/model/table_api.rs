//! The Table API (facts 1): what a request gets, and what it leaves behind.

use super::dictionary::Table;
use super::exchange::{Answer, Compared, fail, keys_of, same};
use super::instance::may_write_table;
use super::random;
use super::table_case::Case;
use super::table_list;
use super::table_request::{Action, Misplaced, Own, TableRequest, Writing};
use super::world::World;
use super::writing::{Form, Written, refusal};
use serde_json::{Value, json};
use snow_sim::Guess;
use std::collections::BTreeSet;

const NO_RECORD: &str = "Record doesn't exist or ACL restricts the record retrieval";

fn security(verb: &str) -> Value {
    json!(format!("ACL Exception {verb} Failed due to security constraints"))
}

#[test]
fn random_requests_of_the_table_api() {
    let seen = super::compare("Table", random::requests(), World::new, async |world, request| {
        run(world, request).await
    });
    for kind in [
        "List 200",
        "List 401",
        "List 403",
        "List 404",
        "List 400",
        "Get 200",
        "Get 404",
        "Create 201",
        "Create 400",
        "Create 403",
        "Change 200",
        "Change 403",
        "Change 404",
        "Delete 204",
        "Misplaced 400",
        "Misplaced 405",
    ] {
        assert!(seen.contains_key(&format!("Table {kind}")), "no {kind} in {seen:?}");
    }
}

/// Sends one request, and compares what comes back.
pub(crate) async fn run(world: &mut World, request: &TableRequest) -> Compared {
    if let Action::Wait(seconds) = request.action {
        world.wait(seconds);
        return Ok(());
    }
    let case = Case::new(world, request);
    if case.draft.values.iter().any(|(name, _)| *name == "u_log") {
        // Which of the entries of one second is the newer, nobody can say.
        world.wait(1);
    }
    let answer = world.send(&case.ask).await;
    let compared = check(world, &case, &answer).await;
    answer.in_context(compared)?;
    answer.in_context(headers_of_a_node(&answer))
}

/// Headers that every response of a node has, and those that a refused login lacks (facts 1.4 and 3.2).
fn headers_of_a_node(answer: &Answer) -> Compared {
    let refused = answer.status == 401;
    for (name, value) in [
        ("server", "snow_adc"),
        ("pragma", "no-store,no-cache"),
        ("cache-control", "no-cache,no-store,must-revalidate,max-age=-1"),
        ("expires", "0"),
        ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ] {
        answer.has_header(name, Some(value))?;
    }
    answer.has_header("x-is-logged-in", (!refused).then_some("true"))?;
    if refused {
        return Ok(());
    }
    answer.has_header("x-content-type-options", Some("nosniff"))?;
    let transaction = answer.header("x-transaction-id").unwrap_or_default();
    if transaction.len() != 12 || !transaction.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return fail(format!("no transaction id: {transaction:?}"));
    }
    Ok(())
}

/// Compares a response, and does in the model what the request did.
pub(crate) async fn check(world: &mut World, case: &Case, answer: &Answer) -> Compared {
    let request = &case.request;
    let kind = format!("{:?}", request.action).split(['(', ' ']).next().unwrap_or_default().to_owned();
    world.compared(format!("Table {kind} {}", answer.status));
    if !request.who.is_known() {
        return unauthenticated(answer, request.method_has_no_body());
    }
    if let Action::Misplaced(place) = request.action
        && (request.table.is_some() || !place.names_the_table())
    {
        return misplaced(place, answer);
    }
    let Some(of) = request.table else {
        if request.method_has_no_body() {
            return answer.is_empty(400);
        }
        return answer.is_refusal(400, "Invalid table no_such_table", Some(Value::Null));
    };
    match &request.action {
        Action::List(listing) => table_list::check(world, case, of, listing, answer),
        Action::Get { head, .. } => get(world, case, of, *head, answer),
        Action::Create { how, own_fields, .. } => {
            create(world, case, of, how, own_fields.as_ref(), answer).await
        }
        Action::Change { how, .. } => change(world, case, of, how, answer),
        Action::Delete { .. } => delete(world, case, of, answer),
        Action::Misplaced(_) | Action::Wait(_) => Ok(()),
    }
}

impl TableRequest {
    fn method_has_no_body(&self) -> bool {
        match &self.action {
            Action::List(listing) => listing.head,
            Action::Get { head, .. } => *head,
            _ => false,
        }
    }
}

/// One body for every cause (facts 3.2).
pub(crate) fn unauthenticated(answer: &Answer, head: bool) -> Compared {
    same("status", answer.status, 401)?;
    answer.has_header("www-authenticate", Some("BASIC realm=\"Service-now\""))?;
    if head {
        return answer.is_empty(401);
    }
    answer.is_refusal(401, "User Not Authenticated", Some(json!("Required to provide Auth information")))
}

fn misplaced(place: Misplaced, answer: &Answer) -> Compared {
    match place {
        Misplaced::DeleteTable => {
            answer.depends_on(&BTreeSet::from([Guess::MethodNotSupported]))?;
            return same("status", answer.status, 405);
        }
        Misplaced::PostToRecord => answer.depends_on(&BTreeSet::from([Guess::PostToRecord]))?,
        _ => {}
    }
    no_resource(answer)
}

/// No API has this path (facts 1.3).
pub(crate) fn no_resource(answer: &Answer) -> Compared {
    answer.is_refusal(400, "Requested URI does not represent any resource", Some(Value::Null))
}

/// A record that is missing, or that the user may not see (facts 1.3 and 1.9).
fn is_there(world: &World, case: &Case, of: &Table) -> bool {
    world
        .instance
        .record(of.name, &case.id)
        .is_some_and(|record| world.instance.may_see(case.request.who, record))
}

pub(crate) fn no_record(answer: &Answer) -> Compared {
    answer.is_refusal(404, "No Record found", Some(json!(NO_RECORD)))
}

fn get(world: &World, case: &Case, of: &Table, head: bool, answer: &Answer) -> Compared {
    match (is_there(world, case, of), head) {
        (false, true) => answer.is_empty(404),
        (false, false) => no_record(answer),
        (true, true) => answer.is_empty(200),
        (true, false) => {
            answer.depends_on(&case.look_guess().into_iter().collect())?;
            is_record(world, case, of, &case.id, 200, answer)
        }
    }
}

/// The body is this record, its keys in the order that was asked for.
fn is_record(world: &World, case: &Case, of: &Table, id: &str, status: u16, answer: &Answer) -> Compared {
    let record = case.shape.record(&world.instance, of.name, id);
    answer.is_json(status, &json!({ "result": record }))?;
    if let Some(keys) = case.shape.keys(&world.instance, of.name) {
        same("keys", keys_of(&answer.body)?, vec![keys])?;
    }
    Ok(())
}

async fn create(
    world: &mut World,
    case: &Case,
    of: &'static Table,
    how: &Writing,
    own: Option<&Own>,
    answer: &Answer,
) -> Compared {
    let (who, draft) = (case.request.who, &case.draft);
    if !may_write_table(who, of) {
        // A body that cannot be read is refused, too; which comes first is not known.
        return if draft.form == Form::Broken {
            unreadable_or(answer, 403)
        } else {
            denied(answer, "Insert")
        };
    }
    if draft.form == Form::Broken {
        return unreadable(answer);
    }
    let own_stamps = own.is_some_and(|own| own.stamps);
    let Written { mut record, guesses } = world.instance.drafted(of, draft, who, own_stamps);
    let reasons = refusal(&record, &world.rule);
    let taken = world.instance.record(of.name, record.id()).is_some();
    if !reasons.is_empty() {
        // What else is against it may be told of first.
        return if taken { same("status", answer.status, 403) } else { refused(answer, &reasons) };
    }
    if taken {
        answer.depends_on(&BTreeSet::from([Guess::ValueTaken]))?;
        return answer.is_refusal(403, "Operation Failed", None);
    }
    let new = if record.id().is_empty() { world.new_id(of).await? } else { record.id().to_owned() };
    if record.id().is_empty() {
        same("length of the sys_id", new.len(), 32)?;
        if !new.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return fail(format!("no sys_id: {new}"));
        }
        record.values.insert("sys_id", new.clone());
    }
    let seen = world.instance.may_see(who, &record);
    world.instance.records.insert(new.clone(), record);
    if !seen {
        // Committed, and yet refused (facts 3.3); if nothing is to be read back, that is not known.
        return if how.quiet { Ok(()) } else { denied(answer, "Insert") };
    }
    answer.depends_on(&guesses)?;
    let location = format!("{}/table/{}/{new}", case.shape.base, of.name);
    if how.quiet {
        answer.depends_on(&BTreeSet::from([Guess::NoResponseBody]))?;
        return answer.is_empty(201);
    }
    answer.has_header("location", Some(&*location))?;
    is_record(world, case, of, &new, 201, answer)
}

fn change(world: &mut World, case: &Case, of: &'static Table, how: &Writing, answer: &Answer) -> Compared {
    let (who, draft) = (case.request.who, &case.draft);
    if !is_there(world, case, of) {
        return if draft.form == Form::Broken { unreadable_or(answer, 404) } else { no_record(answer) };
    }
    if !may_write_table(who, of) {
        return if draft.form == Form::Broken {
            unreadable_or(answer, 403)
        } else {
            denied(answer, "Update")
        };
    }
    if draft.form == Form::Broken {
        return unreadable(answer);
    }
    let before = world.instance.records[&case.id].clone();
    let Written { record, guesses } = world.instance.changed(&before, draft, who);
    let reasons = refusal(&record, &world.rule);
    if !reasons.is_empty() {
        return refused(answer, &reasons);
    }
    let seen = world.instance.may_see(who, &record);
    world.instance.records.insert(case.id.clone(), record);
    if !seen {
        if how.quiet {
            return Ok(());
        }
        answer.depends_on(&BTreeSet::from([Guess::HiddenByChange]))?;
        return denied(answer, "Update");
    }
    answer.depends_on(&guesses)?;
    if how.quiet {
        answer.depends_on(&BTreeSet::from([Guess::NoResponseBody]))?;
        return answer.is_empty(200);
    }
    is_record(world, case, of, &case.id, 200, answer)
}

fn delete(world: &mut World, case: &Case, of: &Table, answer: &Answer) -> Compared {
    if !is_there(world, case, of) {
        return no_record(answer);
    }
    if !may_write_table(case.request.who, of) {
        return denied(answer, "Delete");
    }
    world.instance.delete(&case.id);
    answer.is_empty(204)
}

fn denied(answer: &Answer, verb: &str) -> Compared {
    answer.is_refusal(403, "Operation Failed", Some(security(verb)))
}

/// Refused by a rule or a policy; if several are against it, any of them may say so.
fn refused(answer: &Answer, reasons: &[String]) -> Compared {
    let given = answer.json()?["error"]["detail"].as_str().unwrap_or_default().to_owned();
    let reason = reasons.iter().find(|reason| **reason == given).unwrap_or(&reasons[0]);
    answer.is_refusal(403, "Operation Failed", Some(json!(reason)))
}

fn unreadable(answer: &Answer) -> Compared {
    answer.depends_on(&BTreeSet::from([Guess::UnreadableBody]))?;
    answer.is_refusal(400, "Exception while reading request", None)
}

fn unreadable_or(answer: &Answer, status: u16) -> Compared {
    if answer.status == status { Ok(()) } else { unreadable(answer) }
}
