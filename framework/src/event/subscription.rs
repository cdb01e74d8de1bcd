//! What a subscriber wants, and what happens when it is slow.

use super::{Attribute, Event, EventType, rules};
use crate::contract::refused;
use crate::error::CallError;
use crate::{limit, name};

/// Which events a subscriber wants, how many it may be behind, and what happens beyond.
///
/// What is left out restricts nothing. Of several types or sources one must fit, of attributes all.
///
/// ```
/// use weldkit::event::{Overflow, Subscription};
///
/// let late = Subscription::new("audit")
///     .kind("orders.*")
///     .attribute("region", "eu")
///     .capacity(1_000)
///     .overflow(Overflow::DropOldest);
/// # drop(late);
/// ```
#[derive(Debug, Clone)]
pub struct Subscription {
    pub(super) name: String,
    kinds: Vec<String>,
    sources: Vec<String>,
    attributes: Vec<(String, Attribute)>,
    pub(super) capacity: usize,
    pub(super) overflow: Overflow,
}

/// What happens to an event for a subscriber whose queue is full.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The publisher waits for room, at most until its deadline or for [`limit::PUBLISH`].
    #[default]
    Block,
    /// The oldest event in the queue makes room. Publishers never wait.
    DropOldest,
    /// The subscriber goes without, and publishing fails with `limit` and its name.
    Error,
}

impl Subscription {
    /// A subscription to everything, of a subscriber of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kinds: Vec::new(),
            sources: Vec::new(),
            attributes: Vec::new(),
            capacity: limit::EVENT_QUEUE,
            overflow: Overflow::default(),
        }
    }

    /// Events of this `type`, or `a.b.*` for every type that begins with `a.b.`
    #[must_use]
    pub fn kind(mut self, pattern: impl Into<String>) -> Self {
        self.kinds.push(pattern.into());
        self
    }

    /// Events of this type of Rust.
    #[must_use]
    pub fn of<T: EventType>(self) -> Self {
        self.kind(T::TYPE)
    }

    /// Events of this source.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.sources.push(source.into());
        self
    }

    /// Events whose attribute has this value: `subject`, or an extension attribute.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<Attribute>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// How many events it may be behind; [`limit::EVENT_QUEUE`] when nothing is said, at most
    /// [`limit::EVENT_QUEUE_MAX`].
    #[must_use]
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }

    /// What happens beyond.
    #[must_use]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// The filter, or everything that is wrong with the subscription.
    pub(super) fn filter(self) -> Result<Filter, CallError> {
        let mut faults = Vec::new();
        if let Some(fault) = name::fault(&self.name) {
            faults.push(("/name".to_owned(), fault));
        }
        if !(1..=limit::EVENT_QUEUE_MAX).contains(&self.capacity) {
            let fault = format!(
                "{} is not from 1 to {}",
                self.capacity,
                limit::EVENT_QUEUE_MAX
            );
            faults.push(("/capacity".to_owned(), fault));
        }
        let named = self.kinds.len() + self.sources.len() + self.attributes.len();
        if named > limit::EVENT_FILTERS {
            let fault = format!("names {named} filters; at most {}", limit::EVENT_FILTERS);
            faults.push((String::new(), fault));
        }
        for source in &self.sources {
            if let Err(fault) = rules::uri_reference(source) {
                faults.push(("/source".to_owned(), fault));
            }
        }
        for (name, _) in self.attributes.iter().filter(|(name, _)| name != "subject") {
            if let Err(fault) = rules::extension_name(name) {
                faults.push(("/attribute".to_owned(), fault));
            }
        }
        let mut kinds = Vec::new();
        for kind in self.kinds {
            match Pattern::parse(kind) {
                Ok(pattern) => kinds.push(pattern),
                Err(fault) => faults.push(("/kind".to_owned(), fault)),
            }
        }
        if !faults.is_empty() {
            return Err(refused(faults));
        }
        Ok(Filter {
            kinds,
            sources: self.sources,
            attributes: self.attributes,
        })
    }
}

/// A subscription's filters, checked.
#[derive(Debug)]
pub(super) struct Filter {
    kinds: Vec<Pattern>,
    sources: Vec<String>,
    attributes: Vec<(String, Attribute)>,
}

#[derive(Debug)]
enum Pattern {
    Exact(String),
    /// With its last dot; empty for every type.
    Prefix(String),
}

impl Pattern {
    fn parse(text: String) -> Result<Self, String> {
        rules::text(&text)?;
        match text.strip_suffix('*') {
            Some(prefix)
                if !prefix.contains('*') && (prefix.is_empty() || prefix.ends_with('.')) =>
            {
                Ok(Self::Prefix(prefix.to_owned()))
            }
            None if !text.contains('*') => Ok(Self::Exact(text)),
            _ => Err(format!(
                "`{text}` is no pattern: write a type, or `a.b.*` for those that begin with `a.b.`"
            )),
        }
    }

    fn fits(&self, kind: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == kind,
            Self::Prefix(prefix) => kind.starts_with(prefix),
        }
    }
}

impl Filter {
    /// Whether the subscriber wants the event.
    pub(super) fn wants(&self, event: &Event) -> bool {
        (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.fits(&event.kind)))
            && (self.sources.is_empty() || self.sources.contains(&event.source))
            && self.attributes.iter().all(|(name, wanted)| match wanted {
                Attribute::Text(text) if name == "subject" => event.subject() == Some(text),
                wanted => event.extension(name) == Some(wanted),
            })
    }
}
