//! A path with its ids taken out, so that spans of the same kind have the same name.

use std::fmt;

/// `/api/now/table/incident/{sys_id}`
pub(super) struct Template<'a>(pub(super) &'a str);

impl fmt::Display for Template<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.split('/').enumerate() {
            if index > 0 {
                f.write_str("/")?;
            }
            f.write_str(if is_id(segment) { "{sys_id}" } else { segment })?;
        }
        Ok(())
    }
}

fn is_id(segment: &str) -> bool {
    segment.len() == 32 && segment.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_become_a_name() {
        for (path, template) in [
            ("/api/now/table/incident", "/api/now/table/incident"),
            (
                "/api/now/attachment/a9e30c7dc61122760116894de7bcc7bd/file",
                "/api/now/attachment/{sys_id}/file",
            ),
            ("", ""),
        ] {
            assert_eq!(Template(path).to_string(), template);
        }
    }
}
