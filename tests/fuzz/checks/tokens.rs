//! Whatever a token endpoint responds, it is a token that can be used, or an error that is fit to print; and no token is printed.

use super::scripted::{PASSWORD, has, is_fit_to_print, oauth_client, run};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::value::RawValue;
use snow_core::Body;
use std::collections::HashMap;

const STATUSES: [u16; 8] = [200, 200, 200, 200, 302, 400, 401, 503];

/// The first byte chooses the status; the rest is the body.
pub(crate) fn check(data: &[u8]) {
    let Some((first, body)) = data.split_first() else { return };
    if has(data, PASSWORD) {
        return;
    }
    let (status, body) = (STATUSES[usize::from(first % 8)], Bytes::copy_from_slice(body));
    let (token, html) = (body.clone(), first & 0x10 != 0);
    let respond = move |request: &Request<Body>| {
        if !request.uri().path().contains("oauth") {
            let body = Body::from(r#"{"result":[{"sys_id":"1"}]}"#);
            return Response::builder().header("content-type", "application/json").body(body).expect("valid");
        }
        let kind = if html { "text/html" } else { "application/json" };
        let response = Response::builder().status(status).header("content-type", kind);
        response.body(Body::from(token.clone())).expect("valid")
    };
    run(async {
        let client = oauth_client(respond);
        match client.generate_token("admin", PASSWORD).await {
            Ok(token) => {
                let found = access_token(&body).expect("a token is JSON, with an access token");
                assert_eq!(token.access_token().expose(), found);
                assert!(!found.is_empty() && status == 200);
                let is_plain = found.len() < 12 || !found.starts_with("secret-");
                assert!(is_plain || !format!("{token:?} {client:?}").contains(&*found));
                if let Err(error) = client.table("incident").list().limit(1).await {
                    is_fit_to_print(&error);
                }
            }
            Err(error) => is_fit_to_print(&error),
        }
    });
}

/// The access token in a response, whatever else is in it.
fn access_token(body: &[u8]) -> Option<String> {
    let json = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let members: HashMap<String, Box<RawValue>> = serde_json::from_slice(json).ok()?;
    serde_json::from_str(members.get("access_token")?.get()).ok()
}
