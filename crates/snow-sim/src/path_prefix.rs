//! The beginning of a path, as a test names it.

/// `/api/now/table`, which fits `/api/now/table`, everything below it, and the same with a version (`/api/now/v2/table`). What does
/// not begin with a slash is below `/api/`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PathPrefix(String);

impl PathPrefix {
    pub(crate) fn new(prefix: &str) -> Self {
        let is_absolute = prefix.starts_with('/');
        let prefix = prefix.trim_end_matches('/');
        Self(if is_absolute { prefix.to_owned() } else { format!("/api/{prefix}") })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn fits(&self, path: &str) -> bool {
        let begins = |path: &str| {
            path.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        begins(path) || without_version(path).is_some_and(|path| begins(&path))
    }
}

/// `/api/now/v2/table` as `/api/now/table`.
fn without_version(path: &str) -> Option<String> {
    let (namespace, rest) = path.strip_prefix("/api/")?.split_once('/')?;
    let (version, rest) = rest.split_once('/')?;
    let digits = version.strip_prefix('v')?;
    let is_version = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_version.then(|| format!("/api/{namespace}/{rest}"))
}

#[cfg(test)]
mod tests {
    use super::PathPrefix;

    #[test]
    fn whole_segments_fit_with_and_without_a_version() {
        let table = PathPrefix::new("/api/now/table/");
        for path in ["/api/now/table", "/api/now/table/incident", "/api/now/v2/table/incident"] {
            assert!(table.fits(path), "{path}");
        }
        for path in ["/api/now/tables", "/api/now/vx/table", "/x/api/now/table", "/api/now"] {
            assert!(!table.fits(path), "{path}");
        }
        assert!(PathPrefix::new("x_acme").fits("/api/x_acme/v1/orders"));
        assert!(PathPrefix::new("/").fits("/oauth_token.do"));
    }
}
