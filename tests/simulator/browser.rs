//! A browser for tests of pages: forms and cookies.

use crate::{Got, send};
use http::Request;
use snow_sim::Simulator;

/// Keeps the session's cookie, and sees the last page.
pub(crate) struct Browser<'a> {
    simulator: &'a Simulator,
    pub(crate) cookie: String,
    pub(crate) page: Got,
}

impl<'a> Browser<'a> {
    pub(crate) async fn open(simulator: &'a Simulator, path: &str) -> Self {
        let page = send(simulator, Request::get(path), "").await;
        let mut browser = Self { simulator, cookie: String::new(), page };
        browser.keep();
        browser
    }

    fn keep(&mut self) {
        let cookies = self.page.headers.get_all("set-cookie").iter();
        for cookie in cookies.filter_map(|cookie| cookie.to_str().unwrap().split(';').next()) {
            if cookie.starts_with("JSESSIONID=") {
                cookie.clone_into(&mut self.cookie);
            }
        }
    }

    pub(crate) async fn get(&mut self, path: &str) {
        self.page = send(self.simulator, Request::get(path).header("cookie", &self.cookie), "").await;
        self.keep();
    }

    pub(crate) async fn post(&mut self, path: &str, form: &str) {
        let request = Request::post(path)
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        self.page = send(self.simulator, request, form).await;
        self.keep();
    }

    /// Sends the form of the page, with what the person adds.
    pub(crate) async fn submit(&mut self, added: &str) {
        let page = self.page.text.clone();
        let action = value(&page, "<form method=\"post\" action=\"");
        let hidden = page.lines().filter(|line| line.starts_with("<input type=\"hidden\""));
        let mut form: Vec<String> = hidden
            .map(|line| {
                format!("{}={}", value(line, " name=\""), percent(&unescape(&value(line, " value=\""))))
            })
            .collect();
        form.push(added.to_owned());
        self.post(&action, &form.join("&")).await;
    }

    pub(crate) async fn log_in(&mut self, name: &str) {
        self.submit(&format!("user_name={name}&user_password=secret")).await;
        assert_eq!(self.page.status, 302, "{}", self.page.text);
        let to = self.page.header("location").to_owned();
        self.get(&to).await;
    }

    pub(crate) fn token(&self) -> String {
        let line = self.page.text.lines().find(|line| line.contains("name=\"sysparm_ck\"")).unwrap();
        value(line, " value=\"")
    }
}

fn value(text: &str, before: &str) -> String {
    text.split_once(before).unwrap().1.split('"').next().unwrap().to_owned()
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

pub(crate) fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
