//! `/login.do`: a person logs in, and from then on the session's cookie stands for them.
//!
//! The facts say that there is a login page and no more (4.3). Path and names of the fields are those of the service's own page;
//! that a wrong password is 200 with the page again, and where one is sent afterwards, is chosen.

use super::browser_session::BrowserSession;
use super::{HandledRequest, PageRequest, html};
use crate::Guess;
use crate::form::Form;
use crate::response::SimResponse;
use crate::state::State;
use http::{Method, StatusCode};

pub(super) fn handle(
    state: &mut State,
    PageRequest { head, body, session }: PageRequest<'_>,
) -> HandledRequest {
    let known = session.is_some();
    let browser = BrowserSession::of(state, session);
    if head.method != Method::POST {
        return show_login(state, browser, "", "", "");
    }
    let form = Form::of_body(body);
    let (goto, name) = (form.get("sysparm_goto_url"), form.get("user_name"));
    // Without the token of the session a stranger's page could log people in as somebody else.
    if !known || form.get("sysparm_ck") != browser.session.token {
        return show_login(state, browser, goto, name, "Your session has ended. Please log in again.");
    }
    if !may_log_in(state, name, form.get("user_password")) {
        return show_login(state, browser, goto, name, "User name or password invalid");
    }
    state.sessions.close(&browser.session.id);
    let browser = BrowserSession::logged_in(state, name);
    // Only to a page of this instance.
    let response = match goto.starts_with("/oauth_auth.do?") {
        true => SimResponse::empty(StatusCode::FOUND).with("location", goto),
        false => html::message(StatusCode::OK, "Logged in", &format!("You are logged in as {name}.")),
    };
    browser.respond(state, response.guess(Guess::LoginPage))
}

/// Shows the page.
pub(super) fn show_login(
    state: &State,
    browser: BrowserSession,
    goto: &str,
    name: &str,
    wrong: &str,
) -> HandledRequest {
    let response = html::login(&browser.session.token, goto, name, wrong).guess(Guess::LoginPage);
    browser.respond(state, response)
}

/// Users for web services only have no way in by browser (facts 4.6).
fn may_log_in(state: &State, name: &str, password: &str) -> bool {
    let fits = state.users.get(name).is_some_and(|user| user.password == password && !user.locked);
    fits && !state.is_for_web_services(name)
}
