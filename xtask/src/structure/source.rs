//! The source files of a crate, as a tree of modules.

use super::collect;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The names of a module and the modules around it, outermost first. The crate itself is the empty path.
pub(super) type ModulePath = Vec<String>;

/// A path as it is written in the code: `crate::query::Query` is three segments.
pub(super) type WrittenPath = Vec<String>;

/// A module of a crate, without the code that only tests have.
#[derive(Debug, Default)]
pub(super) struct Module {
    pub(super) file: String,
    /// Each name that a `use` brings in, with the path it stands for.
    pub(super) imports: BTreeMap<String, WrittenPath>,
    /// Every path of two or more segments, and every path of a `use`.
    pub(super) paths: BTreeSet<WrittenPath>,
    /// The structs, enums, traits, unions and type aliases that are defined here.
    pub(super) types: BTreeSet<String>,
}

/// A crate's files and modules.
#[derive(Debug)]
pub(super) struct CrateSource {
    pub(super) name: String,
    /// Each file below `src`, with the number of its lines.
    pub(super) files: Vec<(String, usize)>,
    pub(super) modules: BTreeMap<ModulePath, Module>,
}

impl CrateSource {
    /// Reads the crate in `folder`.
    pub(super) fn load(name: &str, folder: &Path) -> Result<Self, String> {
        let src = folder.join("src");
        let mut files = Vec::new();
        read_files(&src, "", &mut files).map_err(|error| format!("{}: {error}", src.display()))?;
        Self::parse(name, &files)
    }

    /// Parses files given as their path below `src` and their text.
    pub(super) fn parse(name: &str, files: &[(String, String)]) -> Result<Self, String> {
        let mut modules = BTreeMap::new();
        let mut tests = BTreeSet::new();
        // A program is a crate of its own that names the library as others do.
        for (file, text) in files.iter().filter(|(file, _)| file != "main.rs") {
            let syntax = syn::parse_file(text).map_err(|error| format!("{name}/src/{file}: {error}"))?;
            collect::collect(&syntax, file, module_path(file), &mut modules, &mut tests);
        }
        modules.retain(|path, _| !(1..=path.len()).any(|length| tests.contains(&path[..length])));
        let lines = files.iter().map(|(file, text)| (file.clone(), text.lines().count()));
        Ok(Self { name: name.to_owned(), files: lines.collect(), modules })
    }
}

fn read_files(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            read_files(&path, &format!("{prefix}{name}/"), files)?;
        } else if name.ends_with(".rs") {
            files.push((format!("{prefix}{name}"), fs::read_to_string(&path)?));
        }
    }
    files.sort();
    Ok(())
}

/// The module that a file holds: `query/mod.rs` and `query.rs` both hold `query`.
fn module_path(file: &str) -> ModulePath {
    let path = file.strip_suffix(".rs").unwrap_or(file);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path {
        "lib" => Vec::new(),
        _ => path.split('/').map(str::to_owned).collect(),
    }
}
