//! The layers of snow-client: what a program holds, the APIs, the way of a request, the stack, and how a
//! thread waits. Code may name its own layer and those below.

use super::source::CrateSource;

/// From the top down.
const LAYERS: [&[&str]; 5] = [
    &["client", "compile_fail", "guide", "probe"],
    &["table", "aggregate", "attachment", "batch", "import", "schema", "api", "export"],
    &["request"],
    &["stack"],
    &["blocking"],
];

pub(super) fn problems(source: &CrateSource) -> Vec<String> {
    if source.name != "snow-client" {
        return Vec::new();
    }
    let top = source.modules.iter().filter(|(path, module)| path.len() == 1 && module.file != "lib.rs");
    let unknown = top.filter(|(path, _)| layer(&path[0]).is_none()).map(|(path, _)| {
        format!(
            "snow-client: {} is in no layer: add it to LAYERS of xtask/src/structure/layering.rs",
            path[0]
        )
    });
    let arrows = source.arrows().into_iter().filter(|arrow| arrow.parent.is_empty());
    let upward = arrows.filter(|arrow| layer(&arrow.to) < layer(&arrow.from)).map(|arrow| {
        format!(
            "snow-client: {} is below {} and may not name it: pass what it needs in as an argument, or define a trait \
             in {} that {} implements\n    {arrow}",
            arrow.from, arrow.to, arrow.from, arrow.to
        )
    });
    unknown.chain(upward).collect()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

#[cfg(test)]
mod tests {
    use crate::structure::tests::problems;

    #[test]
    fn an_arrow_upward_is_seen_through_a_reexport_at_the_root() {
        let files = [
            ("lib.rs", "mod request; mod stack; mod table; pub use table::Page;"),
            ("request/mod.rs", "use crate::Page; use crate::stack::Stack;"),
            ("stack.rs", "pub(crate) struct Stack;"),
            ("table.rs", "use crate::request; pub struct Page;"),
        ];
        let found = problems("snow-client", &files);
        let upward = "snow-client: request is below table and may not name it";
        let upward = found.iter().find(|problem| problem.starts_with(upward)).unwrap();
        assert!(upward.ends_with("request -> table (request/mod.rs names crate::Page)"), "{upward}");
        assert!(found.iter().any(|problem| problem.contains("circle")), "{found:?}");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_module_without_a_layer_is_seen() {
        let found = problems("snow-client", &[("lib.rs", "mod utils;"), ("utils.rs", "")]);
        assert!(found[0].starts_with("snow-client: utils is in no layer"), "{found:?}");
    }
}
