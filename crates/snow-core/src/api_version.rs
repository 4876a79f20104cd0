//! The version of an API, which may stand in its path.

/// Returns whether a segment of a path is the version of an API, such as `v2`.
pub fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|version| {
        version.len() < 4 && version.bytes().all(|b| b.is_ascii_digit()) && version.parse::<u8>().is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::is_version;

    #[test]
    fn a_version_is_v_and_a_small_number() {
        for version in ["v1", "v2", "v10"] {
            assert!(is_version(version), "{version}");
        }
        for other in ["", "v", "1", "V1", "v+1", "v0001", "v1000", "v1a", "vtable", "table"] {
            assert!(!is_version(other), "{other}");
        }
    }
}
