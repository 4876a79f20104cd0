//! A browser for tests of logins: pages, forms, cookies and redirects.

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use snow_sim::Simulator;
use tower::ServiceExt;

/// Opens an address of the instance, logs in, allows the client what it asks, and gives the address of another host that the
/// browser is sent to at last.
pub(crate) async fn log_in(simulator: &Simulator, url: &str, user: &str, password: &str) -> String {
    let mut browser = Browser { simulator, cookie: String::new() };
    let mut next = Next::Get(url.to_owned());
    for _ in 0..10 {
        let (status, location, page) = browser.go(&next).await;
        next = match (status, location) {
            (StatusCode::FOUND, Some(to)) if !to.starts_with('/') && !to.contains("service-now.com/") => {
                return to;
            }
            (StatusCode::FOUND, Some(to)) => Next::Get(to),
            (StatusCode::OK, None) if page.contains("type=\"password\"") => {
                form(&page, &format!("user_name={user}&user_password={password}"))
            }
            (StatusCode::OK, None) => form(&page, &button(&page, "Allow")),
            (status, _) => panic!("{status}: {page}"),
        };
    }
    panic!("the login goes round in circles")
}

enum Next {
    Get(String),
    Post(String, String),
}

struct Browser<'a> {
    simulator: &'a Simulator,
    cookie: String,
}

impl Browser<'_> {
    async fn go(&mut self, next: &Next) -> (StatusCode, Option<String>, String) {
        let (request, body) = match next {
            Next::Get(uri) => (Request::get(uri), ""),
            Next::Post(uri, form) => {
                let kind = "application/x-www-form-urlencoded";
                (Request::post(uri).header(header::CONTENT_TYPE, kind), form.as_str())
            }
        };
        let request = request.header(header::COOKIE, &self.cookie);
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let response = self.simulator.clone().oneshot(request).await.unwrap();
        self.keep(&response);
        let location = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let status = response.status();
        let page = response.into_body().collect().await.unwrap().to_bytes();
        (status, location, String::from_utf8(page.to_vec()).unwrap())
    }

    fn keep<B>(&mut self, response: &Response<B>) {
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            if cookie.starts_with("JSESSIONID=") {
                cookie.clone_into(&mut self.cookie);
            }
        }
    }
}

/// The page's form with its hidden fields, and what the person adds.
fn form(page: &str, added: &str) -> Next {
    let hidden = page.split("<input ").filter(|input| input.contains("type=\"hidden\""));
    let mut pairs: Vec<String> = hidden
        .map(|input| format!("{}={}", attribute(input, "name"), percent(&attribute(input, "value"))))
        .collect();
    pairs.push(added.to_owned());
    let action = page.split("<form ").nth(1).unwrap_or_else(|| panic!("no form: {page}"));
    Next::Post(attribute(action, "action"), pairs.join("&"))
}

/// `name=value` of the button with this text.
fn button(page: &str, text: &str) -> String {
    let buttons = page.split("<button ").skip(1);
    let found = buttons
        .filter(|button| button.split("</button>").next().is_some_and(|b| b.ends_with(&format!(">{text}"))));
    let button = found.last().unwrap_or_else(|| panic!("no button {text}: {page}"));
    format!("{}={}", attribute(button, "name"), percent(&attribute(button, "value")))
}

fn attribute(text: &str, name: &str) -> String {
    let value = text.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("no {name}: {text}")).1;
    let value = value.split('"').next().unwrap();
    value
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
