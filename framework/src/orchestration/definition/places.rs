//! From a value of a document to where it is written.

use std::sync::Arc;

use super::node::{Content, Mark, Node};

/// Where the values of a document are written.
#[derive(Debug, Clone)]
pub struct Places {
    file: Arc<str>,
    root: Node,
}

impl Places {
    pub(super) fn new(file: &str, root: Node) -> Self {
        Self {
            file: file.into(),
            root,
        }
    }

    /// The name of the file, as it was given.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// `file:line:column` of what a JSON pointer (RFC 6901) names: of a value that is written in
    /// one piece its start, of a list or object its name. Of what is not there, the nearest around it.
    pub fn place(&self, pointer: &str) -> String {
        let at = self.mark(pointer);
        format!("{}:{}:{}", self.file, at.line, at.column)
    }

    fn mark(&self, pointer: &str) -> Mark {
        let mut node = &self.root;
        let mut at = node.at;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let (inner, name) = match &node.content {
                Content::List(items) => {
                    match token.parse().ok().and_then(|at: usize| items.get(at)) {
                        Some(item) => (item, item.at),
                        None => return at,
                    }
                }
                Content::Object(_) => match node.entry(&token) {
                    Some(entry) => (&entry.value, entry.at),
                    None => return at,
                },
                Content::Plain(_) | Content::Text(_) => return at,
            };
            node = inner;
            at = match node.content {
                Content::Plain(_) | Content::Text(_) => node.at,
                Content::List(_) | Content::Object(_) => name,
            };
        }
        at
    }
}
