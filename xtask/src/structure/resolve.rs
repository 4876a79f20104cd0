//! From a path as it is written to the module that defines what it names, and from there to arrows between modules.

use super::source::{CrateSource, ModulePath};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// An arrow between two modules of one parent: code in `from` names something that `to` defines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arrow {
    pub(super) parent: ModulePath,
    pub(super) from: String,
    pub(super) to: String,
    /// The files that say so, each with the paths that are written in it.
    pub(super) reasons: BTreeMap<String, BTreeSet<String>>,
}

/// More re-exports in a row than any crate has.
const MAX_REEXPORTS: usize = 16;

impl CrateSource {
    /// Returns all arrows, in order. The file `lib.rs` puts a crate together and has none.
    pub(super) fn arrows(&self) -> Vec<Arrow> {
        let mut arrows: BTreeMap<(ModulePath, String, String), BTreeMap<String, BTreeSet<String>>> =
            BTreeMap::new();
        for (module, found) in self.modules.iter().filter(|(_, found)| found.file != "lib.rs") {
            // Of `use crate::Error` and `Error::new` the first says all: what is imported comes last.
            let mut paths: Vec<_> = found.paths.iter().collect();
            paths.sort_by_key(|path| found.imports.contains_key(&path[0]));
            for path in paths {
                let target = self.resolve(module, path, MAX_REEXPORTS).unwrap_or_default();
                let shared = module.iter().zip(&target).take_while(|(a, b)| a == b).count();
                if let (Some(from), Some(to)) = (module.get(shared), target.get(shared)) {
                    let arrow = (module[..shared].to_vec(), from.clone(), to.clone());
                    let reasons = arrows.entry(arrow).or_default().entry(found.file.clone()).or_default();
                    if reasons.is_empty() || !found.imports.contains_key(&path[0]) {
                        reasons.insert(path.join("::"));
                    }
                }
            }
        }
        arrows.into_iter().map(|((parent, from, to), reasons)| Arrow { parent, from, to, reasons }).collect()
    }

    /// Returns the module that defines what `path` names in `module`, or `None` if it is defined in another crate.
    fn resolve(&self, module: &[String], path: &[String], reexports: usize) -> Option<ModulePath> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.descend(Vec::new(), rest, reexports),
            "self" => self.descend(module.to_vec(), rest, reexports),
            "super" => {
                let supers = path.iter().take_while(|segment| *segment == "super").count();
                let around = module.get(..module.len().checked_sub(supers)?)?;
                self.descend(around.to_vec(), &path[supers..], reexports)
            }
            _ if self.modules.contains_key(&[module, &path[..1]].concat()) => {
                self.descend(module.to_vec(), path, reexports)
            }
            _ => self.import(module, first, rest, reexports),
        }
    }

    /// Follows `path` downward from `module`, through re-exports, as far as there are modules.
    fn descend(&self, module: ModulePath, path: &[String], reexports: usize) -> Option<ModulePath> {
        let Some((first, rest)) = path.split_first() else { return Some(module) };
        let child = [module.as_slice(), &path[..1]].concat();
        if self.modules.contains_key(&child) {
            return self.descend(child, rest, reexports);
        }
        let imported = self.modules.get(&module).is_some_and(|found| found.imports.contains_key(first));
        if imported { self.import(&module, first, rest, reexports) } else { Some(module) }
    }

    /// Resolves a name that a `use` of `module` brings in, with what follows it.
    fn import(&self, module: &[String], name: &str, rest: &[String], reexports: usize) -> Option<ModulePath> {
        let import = self.modules.get(module)?.imports.get(name)?;
        self.resolve(module, &[import.as_slice(), rest].concat(), reexports.checked_sub(1)?)
    }
}

/// `a -> b (a.rs names crate::b::B)`, with three files at most.
impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named =
            |paths: &BTreeSet<String>| paths.iter().map(String::as_str).collect::<Vec<_>>().join(" and ");
        let reasons =
            self.reasons.iter().take(3).map(|(file, paths)| format!("{file} names {}", named(paths)));
        write!(f, "{} -> {} ({}", self.from, self.to, reasons.collect::<Vec<_>>().join(", "))?;
        match self.reasons.len().saturating_sub(3) {
            0 => write!(f, ")"),
            more => write!(f, ", and {more} more)"),
        }
    }
}
