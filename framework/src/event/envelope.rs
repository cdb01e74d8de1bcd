//! The envelope: what every event says about itself.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Time, rules};
use crate::contract::{Bytes, escape, refused};
use crate::error::CallError;

/// Something that happened, in the envelope of CloudEvents 1.0.
///
/// One is made by [`Events::event`](super::Events::event), which gives it an id and a time, or read
/// from its JSON by [`Event::parse`]. What is here has passed the rules of the specification.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub(super) id: String,
    pub(super) source: String,
    pub(super) kind: String,
    pub(super) time: Option<Time>,
    pub(super) subject: Option<String>,
    pub(super) data_content_type: Option<String>,
    pub(super) data_schema: Option<String>,
    pub(super) extensions: BTreeMap<String, Attribute>,
    pub(super) data: Option<Data>,
}

/// What an event carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// JSON, in the member `data`.
    Json(Value),
    /// Anything else, in the member `data_base64`.
    Bytes(Bytes),
}

/// The value of an extension attribute. Times, URIs and bytes travel as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number of 32 bits.
    Integer(i32),
    /// Text.
    Text(String),
}

impl From<bool> for Attribute {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i32> for Attribute {
    fn from(value: i32) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Attribute {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl Event {
    /// Distinct among the events of one source.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it happened, as a URI reference; the instance for what a plugin publishes.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The attribute `type`: what kind of thing happened.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// When it happened.
    pub fn time(&self) -> Option<Time> {
        self.time
    }

    /// What it happened to, within the source.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The attribute `datacontenttype`; JSON when there is none.
    pub fn data_content_type(&self) -> Option<&str> {
        self.data_content_type.as_deref()
    }

    /// The attribute `dataschema`.
    pub fn data_schema(&self) -> Option<&str> {
        self.data_schema.as_deref()
    }

    /// What it carries.
    pub fn data(&self) -> Option<&Data> {
        self.data.as_ref()
    }

    /// An extension attribute.
    pub fn extension(&self, name: &str) -> Option<&Attribute> {
        self.extensions.get(name)
    }

    /// All extension attributes, by name.
    pub fn extensions(&self) -> impl Iterator<Item = (&str, &Attribute)> {
        self.extensions
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// The same about `subject`.
    ///
    /// # Errors
    ///
    /// `invalid_parameter` for text that is empty, too long or has control characters.
    pub fn with_subject(mut self, subject: &str) -> Result<Self, CallError> {
        checked("/subject", rules::text(subject))?;
        self.subject = Some(subject.to_owned());
        Ok(self)
    }

    /// The same with one more extension attribute.
    ///
    /// # Errors
    ///
    /// `invalid_parameter` for a name that is not of lower-case letters and digits or that the
    /// specification has taken, and for text that is too long or has control characters.
    pub fn with(mut self, name: &str, value: impl Into<Attribute>) -> Result<Self, CallError> {
        let (pointer, value) = (format!("/{}", escape(name)), value.into());
        checked(&pointer, rules::extension_name(name))?;
        if let Attribute::Text(text) = &value {
            checked(&pointer, rules::characters(text))?;
        }
        self.extensions.insert(name.to_owned(), value);
        checked(&pointer, rules::extensions(self.extensions.len()))?;
        Ok(self)
    }

    /// Bytes of the texts and numbers in it; near to what its JSON takes.
    pub(super) fn size(&self) -> usize {
        let optional = [&self.subject, &self.data_content_type, &self.data_schema];
        let optional: usize = optional.into_iter().flatten().map(String::len).sum();
        let extensions: usize = self
            .extensions
            .iter()
            .map(|(name, value)| match value {
                Attribute::Text(text) => name.len() + text.len(),
                Attribute::Boolean(_) | Attribute::Integer(_) => name.len() + 4,
            })
            .sum();
        let data = match &self.data {
            None => 0,
            Some(Data::Json(value)) => weight(value),
            Some(Data::Bytes(bytes)) => bytes.0.len() / 3 * 4,
        };
        self.id.len() + self.source.len() + self.kind.len() + optional + extensions + data
    }
}

fn checked(pointer: &str, rule: Result<(), String>) -> Result<(), CallError> {
    rule.map_err(|fault| refused(vec![(pointer.to_owned(), fault)]))
}

/// How deep it may nest was decided by who parsed or serialised it.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 4,
        Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| weight(item) + 1).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| name.len() + 4 + weight(value))
            .sum(),
    }
}
