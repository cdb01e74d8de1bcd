//! The path of the framework crate, as the crate being compiled names it.
//!
//! `crate = path` in an attribute wins. Otherwise the manifest decides, because a dependency may
//! be renamed (`wk = { package = "weldkit" }`). The manifest is read line by line: a TOML parser
//! would be the largest dependency of every plugin's build, for one key.

use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Ident;

/// The package that the macros belong to.
const PACKAGE: &str = "weldkit";

/// The path to write in front of every item of the framework.
pub(crate) fn path(given: Option<&syn::Path>) -> syn::Path {
    if let Some(path) = given {
        return path.clone();
    }
    let name = manifest_folder()
        .and_then(|folder| dependency(&folder))
        .unwrap_or_else(|| PACKAGE.to_owned());
    let name = Ident::new(&name, Span::call_site());
    syn::parse_quote!(::#name)
}

/// A place in the user's code, for tokens whose names mean what they mean in the rest of the expansion.
pub(crate) fn place(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// The path, with its tokens where `span` is, so that what rustc says about it is said there.
pub(crate) fn at(weldkit: &syn::Path, span: Span) -> TokenStream {
    let place = place(span);
    let place_one = |mut token: TokenTree| {
        token.set_span(place);
        token
    };
    weldkit
        .to_token_stream()
        .into_iter()
        .map(place_one)
        .collect()
}

fn manifest_folder() -> Option<PathBuf> {
    std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)
}

/// The name under which the package in `folder` depends on the framework.
fn dependency(folder: &Path) -> Option<String> {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let entries = entries(&manifest, is_dependency_table);
    if let Some(name) = named(&entries) {
        return Some(name);
    }
    // `wk.workspace = true`: the package's real name stands in the workspace's manifest.
    let shared = workspace(folder)?;
    let renamed = named(&self::entries(&shared, |table| {
        table == "workspace.dependencies"
    }))?;
    entries
        .iter()
        .any(|entry| entry.workspace && identifier(&entry.key) == renamed)
        .then_some(renamed)
}

/// The name of the entry that is the framework.
fn named(entries: &[Entry]) -> Option<String> {
    let entry = entries
        .iter()
        .find(|entry| entry.package.as_deref().unwrap_or(&entry.key) == PACKAGE)?;
    let name = identifier(&entry.key);
    syn::parse_str::<Ident>(&name).is_ok().then_some(name)
}

fn identifier(key: &str) -> String {
    key.replace('-', "_")
}

/// The manifest of the workspace that `folder` is in.
fn workspace(folder: &Path) -> Option<String> {
    folder.ancestors().find_map(|folder| {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
        manifest
            .lines()
            .any(|line| line.trim_start().starts_with("[workspace"))
            .then_some(manifest)
    })
}

/// One dependency of a manifest.
#[derive(Debug, Default, PartialEq)]
struct Entry {
    key: String,
    package: Option<String>,
    workspace: bool,
}

fn is_dependency_table(table: &str) -> bool {
    let last = table.rsplit('.').next().unwrap_or(table);
    let kind = matches!(
        last,
        "dependencies" | "dev-dependencies" | "build-dependencies"
    );
    kind && (table == last || table.starts_with("target."))
}

/// The dependencies in the tables that `wanted` picks, as `[table]` with a line each or as `[table.key]`.
fn entries(manifest: &str, wanted: impl Fn(&str) -> bool) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut table = String::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            table = header
                .split(']')
                .next()
                .unwrap_or_default()
                .replace(['"', ' '], "");
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        if line.starts_with('#') {
            continue;
        }
        let (key, value) = (key.trim().replace('"', ""), value.trim());
        let (name, field) = if wanted(&table) {
            key.split_once('.')
                .map_or((key.clone(), ""), |(name, field)| (name.to_owned(), field))
        } else {
            match table.rsplit_once('.') {
                Some((parent, name)) if wanted(parent) => (name.to_owned(), key.as_str()),
                _ => continue,
            }
        };
        let index = entries
            .iter()
            .position(|entry| entry.key == name)
            .unwrap_or_else(|| {
                entries.push(Entry {
                    key: name,
                    ..Entry::default()
                });
                entries.len() - 1
            });
        note(&mut entries[index], field, value);
    }
    entries
}

/// Takes `field = value`, or with no field the pairs of an inline table.
fn note(entry: &mut Entry, field: &str, value: &str) {
    match field {
        "" => {
            let Some(pairs) = value
                .strip_prefix('{')
                .and_then(|rest| rest.split('}').next())
            else {
                return;
            };
            for (key, value) in pairs.split(',').filter_map(|pair| pair.split_once('=')) {
                note(entry, key.trim(), value.trim());
            }
        }
        "package" => entry.package = value.split(['"', '\'']).nth(1).map(str::to_owned),
        "workspace" => entry.workspace = value.starts_with("true"),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(manifest: &str, expected: Option<&str>) {
        assert_eq!(
            named(&entries(manifest, is_dependency_table)).as_deref(),
            expected,
            "{manifest}"
        );
    }

    #[test]
    fn the_framework_is_found_under_the_name_it_has() {
        check("[dependencies]\nweldkit = \"0.1\"", Some("weldkit"));
        check("[dependencies]\nweldkit.workspace = true", Some("weldkit"));
        check(
            "[dependencies]\nserde = \"1\"\nwk = { version = \"0.1\", package = \"weldkit\" } # why",
            Some("wk"),
        );
        check(
            "[dependencies]\nmy-kit = { package = 'weldkit', features = [\"cli\"] }",
            Some("my_kit"),
        );
        check(
            "[dependencies.wk]\nversion = \"0.1\"\npackage = \"weldkit\"",
            Some("wk"),
        );
        check(
            "[dependencies]\nwk.package = \"weldkit\"\nwk.version = \"0.1\"",
            Some("wk"),
        );
        check(
            "[target.'cfg(unix)'.dependencies]\nwk = { package = \"weldkit\" }",
            Some("wk"),
        );
        check(
            "[dev-dependencies]\nwk = { package = \"weldkit\" }",
            Some("wk"),
        );
    }

    #[test]
    fn what_is_not_a_dependency_on_the_framework_is_not_taken() {
        check("", None);
        check("[package]\nname = \"weldkit\"", None);
        check("[dependencies]\n# wk = { package = \"weldkit\" }", None);
        check("[dependencies]\nweldkit = { package = \"other\" }", None);
        check("[features]\nwk = [\"package = weldkit\"]", None);
        check(
            "[package.metadata.dependencies]\nwk = { package = \"weldkit\" }",
            None,
        );
    }

    #[test]
    fn a_name_given_by_the_workspace_is_found() {
        let folder = std::env::temp_dir().join(format!("weldkit-macros-{}", std::process::id()));
        let member = folder.join("member");
        std::fs::create_dir_all(&member).unwrap();
        std::fs::write(
            folder.join("Cargo.toml"),
            "[workspace]\n[workspace.dependencies]\nwk = { package = \"weldkit\", path = \"x\" }\n",
        )
        .unwrap();
        std::fs::write(
            member.join("Cargo.toml"),
            "[package]\nname = \"member\"\n[dependencies]\nwk.workspace = true\n",
        )
        .unwrap();
        let found = dependency(&member);
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found.as_deref(), Some("wk"));
    }
}
