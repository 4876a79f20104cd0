//! The pages that people see: what a login, a consent and a refusal look like. Everything from outside is escaped.

use crate::response::SimResponse;
use http::StatusCode;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2b33;--soft:#5a6b75;--paper:#fff;--ground:#eef2f4;--line:#c3ced5;--go:#1f6f54;--bad:#a3261b}\
@media(prefers-color-scheme:dark){:root{--ink:#e8eef1;--soft:#a9b8c0;--paper:#1d272d;--ground:#12191d;--line:#42525c;--go:#23805f;--bad:#ff8a7d}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--ground);color:var(--ink);\
font:1rem/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\
main{width:100%;max-width:24rem;background:var(--paper);padding:2rem;border-radius:.75rem;box-shadow:0 2px 12px #0002}\
h1{margin:0 0 .25rem;font-size:1.35rem}p{margin:.5rem 0;color:var(--soft);overflow-wrap:anywhere}strong{color:var(--ink)}\
label{display:block;margin:1rem 0 .25rem;font-weight:600}\
input{width:100%;padding:.6rem .7rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.4rem}\
div{display:flex;gap:.75rem;margin-top:1.5rem}\
button{flex:1;padding:.65rem 1rem;font:inherit;font-weight:600;border:1px solid var(--go);border-radius:.4rem;background:var(--go);\
color:#fff;cursor:pointer}button.plain{background:transparent;border-color:var(--line);color:inherit}\
:focus-visible{outline:3px solid #4aa3ff;outline-offset:2px}\
[role=alert]{padding:.6rem .8rem;border-left:4px solid var(--bad);color:var(--bad)}";

fn page(status: StatusCode, title: &str, content: &str) -> SimResponse {
    let title = escape(title);
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head>\n<body><main><h1>{title}</h1>\n{content}</main></body></html>\n"
    );
    SimResponse::new(status, html, true)
        .with("content-type", "text/html;charset=UTF-8")
        .with("x-frame-options", "SAMEORIGIN")
        .with(
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
        )
}

/// Asks for name and password, and says what was wrong with those that came before.
pub(super) fn login(token: &str, goto: &str, name: &str, wrong: &str) -> SimResponse {
    let alert = match wrong {
        "" => String::new(),
        wrong => format!("<p role=\"alert\">{}</p>\n", escape(wrong)),
    };
    let content = format!(
        "{alert}<form method=\"post\" action=\"/login.do\">\n\
         {}{}{}\
         <label for=\"user_name\">User name</label>\n\
         <input id=\"user_name\" name=\"user_name\" value=\"{}\" autocomplete=\"username\" autocapitalize=\"none\" required autofocus>\n\
         <label for=\"user_password\">Password</label>\n\
         <input id=\"user_password\" name=\"user_password\" type=\"password\" autocomplete=\"current-password\" required>\n\
         <div><button type=\"submit\">Log in</button></div>\n</form>\n",
        hidden("sysparm_ck", token),
        hidden("sysparm_goto_url", goto),
        hidden("sys_action", "sysverb_login"),
        escape(name),
    );
    page(StatusCode::OK, "Log in", &content)
}

/// Asks a user whether an application may act for them. What was requested comes back with their decision, percent-encoded: browsers
/// change the ends of lines in forms.
pub(super) fn consent(token: &str, application: &str, user: &str, request: &str) -> SimResponse {
    let request = hidden("oauth_request", request);
    let content = format!(
        "<p><strong>{}</strong> asks to use this instance for you. You are logged in as <strong>{}</strong>.</p>\n\
         <p>It will see and change what you may see and change.</p>\n\
         <form method=\"post\" action=\"/oauth_auth.do\">\n{}{request}\
         <div><button type=\"submit\" name=\"decision\" value=\"allow\">Allow</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"deny\" class=\"plain\">Deny</button></div>\n</form>\n",
        escape(application),
        escape(user),
        hidden("sysparm_ck", token),
    );
    page(StatusCode::OK, "Allow access?", &content)
}

/// Shows a message that asks for nothing.
pub(super) fn message(status: StatusCode, title: &str, text: &str) -> SimResponse {
    let role = if status.is_success() { "" } else { " role=\"alert\"" };
    page(status, title, &format!("<p{role}>{}</p>\n", escape(text)))
}

fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value))
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
