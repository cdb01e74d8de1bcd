//! What each part says alone is right; here it is whether the parts fit together.

use std::collections::BTreeSet;

use syn::{LitStr, Type};

use super::{Block, Plugin};
use crate::error::Errors;
use crate::function::Member;
use crate::text;

pub(super) fn check(plugin: Option<&Plugin>, block: &Block, errors: &mut Errors) {
    own_impl(block, errors);
    members(block, errors);
    if let Some(plugin) = plugin {
        keys(plugin, errors);
    }
}

/// The values of the attribute's keys.
fn keys(plugin: &Plugin, errors: &mut Errors) {
    if let Some(id) = &plugin.id
        && let Some(fault) = text::name_fault(&id.value())
    {
        errors.at(id, fault);
    }
    for permission in &plugin.permissions {
        if let Some(fault) = text::permission_fault(&permission.value()) {
            errors.at(permission, fault);
        }
    }
    let mut provided = BTreeSet::new();
    for path in &plugin.provides {
        if !provided.insert(text::shown(path)) {
            errors.at(
                path,
                format!("`{}` is provided twice; keep one", text::shown(path)),
            );
        }
    }
    let mut words = BTreeSet::new();
    for word in &plugin.access {
        if !words.insert(word) {
            errors.at(word, format!("`{word}` is given twice; keep one"));
        }
    }
    texts(&plugin.categories, "category", errors);
    texts(&plugin.tags, "tag", errors);
    texts(&plugin.permissions, "permission", errors);
}

/// Whether the block is the plugin's own, without generics.
fn own_impl(block: &Block, errors: &mut Errors) {
    if let Some(implemented) = &block.implemented {
        errors.at(
            implemented,
            "`#[plugin]` belongs on the plugin's own impl, not on that of a trait; move it there",
        );
    }
    if !block.generics.params.is_empty() {
        errors.at(
            &block.generics,
            "a plugin has no generics: there is one of it in a binary; write the types out",
        );
    }
    if let Some(clause) = &block.generics.where_clause {
        errors.at(clause, "a plugin has no `where`; write the types out");
    }
    if !matches!(block.ty, Type::Path(_)) {
        errors.at(
            &block.ty,
            "a plugin is a struct or an enum of this crate; name it here",
        );
    }
}

/// The three functions that the host calls: each once, in every build.
fn members(block: &Block, errors: &mut Errors) {
    let mut names = BTreeSet::new();
    for member in &block.members {
        if let Member::Function(function) = member {
            let ident = &function.signature.ident;
            let ours = ident == "start" || ident == "stop" || ident == "health";
            if ours
                && function
                    .attributes
                    .iter()
                    .any(|attribute| attribute.path().is_ident("cfg"))
            {
                errors.at(
                    &function.attributes[0],
                    format!(
                        "`{ident}` is there in every build or in none; move `#[cfg]` into its body"
                    ),
                );
            }
            if ours && !names.insert(ident.to_string()) {
                errors.at(ident, format!("there is a `{ident}` already; keep one"));
            }
        }
    }
}

fn texts(texts: &[LitStr], what: &str, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for text in texts {
        if text.value().trim().is_empty() {
            errors.at(text, format!("a {what} may not be empty"));
        } else if !seen.insert(text.value()) {
            errors.at(
                text,
                format!("{what} `{}` is given twice; keep one", text.value()),
            );
        }
    }
}
