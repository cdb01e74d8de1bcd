//! The workflows that are known by their ids, and those that were registered and no longer compile.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Workflows, lock};
use crate::error::{CallError, Code, Problem};
use crate::orchestration::definition::{DefinitionId, Document, read};
use crate::orchestration::run::Workflow;

/// A workflow with the text of its document.
pub(super) type Ready = (Arc<Workflow>, Arc<str>);

/// Every workflow that was registered. No id is in both.
#[derive(Debug, Default)]
pub(super) struct Known {
    ready: BTreeMap<DefinitionId, Ready>,
    /// What is wrong with each that an earlier version of the program could read.
    broken: BTreeMap<DefinitionId, Vec<Problem>>,
}

impl Known {
    pub(super) fn len(&self) -> usize {
        self.ready.len() + self.broken.len()
    }

    pub(super) fn insert(&mut self, id: DefinitionId, ready: Ready) {
        self.broken.remove(&id);
        self.ready.insert(id, ready);
    }

    /// What a run of an earlier start was made from, unless another text was registered since.
    pub(super) fn insert_old(&mut self, id: DefinitionId, ready: Ready) {
        if !self.broken.contains_key(&id) {
            self.ready.entry(id).or_insert(ready);
        }
    }

    /// Takes a document of an earlier start, as far as it still compiles.
    pub(super) fn recall(&mut self, id: DefinitionId, text: &str) {
        match compile(text, &id.to_string()) {
            Ok(workflow) => self.insert(id, (Arc::new(workflow), text.into())),
            Err(problems) => drop(self.broken.insert(id, problems)),
        }
    }

    /// The workflow of an id; `latest` is the highest version that was registered.
    fn find(&self, id: &DefinitionId) -> Result<&Ready, CallError> {
        let ready = named(&self.ready, id);
        let broken = named(&self.broken, id);
        if let Some((broken, problems)) = broken
            && ready.is_none_or(|(ready, _)| version(&ready.version) < version(&broken.version))
        {
            return Err(CallError::new(
                Code::InvalidState,
                format!("the workflow `{broken}` {}", why(problems)),
            ));
        }
        if let Some((_, ready)) = ready {
            return Ok(ready);
        }
        let names: Vec<String> = self.ready.keys().map(ToString::to_string).collect();
        let help = crate::name::suggest(&id.to_string(), names.iter().map(String::as_str));
        Err(CallError::not_found(format!(
            "the workflow `{id}` is not registered; {}",
            help.unwrap_or_else(|| "`app workflow check FILE` reads one".to_owned())
        )))
    }
}

impl Workflows {
    /// Reads and compiles a document, and makes it known to `run: workflow` and to [`start`](Self::start).
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, with its places in `file`.
    pub fn register(&self, text: &str, file: &str) -> Result<DefinitionId, Vec<Problem>> {
        let workflow = Arc::new(compile(text, file)?);
        let id = workflow.definition().id.clone();
        lock(&self.0.known).insert(id.clone(), (workflow, text.into()));
        Ok(id)
    }

    /// The workflows that are known.
    pub fn known(&self) -> Vec<DefinitionId> {
        lock(&self.0.known).ready.keys().cloned().collect()
    }

    /// The workflows that were registered at an earlier start and no longer compile, each with what is wrong.
    #[cfg(feature = "monitoring")]
    pub(crate) fn broken(&self) -> Vec<(DefinitionId, String)> {
        let known = lock(&self.0.known);
        let broken = known.broken.iter();
        broken
            .map(|(id, problems)| (id.clone(), why(problems)))
            .collect()
    }

    pub(super) fn find(&self, id: &DefinitionId) -> Result<Ready, CallError> {
        lock(&self.0.known).find(id).cloned()
    }
}

/// Reads and compiles a document.
pub(in crate::orchestration) fn compile(text: &str, file: &str) -> Result<Workflow, Vec<Problem>> {
    let Document {
        definition, places, ..
    } = read(text, file)?;
    let mut problems = crate::orchestration::check::compensations(&definition.tasks);
    match Workflow::compile(definition) {
        Ok(workflow) if problems.is_empty() => return Ok(workflow),
        Ok(_) => {}
        Err(more) => problems.extend(more),
    }
    let placed = |problem| crate::orchestration::check::placed(problem, &places);
    Err(problems.into_iter().map(placed).collect())
}

/// What an id means: itself, or the highest version of its name.
fn named<'a, T>(
    all: &'a BTreeMap<DefinitionId, T>,
    id: &DefinitionId,
) -> Option<(&'a DefinitionId, &'a T)> {
    if id.version != "latest" {
        return all.get_key_value(id);
    }
    let of_name = all
        .iter()
        .filter(|(known, _)| known.namespace == id.namespace && known.name == id.name);
    of_name.max_by_key(|(known, _)| version(&known.version))
}

fn why(problems: &[Problem]) -> String {
    let first = problems.first().map_or_else(String::new, |problem| {
        let place = problem
            .place
            .as_ref()
            .map_or_else(String::new, |place| format!("{place}: "));
        format!(": {place}{} ({})", problem.message, problem.code)
    });
    let more = match problems.len() {
        0 | 1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    format!("is registered and does not compile any more{first}{more}; register it anew")
}

/// `1.10.0` is above `1.9.0`.
fn version(text: &str) -> Vec<u64> {
    text.split(['.', '-', '+'])
        .map_while(|part| part.parse().ok())
        .collect()
}
