//! The workspace as `cargo metadata` tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cargo;
use crate::error::{Error, Result};

/// All packages of the graph, with every feature on.
#[derive(Debug, Clone, Deserialize)]
pub struct Workspace {
    /// Every package in the graph.
    pub packages: Vec<Package>,
    /// The ids of the packages that are members.
    pub workspace_members: Vec<String>,
    /// The folder of the root manifest.
    #[serde(rename = "workspace_root")]
    pub root: PathBuf,
    resolve: Option<Resolve>,
}

/// One package, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
pub struct Package {
    /// Cargo's own id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: semver::Version,
    /// Its `Cargo.toml`.
    pub manifest_path: PathBuf,
    /// Where it comes from; nothing for a path.
    pub source: Option<String>,
    /// Its licence expression.
    pub license: Option<String>,
    /// One sentence.
    pub description: Option<String>,
    /// Where it lives.
    pub repository: Option<String>,
    /// What it asks for.
    pub dependencies: Vec<Dependency>,
    /// Its features, with what each turns on.
    pub features: BTreeMap<String, Vec<String>>,
    /// `[package.metadata]`.
    #[serde(default)]
    pub metadata: serde_json::Value,
}

/// One line of `[dependencies]`.
#[derive(Debug, Clone, Deserialize)]
pub struct Dependency {
    /// The package's name.
    pub name: String,
    /// The name it has here, where it differs.
    pub rename: Option<String>,
    /// Whether a feature turns it on.
    pub optional: bool,
    /// `dev` or `build`; nothing for a normal one.
    pub kind: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Debug, Clone, Deserialize)]
struct Edge {
    /// The name of the extern crate.
    name: String,
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Debug, Clone, Deserialize)]
struct EdgeKind {
    /// `dev` or `build`; nothing for a normal one.
    kind: Option<String>,
}

impl Edge {
    /// Whether the crate is linked into what depends on it.
    fn is_linked(&self) -> bool {
        self.dep_kinds.iter().any(|of| of.kind.is_none())
    }
}

impl Workspace {
    /// Asks Cargo about the workspace around a folder; compiles nothing.
    ///
    /// # Errors
    /// Fails where there is no manifest or the graph cannot be resolved.
    pub fn load(folder: &Path) -> Result<Self> {
        // Only this machine's part of the graph: the rest may not be downloaded.
        let host = cargo::compiler()?.host;
        let text = cargo::output(
            cargo::command()
                .current_dir(folder)
                .args(["metadata", "--format-version", "1", "--all-features"])
                .args(["--filter-platform", &host]),
        )?;
        serde_json::from_str(&text)
            .map_err(|e| Error::failed(format!("read `cargo metadata`: {e}")))
    }

    /// Whether a package belongs to this workspace.
    pub fn is_member(&self, package: &Package) -> bool {
        self.workspace_members.contains(&package.id)
    }

    /// The packages that belong to this workspace.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.is_member(package))
    }

    /// A package by its name: a member first.
    pub fn package(&self, name: &str) -> Option<&Package> {
        let named = |package: &&Package| package.name == name;
        self.members()
            .find(named)
            .or_else(|| self.packages.iter().find(named))
    }

    /// What a dependency of a package resolves to: the package, and the name of its extern crate.
    pub fn resolve(&self, package: &Package, dependency: &Dependency) -> Option<(&Package, &str)> {
        let nodes = &self.resolve.as_ref()?.nodes;
        let node = nodes.iter().find(|node| node.id == package.id)?;
        let wanted = dependency
            .rename
            .as_ref()
            .map(|name| name.replace('-', "_"));
        node.deps.iter().find_map(|edge| {
            let found = self
                .packages
                .iter()
                .find(|package| package.id == edge.pkg)?;
            let fits = wanted.as_ref().is_none_or(|name| *name == edge.name);
            (found.name == dependency.name && fits).then_some((found, edge.name.as_str()))
        })
    }

    /// The crates that a package links, itself included, as Rust names them.
    pub fn crates(&self, package: &str) -> BTreeSet<String> {
        let nodes = self
            .resolve
            .as_ref()
            .map_or([].as_slice(), |resolve| &resolve.nodes);
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<&str> = self
            .package(package)
            .map(|p| p.id.as_str())
            .into_iter()
            .collect();
        while let Some(id) = waiting.pop() {
            if seen.insert(id)
                && let Some(node) = nodes.iter().find(|node| node.id == id)
            {
                let linked = node.deps.iter().filter(|edge| edge.is_linked());
                waiting.extend(linked.map(|edge| edge.pkg.as_str()));
            }
        }
        let names = self
            .packages
            .iter()
            .filter(|package| seen.contains(package.id.as_str()));
        names
            .map(|package| package.name.replace('-', "_"))
            .collect()
    }
}

impl Package {
    /// The folder of its manifest.
    pub fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new("."))
    }

    /// Whether it asks for the framework itself.
    pub fn uses_framework(&self) -> bool {
        self.dependencies
            .iter()
            .any(|dependency| dependency.name == "weldkit" && dependency.kind.is_none())
    }
}

impl Dependency {
    /// The name under which features know it.
    pub fn key(&self) -> &str {
        self.rename.as_deref().unwrap_or(&self.name)
    }
}
