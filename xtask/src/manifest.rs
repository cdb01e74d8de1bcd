//! Edits of `Cargo.toml` that leave its comments and order alone.

use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, Item, Table, Value};

use crate::error::{Error, Result};
use crate::file;

/// One manifest, being edited.
#[derive(Debug)]
pub struct Manifest {
    path: PathBuf,
    document: DocumentMut,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// Fails with the path when it is not TOML.
    pub fn read(path: &Path) -> Result<Self> {
        let text = file::read(path)?;
        let document = text.parse();
        Ok(Self {
            document: document.map_err(|e| Error::refused(format!("{}: {e}", path.display())))?,
            path: path.to_owned(),
        })
    }

    /// Writes it back.
    ///
    /// # Errors
    /// Fails when it cannot be written.
    pub fn write(&self) -> Result<bool> {
        file::write(&self.path, &self.document.to_string())
    }

    /// The item under a path of keys.
    pub fn get(&self, keys: &[&str]) -> Option<&Item> {
        keys.iter()
            .try_fold(self.document.as_item(), |item, key| item.get(key))
    }

    /// The names in `[dependencies]`.
    pub fn dependencies(&self) -> Vec<String> {
        let table = self.get(&["dependencies"]).and_then(Item::as_table_like);
        let names = table.into_iter().flat_map(|table| table.iter());
        names.map(|(name, _)| name.to_owned()).collect()
    }

    /// Gives the feature that turns on an optional dependency the id of its plugin; Cargo has
    /// named it by the dependency.
    pub fn name_feature(&mut self, id: &str, dependency: &str) {
        let features = self.table("features");
        if id != dependency && is_switch(features.get(dependency), dependency) {
            features.remove(dependency);
        }
        if !features.contains_key(id) {
            let switch = Array::from_iter([format!("dep:{dependency}")]);
            features.insert(id, Item::Value(Value::Array(switch)));
        }
    }

    /// Puts a feature into an edition, and makes the edition where there is none.
    pub fn join_edition(&mut self, edition: &str, id: &str) {
        let features = self.table("features");
        let members = features
            .entry(edition)
            .or_insert_with(|| Item::Value(Value::Array(Array::new())));
        if let Some(members) = members.as_array_mut() {
            push(members, id);
        }
        let known = self
            .table("package")
            .entry("metadata")
            .or_insert_with(implicit);
        let known = known
            .as_table_mut()
            .map(|t| t.entry("weldkit").or_insert_with(implicit));
        let known = known.and_then(Item::as_table_mut).map(|t| {
            t.entry("editions")
                .or_insert_with(|| Item::Value(Value::Array(Array::new())))
        });
        if let Some(known) = known.and_then(Item::as_array_mut) {
            push(known, edition);
        }
    }

    /// The edition that a new plugin joins: `full`, else the last one, else `full` anew.
    pub fn widest_edition(&self) -> String {
        let editions = self.get(&["package", "metadata", "weldkit", "editions"]);
        let editions: Vec<&str> = editions
            .and_then(Item::as_array)
            .into_iter()
            .flat_map(|editions| editions.iter().filter_map(Value::as_str))
            .collect();
        let widest = editions
            .iter()
            .find(|name| **name == "full")
            .or(editions.last());
        widest.copied().unwrap_or("full").to_owned()
    }

    /// Adds members to `[workspace]`, which is made where there is none.
    pub fn join_workspace(&mut self, folders: &[String]) {
        let workspace = self.table("workspace");
        let members = workspace
            .entry("members")
            .or_insert_with(|| Item::Value(Value::Array(Array::new())));
        if let Some(members) = members.as_array_mut() {
            folders.iter().for_each(|folder| push(members, folder));
        }
    }

    fn table(&mut self, name: &str) -> &mut Table {
        let item = self
            .document
            .entry(name)
            .or_insert_with(|| Item::Table(Table::new()));
        item.as_table_mut()
            .expect("Cargo accepts only tables here, and has read this manifest")
    }
}

fn implicit() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

/// `name = ["dep:name"]`, as `cargo add` writes it.
fn is_switch(item: Option<&Item>, dependency: &str) -> bool {
    let switch = format!("dep:{dependency}");
    item.and_then(Item::as_array)
        .is_some_and(|list| list.len() == 1 && list.get(0).and_then(Value::as_str) == Some(&switch))
}

/// Appends a string that is not there yet, in the look of the others.
fn push(array: &mut Array, text: &str) {
    if array.iter().any(|item| item.as_str() == Some(text)) {
        return;
    }
    let prefix = array
        .get(0)
        .and_then(|first| first.decor().prefix()?.as_str().map(str::to_owned));
    let mut value = Value::from(text);
    match prefix {
        Some(prefix) if prefix.contains('\n') => {
            value.decor_mut().set_prefix(prefix);
            array.push_formatted(value);
        }
        _ => array.push(value),
    }
}

/// Files as they were, so that a command that fails leaves nothing half done.
#[derive(Debug)]
pub struct Snapshot(Vec<(PathBuf, Option<Vec<u8>>)>);

impl Snapshot {
    /// Remembers files, also those that are not there.
    pub fn take(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let read = |path: PathBuf| {
            let bytes = std::fs::read(&path).ok();
            (path, bytes)
        };
        Self(paths.into_iter().map(read).collect())
    }

    /// Runs a change; puts every file back if it fails.
    ///
    /// # Errors
    /// Fails as the change does.
    pub fn guard<T>(self, change: impl FnOnce() -> Result<T>) -> Result<T> {
        change().inspect_err(|_| {
            for (path, bytes) in &self.0 {
                // The change's own error is the one to report.
                let _ = match bytes {
                    Some(bytes) => std::fs::write(path, bytes),
                    None => std::fs::remove_file(path),
                };
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = r#"# Ours.
[package]
name = "shop"

[package.metadata.weldkit]
editions = ["community", "full"] # in this order

[dependencies]
weldkit = "0.1" # the framework
weldkit-greeting = { path = "x", optional = true }

[features]
default = ["community"]
community = ["records"]
full = [
    "community",
    # the rest
    "storage-memory",
]
weldkit-greeting = ["dep:weldkit-greeting"]
"#;

    #[test]
    fn comments_and_order_survive() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Cargo.toml");
        std::fs::write(&path, BEFORE).unwrap();
        let mut manifest = Manifest::read(&path).unwrap();
        assert_eq!(manifest.widest_edition(), "full");
        manifest.name_feature("greeting", "weldkit-greeting");
        manifest.join_edition("full", "greeting");
        manifest.join_workspace(&["plugins/a".to_owned()]);
        assert!(manifest.write().unwrap());
        let expected = BEFORE
            .replace("weldkit-greeting = [\"dep", "greeting = [\"dep")
            .replace(
                "    \"storage-memory\",\n",
                "    \"storage-memory\",\n    \"greeting\",\n",
            );
        let after = file::read(&path).unwrap();
        assert_eq!(
            after,
            format!("{expected}\n[workspace]\nmembers = [\"plugins/a\"]\n")
        );
    }

    #[test]
    fn the_same_edit_twice_changes_nothing_and_a_bare_manifest_gets_an_edition() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Cargo.toml");
        std::fs::write(&path, "[package]\nname = \"shop\"\n").unwrap();
        let mut manifest = Manifest::read(&path).unwrap();
        for _ in 0..2 {
            manifest.name_feature("greeting", "greeting");
            manifest.join_edition("full", "greeting");
        }
        let text = manifest.document.to_string();
        assert_eq!(
            text,
            "[package]\nname = \"shop\"\n\n[package.metadata.weldkit]\neditions = [\"full\"]\n\n\
             [features]\ngreeting = [\"dep:greeting\"]\nfull = [\"greeting\"]\n"
        );
    }

    #[test]
    fn a_failed_change_is_undone() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        std::fs::write(&old, "before").unwrap();
        let result: Result<()> = Snapshot::take([old.clone(), new.clone()]).guard(|| {
            std::fs::write(&old, "after").unwrap();
            std::fs::write(&new, "new").unwrap();
            Err(Error::failed("no"))
        });
        assert!(result.is_err());
        assert_eq!(file::read(&old).unwrap(), "before");
        assert!(!new.exists());
    }
}
