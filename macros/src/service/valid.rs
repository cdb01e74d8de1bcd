//! What each part says alone is right; here it is whether the parts fit together.

use std::collections::BTreeSet;

use super::{Contract, Kind, Method, Trait};
use crate::error::Errors;
use crate::text;

/// The most methods of a contract: who may call which is one machine word.
const METHODS_MAX: usize = 64;

pub(super) fn check(contract: &Contract, item: &Trait, errors: &mut Errors) {
    if let Some(token) = &item.unsafety {
        errors.at(
            token,
            "every plugin may provide a contract; leave out `unsafe`",
        );
    }
    if !item.generics.params.is_empty() {
        errors.at(
            &item.generics,
            "a contract has no generics: it is one service with one name; write the types out",
        );
    }
    if let Some(clause) = &item.generics.where_clause {
        errors.at(clause, "a contract has no `where`; write the types out");
    }
    if let Some(cfg) = item
        .attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("cfg_attr"))
        .filter(|cfg| text::shown(cfg).contains("weldkit"))
    {
        errors.at(
            cfg,
            "a contract is the same in every build; write the attribute without `cfg_attr`",
        );
    }
    if item.members.is_empty() {
        errors.push(item.ident.span(), "a contract without methods promises nothing; add `async fn name(&self, ctx: &Ctx) -> Result<T, MyError>;`");
    }
    if let Some(method) = contract.methods.get(METHODS_MAX) {
        errors.push(
            method.name.span,
            format!(
                "a contract has at most {METHODS_MAX} methods; move some to a contract of their own"
            ),
        );
    }
    if let Some(fault) = text::name_fault(own_name(&contract.name.text)) {
        errors.push(
            contract.name.span,
            format!("{fault}; write `name = \"…\"` with a name that callers will use"),
        );
    }
    let mut names = BTreeSet::new();
    for method in &contract.methods {
        if let Some(fault) = text::name_fault(&method.name.text) {
            errors.push(
                method.name.span,
                format!("callers by JSON use this name: {fault}"),
            );
        }
        if !names.insert(&method.name.text) {
            errors.push(method.name.span, format!("the contract has a method `{}` already; a contract has no overloads, so give this one another name", method.name.text));
        }
        flags(method, errors);
        parameters(method, errors);
    }
}

/// The services of the framework itself are called `weldkit.…`; nobody else's can be.
fn own_name(name: &str) -> &str {
    let is_framework = std::env::var("CARGO_PKG_NAME").is_ok_and(|package| package == "weldkit");
    match name.strip_prefix("weldkit.") {
        Some(own) if is_framework => own,
        _ => name,
    }
}

fn flags(method: &Method, errors: &mut Errors) {
    if let (Kind::Sync, Some(timeout)) = (method.kind, &method.timeout) {
        errors.at(&timeout.text, "a sync method has no deadline, since nothing can end its wait; write `async fn`, or leave out `timeout`");
    }
    if let (Kind::Stream, Some(isolated)) = (method.kind, method.flags.isolated) {
        errors.push(isolated, "a stream runs where its reader is; leave out `isolated`, and let a task of the provider's own feed `Stream::channel`");
    }
    if let (Kind::Sync, Some(transactional)) = (method.kind, method.flags.transactional) {
        errors.push(transactional, "a sync method cannot wait for its turn in a transaction; write `async fn`, or leave out `transactional`");
    }
    if let (Kind::Stream, Some(transactional)) = (method.kind, method.flags.transactional) {
        errors.push(transactional, "a stream outlives the step of a transaction; collect it in a method that returns `Result<Vec<T>, E>`, or leave out `transactional`");
    }
    if let Some(permission) = &method.permission
        && let Some(fault) = text::permission_fault(&permission.value())
    {
        errors.at(permission, fault);
    }
}

fn parameters(method: &Method, errors: &mut Errors) {
    let mut names = BTreeSet::new();
    for parameter in &method.parameters {
        if parameter.name.text.is_empty() {
            errors.push(
                parameter.name.span,
                "a key of the parameter object may not be empty; give it a name",
            );
        }
        if !names.insert(&parameter.name.text) {
            errors.push(parameter.name.span, format!("the method has a parameter `{}` already; callers by JSON tell them apart by name", parameter.name.text));
        }
    }
}
