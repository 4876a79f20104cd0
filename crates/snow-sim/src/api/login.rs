//! `/login.do`: a person logs in, and from then on the session's cookie stands for them.
//!
//! The facts say that there is a login page and no more (4.3). Path and names of the fields are those of the service's own page;
//! that a wrong password is 200 with the page again, and where one is sent afterwards, is chosen.

use super::form::Form;
use super::page::{self, Visitor};
use crate::answer::Answer;
use crate::session::Session;
use crate::simulator::State;
use bytes::Bytes;
use http::{Method, StatusCode, request::Parts};

pub(super) fn answer(
    state: &mut State,
    head: &Parts,
    body: &Bytes,
    session: Option<(String, Session)>,
) -> (Answer, String, u64) {
    let known = session.is_some();
    let visitor = Visitor::of(state, session);
    if head.method != Method::POST {
        return ask(state, visitor, "", "", "");
    }
    let form = Form::of_body(body);
    let (goto, name) = (form.get("sysparm_goto_url"), form.get("user_name"));
    // Without the token of the session a stranger's page could log people in as somebody else.
    if !known || form.get("sysparm_ck") != visitor.session.token {
        return ask(state, visitor, goto, name, "Your session has ended. Please log in again.");
    }
    if !may_log_in(state, name, form.get("user_password")) {
        return ask(state, visitor, goto, name, "User name or password invalid");
    }
    state.sessions.close(&visitor.id);
    let visitor = Visitor::logged_in(state, name);
    // Only to a page of this instance.
    let answer = match goto.starts_with("/oauth_auth.do?") {
        true => Answer::empty(StatusCode::FOUND).with("location", goto),
        false => page::message(StatusCode::OK, "Logged in", &format!("You are logged in as {name}.")),
    };
    visitor.gets(state, answer)
}

/// Shows the page.
pub(super) fn ask(
    state: &State,
    visitor: Visitor,
    goto: &str,
    name: &str,
    wrong: &str,
) -> (Answer, String, u64) {
    let answer = page::login(&visitor.session.token, goto, name, wrong);
    visitor.gets(state, answer)
}

/// Users for web services only have no way in by browser (facts 4.6).
fn may_log_in(state: &State, name: &str, password: &str) -> bool {
    let fits = state.users.get(name).is_some_and(|user| user.password == password && !user.locked);
    let database = &state.database;
    let row = database.dictionary.table("sys_user").and_then(|users| {
        let row = database.row(users, &database.user_id(name))?;
        Some(database.field(users, row, "web_service_access_only"))
    });
    fits && row != Some("true")
}
