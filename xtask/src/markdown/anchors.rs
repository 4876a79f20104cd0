//! The names under which headings can be linked to.

/// Returns the anchors of a page's headings, as GitHub and rustdoc make them.
pub(super) fn anchors(page: &str) -> Vec<String> {
    let mut fenced = false;
    let headings = page.lines().filter(move |line| {
        fenced ^= line.starts_with("```");
        !fenced && line.starts_with('#')
    });
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_has_no_punctuation() {
        let page = "# A page\n\n### 3.4 Cancelled: `x_y`, or not\n```sh\n# a comment\n```\n## Why not `Runtime::block_on`?";
        assert_eq!(anchors(page), ["a-page", "34-cancelled-x_y-or-not", "why-not-runtimeblock_on"]);
    }
}
