//! Names of a dictionary as names in Rust.

/// What no name may be; most can be written with `r#`, the last four cannot.
const WORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
    "crate", "self", "super",
];

/// `u_type` as it is, `type` as `type_`, `2nd` as `x_2nd`.
pub(super) fn field(name: &str) -> String {
    let mut text: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        text.insert_str(0, "x_");
    }
    if WORDS.contains(&text.as_str()) {
        text.push('_');
    }
    text
}

/// `In Progress` as `InProgress`, `1 - Critical` as `N1Critical`; nothing as `Empty`.
pub(super) fn kind(text: &str) -> String {
    let mut name = String::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let (first, rest) = word.split_at(1);
        name.push_str(&first.to_ascii_uppercase());
        name.push_str(rest);
    }
    match name.chars().next() {
        None => "Empty".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("N{name}"),
        Some(_) if name == "Self" => "SelfChoice".to_owned(),
        Some(_) => name,
    }
}

/// A name that is not among those that are taken.
pub(super) fn unused(name: String, taken: &mut Vec<String>) -> String {
    let mut tried = name.clone();
    let mut count = 2;
    while taken.contains(&tried) {
        tried = format!("{name}{count}");
        count += 1;
    }
    taken.push(tried.clone());
    tried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_in_rust() {
        for (text, name) in
            [("number", "number"), ("type", "type_"), ("2nd", "x_2nd"), ("u-A.b", "u_a_b"), ("self", "self_")]
        {
            assert_eq!(field(text), name);
        }
        for (text, name) in [
            ("In Progress", "InProgress"),
            ("1 - Critical", "N1Critical"),
            ("", "Empty"),
            ("größe", "GrE"),
            ("self", "SelfChoice"),
            ("sys_user", "SysUser"),
        ] {
            assert_eq!(kind(text), name);
        }
        let mut taken = vec!["A".to_owned()];
        assert_eq!(
            (unused("A".into(), &mut taken), unused("A".into(), &mut taken)),
            ("A2".into(), "A3".into())
        );
    }
}
