//! The instance in the URL of one of its pages or APIs, as a browser or the documentation of an API shows it.

/// The domains of ServiceNow itself, where there is no gateway.
const OWN_HOSTS: [&str; 2] = ["service-now.com", "servicenowservices.com"];

/// Returns the address of the instance in the address of one of its pages or APIs; `None` for any other text.
pub(super) fn without_page(text: &str) -> Option<&str> {
    let scheme = text.find("://").filter(|at| !text[..*at].contains(['/', '?', '#']));
    let start = scheme.map_or(0, |at| at + 3);
    let rest = text.get(start..)?;
    let authority = rest.get(..rest.find(['/', '?', '#', '\\'])?)?;
    let path = rest.get(authority.len()..).filter(|path| path.starts_with('/'))?;
    let path = path.get(..path.find(['?', '#']).unwrap_or(path.len()))?;
    // Such an address could be taken for another host, or leads to another path.
    if authority.contains('@') || path.contains("//") || path.split('/').any(is_step) {
        return None;
    }
    let is_whole = authority.len() + path.len() == rest.len();
    let page = match page(path) {
        Some(_) if is_own_host(authority) => 0,
        None if is_own_host(authority) && (is_whole || is_portal(path)) => 0,
        page => page?,
    };
    text.get(..start + authority.len() + page)
}

fn is_step(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte == b'.')
}

fn is_own_host(authority: &str) -> bool {
    let host = authority.split(':').next().unwrap_or_default();
    OWN_HOSTS.iter().any(|own| {
        let at = host.len().checked_sub(own.len());
        at.and_then(|at| host.split_at_checked(at)).is_some_and(|(name, domain)| {
            name.len() > 1 && name.ends_with('.') && domain.eq_ignore_ascii_case(own)
        })
    })
}

/// Returns whether a path is that of a portal that instances come with.
fn is_portal(path: &str) -> bool {
    matches!(path.split('/').nth(1), Some("sp" | "esc" | "csm"))
}

/// Returns the position of the slash before a page or an API.
fn page(path: &str) -> Option<usize> {
    let mut slashes = path.match_indices('/').map(|(at, _)| at);
    slashes.find(|at| path.get(at + 1..).is_some_and(begins_page))
}

fn begins_page(path: &str) -> bool {
    let mut segments = path.split('/');
    let (first, second) = (segments.next().unwrap_or_default(), segments.next());
    match (first, second) {
        ("api", Some(namespace)) => {
            namespace == "now" || namespace.starts_with("sn_") || namespace.starts_with("x_")
        }
        ("now", Some(page)) => matches!(page, "nav" | "workspace" | "sow" | "cwf"),
        (page, _) => page.len() > 3 && page.ends_with(".do"),
    }
}
