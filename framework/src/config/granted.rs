//! Permissions that are granted and that nothing asks for: most often a mistyped name.

use std::collections::BTreeSet;

use serde_json::Value;

use super::problem::{Code, Problem, brief};
use super::tree::{Kind, join};
use super::{Config, Origin};
use crate::name;
use crate::security::Permission;

impl Config {
    /// What `[permissions]` grants without any use: patterns that cover nothing of `asked`, which is what the methods of
    /// this binary ask for and its plugins declare.
    ///
    /// Each is a warning, not a problem: one file may serve several editions, and name what some of them lack. What the
    /// embedded defaults grant is passed over, as are their other names.
    pub fn idle_grants(&self, asked: &BTreeSet<&str>) -> Vec<Problem> {
        let mut found = Vec::new();
        for principal in self.permissions().keys() {
            let pointer = join("/permissions", principal);
            let granted = self.root.at(&pointer);
            let Some(Kind::Array(items)) = granted.map(|node| &node.kind) else {
                continue;
            };
            for (at, item) in items.iter().enumerate() {
                let Kind::Leaf(Value::String(pattern)) = &item.kind else {
                    continue;
                };
                // What is no permission at all is a problem already.
                let is_idle = Permission::new(pattern)
                    .is_ok_and(|granted| !asked.iter().any(|asked| granted.covers(asked)));
                let is_default = matches!(item.place.origin(), Origin::Default { .. });
                if is_idle && !is_default {
                    let pointer = join(&pointer, &at.to_string());
                    found.push(idle(pattern, asked, pointer).at_value(&item.place));
                }
            }
        }
        self.finished(found)
    }
}

fn idle(pattern: &str, asked: &BTreeSet<&str>, pointer: String) -> Problem {
    let message = format!(
        "no method in this binary asks for the permission `{}`",
        brief(pattern)
    );
    let families: BTreeSet<String> = asked
        .iter()
        .flat_map(|asked| asked.match_indices('.').map(|(end, _)| &asked[..end]))
        .chain(asked.iter().copied())
        .map(|family| format!("{family}.*"))
        .collect();
    let nearest = if pattern.ends_with(".*") {
        name::nearest(pattern, families.iter().map(String::as_str))
    } else {
        name::nearest(pattern, asked.iter().copied())
    };
    let problem = Problem::new(Code::UnknownName, pointer, message).nearest(nearest);
    match nearest {
        Some(_) => problem,
        None => problem.fix(
            "it stands for nothing until a plugin that asks for it is welded in; `app describe SERVICE` shows what each \
             method asks for",
        ),
    }
}
