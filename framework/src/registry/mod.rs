//! What is linked in, what it needs, and how it all fits together.
//!
//! A plugin crate registers a [`PluginEntry`] at link time, or an application hands it over by
//! [`HostBuilder::plugin`](crate::HostBuilder::plugin). Order means nothing: entries are sorted by
//! id. [`resolve`] is pure: descriptors and choices in, a plan or every problem out.

#[cfg(any(feature = "transaction", feature = "monitoring"))]
mod builtin;
mod descriptor;
mod embed;
mod entry;
mod inject;
mod link;
mod metadata;
mod order;
mod plan;
mod resolve;

#[cfg(any(feature = "transaction", feature = "monitoring"))]
pub(crate) use builtin::builtin;
pub use descriptor::{Need, PluginDescriptor, default_id, first_non_empty};
pub use embed::{Frame, embedded_len, frame, frame_len, frame_text, text};
pub(crate) use entry::Running;
#[cfg(any(feature = "testing", feature = "composition"))]
pub(crate) use entry::Start;
#[cfg(feature = "composition")]
pub(crate) use entry::Starting;
pub use entry::{Health, Plugin, PluginEntry, Provided, Started};
pub use inject::{Background, Binder, FromHost, Settings, StateDir};
pub(crate) use inject::{StateFolder, Tasks};
#[doc(hidden)]
pub use link::PLUGINS;
pub use link::linked;
pub use metadata::metadata;
pub(crate) use order::order;
pub use plan::{Binding, Choices, Plan, PlannedInstance};
pub use resolve::resolve;

/// The plugin and the instance that provide the services of the host itself.
pub(crate) const BUILTIN: &str = "weldkit";
