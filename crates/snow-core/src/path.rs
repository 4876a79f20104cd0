//! The path of a request, which is percent-encoded here and nowhere else.

use crate::percent::SEGMENT;
use crate::{Error, ErrorKind, SysId};
use percent_encoding::utf8_percent_encode;
use std::{borrow::Cow, fmt};

/// An absolute path on an instance, percent-encoded. It has no query, no empty segment and no `..`.
///
/// ```
/// use snow_client::transport::ApiPath;
///
/// assert_eq!(ApiPath::table("incident")?.as_str(), "/api/now/table/incident");
/// assert_eq!(ApiPath::parse("/api/x_acme_app/v1/orders")?.push("a b/c")?.as_str(), "/api/x_acme_app/v1/orders/a%20b%2Fc");
/// assert!(ApiPath::table("incident/../sys_user").is_err());
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ApiPath(Cow<'static, str>);

impl ApiPath {
    /// The token endpoint, `/oauth_token.do` ([facts 4.1]).
    ///
    /// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
    pub const OAUTH_TOKEN: Self = Self(Cow::Borrowed("/oauth_token.do"));
    /// The authorization endpoint, `/oauth_auth.do` ([facts 4.3]).
    ///
    /// [facts 4.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#43-authorization-code
    pub const OAUTH_AUTHORIZE: Self = Self(Cow::Borrowed("/oauth_auth.do"));
    /// The revocation endpoint, `/oauth_revoke_token.do` ([facts 4.4]).
    ///
    /// [facts 4.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#44-revocation
    pub const OAUTH_REVOKE: Self = Self(Cow::Borrowed("/oauth_revoke_token.do"));

    /// Creates the path of a table, `/api/now/table/{table}`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a name with anything but letters, digits and `_`.
    pub fn table(table: &str) -> Result<Self, Error> {
        if table.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "the table's name is empty: give one such as \"incident\"",
            ));
        }
        if let Some(odd) = table.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '_')) {
            let why = format!(
                "the table name {table:?} contains {odd:?}: a table's name has letters, digits and '_' only; \
                 it is the name in the address bar (\"incident\"), not the label"
            );
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        Ok(Self(Cow::Owned(["/api/now/table/", table].concat())))
    }

    /// Parses an encoded path, for APIs that have no method of their own.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a path that does not start with `/`, ends with one, has an empty segment, `.` or
    /// `..`, or a character that is not allowed in a path.
    pub fn parse(path: &str) -> Result<Self, Error> {
        // The query may contain data of a user, so it is not repeated.
        let shown = path.split('?').next().unwrap_or_default();
        let refuse =
            |why: String| Err(Error::new(ErrorKind::InvalidInput, format!("the path {shown:?} {why}")));
        let Some(rest) = path.strip_prefix('/') else {
            return refuse("does not start with '/': write \"/api/...\"".into());
        };
        if let Some(odd) = rest.chars().find(|c| !is_path_character(*c)) {
            return refuse(match odd {
                '?' => "has parameters: leave them out, and add them to the request one by one".into(),
                '#' => "has a fragment, which is never sent: leave it out".into(),
                _ => format!("contains {odd:?}, which has to be encoded: add such a segment by itself"),
            });
        }
        for segment in rest.split('/') {
            if let Some(why) = odd_segment(segment) {
                return refuse(why.into());
            }
        }
        Ok(Self(Cow::Owned(path.to_owned())))
    }

    /// Appends a segment, percent-encoded.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an empty segment, and for `.` and `..`, which would change the path even if they were encoded.
    pub fn push(mut self, segment: &str) -> Result<Self, Error> {
        if let Some(why) = odd_segment(segment) {
            return Err(Error::new(ErrorKind::InvalidInput, format!("the path segment {segment:?} {why}")));
        }
        let path = self.0.to_mut();
        path.push('/');
        path.extend(utf8_percent_encode(segment, SEGMENT));
        Ok(self)
    }

    /// Appends the `sys_id` of a record. This cannot fail, because a [`SysId`] contains no character that needs encoding.
    pub fn record(mut self, sys_id: SysId) -> Self {
        let path = self.0.to_mut();
        path.push('/');
        path.push_str(sys_id.as_str());
        self
    }

    /// Checks a path that a service sent, whose segments may be encoded already: it must not lead to another path.
    pub(crate) fn check_received(path: &str) -> Result<(), &'static str> {
        let Some(rest) = path.strip_prefix('/') else { return Err("has no absolute path") };
        for segment in rest.split('/') {
            let decoded = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
            if odd_segment(&decoded).is_some()
                || decoded.contains(['/', '\\'])
                || decoded.contains(char::is_control)
            {
                return Err("has an empty segment, \".\" or \"..\" in its path");
            }
        }
        Ok(())
    }

    /// Returns the encoded path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether a path may contain this character: RFC 3986's pchar and `/`, except `;`, which some servers interpret, and `%`,
/// which could hide a separator.
fn is_path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~/!$&'()*+,=:@".contains(c)
}

fn odd_segment(segment: &str) -> Option<&'static str> {
    match segment {
        "" => Some("has an empty segment"),
        "." | ".." => Some("is or contains \".\" or \"..\", which leads to another path"),
        _ => None,
    }
}

impl fmt::Display for ApiPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ApiPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiPath({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bad_tables_and_paths_are_refused_with_the_reason() {
        for (bad, why) in
            [("", "empty"), ("a/b", "'/'"), ("inc ident", "' '"), ("..", "'.'"), ("incident?x", "'?'")]
        {
            let error = ApiPath::table(bad).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
        for (bad, why) in [
            ("table/x", "start"),
            ("/table/../x", "another path"),
            ("/table//x", "empty"),
            ("/table/", "empty"),
            ("/table/x\n", "'\\n'"),
            ("/table#", "fragment"),
            ("/table?a=b", "parameters"),
            ("/table/%2e%2e", "'%'"),
        ] {
            let error = ApiPath::parse(bad).unwrap_err();
            assert!(error.to_string().contains(why), "{bad}: {error}");
        }
        assert!(ApiPath::table("incident").unwrap().push("..").is_err());
    }

    proptest! {
        #[test]
        fn a_pushed_segment_stays_one_segment_and_decodes_to_itself(segment in "\\PC{1,20}") {
            prop_assume!(segment != "." && segment != "..");
            let path = ApiPath::table("incident").unwrap().push(&segment).unwrap();
            let last = path.as_str().rsplit('/').next().unwrap();
            prop_assert_eq!(path.as_str().matches('/').count(), 5);
            prop_assert_eq!(percent_encoding::percent_decode_str(last).decode_utf8().unwrap(), segment);
            prop_assert!(path.as_str().parse::<http::Uri>().is_ok());
        }
    }
}
