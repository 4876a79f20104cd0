//! What a file imports, names and defines, read from its syntax tree.

use super::source::{Module, ModulePath, WrittenPath};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};
use syn::{
    Attribute, File, ImplItemFn, Item, ItemConst, ItemEnum, ItemFn, ItemImpl, ItemMacro, ItemMod, ItemStatic,
    ItemStruct, ItemTrait, ItemType, ItemUnion, ItemUse, Macro, Meta, Path, UseTree, VisRestricted,
};

/// Adds the module of a file, and those written inside the file, to `modules`, and modules that only tests have to `tests`.
pub(super) fn collect(
    syntax: &File,
    file: &str,
    path: ModulePath,
    modules: &mut BTreeMap<ModulePath, Module>,
    tests: &mut BTreeSet<ModulePath>,
) {
    let mut collector = Collector { file, path, modules, tests };
    collector.module();
    collector.visit_file(syntax);
}

struct Collector<'a> {
    file: &'a str,
    /// The module that is being visited.
    path: ModulePath,
    modules: &'a mut BTreeMap<ModulePath, Module>,
    tests: &'a mut BTreeSet<ModulePath>,
}

impl Collector<'_> {
    fn module(&mut self) -> &mut Module {
        let module = self.modules.entry(self.path.clone()).or_default();
        self.file.clone_into(&mut module.file);
        module
    }

    fn define(&mut self, name: &impl ToString) {
        self.module().types.insert(name.to_string());
    }

    fn import(&mut self, tree: &UseTree, prefix: &[String]) {
        let with = |name: &dyn ToString| [prefix, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &with(&path.ident)),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.import(item, prefix)),
            UseTree::Glob(_) => self.add_import(None, prefix.to_vec()),
            UseTree::Name(name) if name.ident == "self" => {
                self.add_import(prefix.last().cloned(), prefix.to_vec());
            }
            UseTree::Name(name) => self.add_import(Some(name.ident.to_string()), with(&name.ident)),
            UseTree::Rename(rename) if rename.ident == "self" => {
                self.add_import(Some(rename.rename.to_string()), prefix.to_vec());
            }
            UseTree::Rename(rename) => {
                self.add_import(Some(rename.rename.to_string()), with(&rename.ident));
            }
        }
    }

    fn add_import(&mut self, name: Option<String>, path: WrittenPath) {
        let module = self.module();
        // `use a_macro;` makes a macro of this very file visible elsewhere.
        if let Some(name) = name.filter(|name| path.as_slice() != [name.as_str()]) {
            module.imports.insert(name, path.clone());
        }
        module.paths.insert(path);
    }

    /// Finds paths and definitions in the arguments of a macro, which have no syntax tree.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path = WrittenPath::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(word) if colons == 2 => path.push(word.to_string()),
                TokenTree::Ident(word) => {
                    let before = self.end_path(&mut path).filter(|_| colons == 0);
                    if before.is_some_and(|before| defines_type(&before, &word.to_string())) {
                        self.define(&word);
                    }
                    path.push(word.to_string());
                }
                TokenTree::Punct(colon) if colon.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => {
                    self.end_path(&mut path);
                    self.tokens(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    self.end_path(&mut path);
                }
            }
            colons = 0;
        }
        self.end_path(&mut path);
    }

    /// Keeps a path that ends here; a single word is returned instead.
    fn end_path(&mut self, path: &mut WrittenPath) -> Option<String> {
        let mut path = std::mem::take(path);
        if path.len() < 2 {
            return path.pop();
        }
        self.module().paths.insert(path);
        None
    }
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            return visit::visit_item(self, item);
        }
        if let Item::Mod(module) = item {
            self.tests.insert([&*self.path, &[module.ident.to_string()]].concat());
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if module.content.is_some() {
            self.path.push(module.ident.to_string());
            self.module();
            visit::visit_item_mod(self, module);
            self.path.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.import(&item.tree, &[]);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string());
            self.module().paths.insert(segments.collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    // `pub(in crate::request)` says who may see a thing, and names nothing of it.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.define(&item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        self.define(&item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_union(&mut self, item: &'ast ItemUnion) {
        self.define(&item.ident);
        visit::visit_item_union(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.define(&item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast ItemType) {
        self.define(&item.ident);
        visit::visit_item_type(self, item);
    }
}

/// Whether two words in a row are `struct Name` or the like, and not the methods in serde's `forward_to_deserialize_any!`.
fn defines_type(keyword: &str, name: &str) -> bool {
    ["struct", "enum", "trait"].contains(&keyword) && name.starts_with(char::is_uppercase)
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(ItemConst { attrs, .. })
        | Item::Enum(ItemEnum { attrs, .. })
        | Item::Fn(ItemFn { attrs, .. })
        | Item::Impl(ItemImpl { attrs, .. })
        | Item::Macro(ItemMacro { attrs, .. })
        | Item::Mod(ItemMod { attrs, .. })
        | Item::Static(ItemStatic { attrs, .. })
        | Item::Struct(ItemStruct { attrs, .. })
        | Item::Trait(ItemTrait { attrs, .. })
        | Item::Type(ItemType { attrs, .. })
        | Item::Union(ItemUnion { attrs, .. })
        | Item::Use(ItemUse { attrs, .. }) => attrs,
        _ => &[],
    }
}

/// Whether an item exists only in tests: `#[cfg(test)]` or `#[cfg(all(test, ..))]`.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition: String = list.tokens.to_string().split_whitespace().collect();
            condition == "test" || condition.starts_with("all(test,")
        }
        _ => false,
    })
}
