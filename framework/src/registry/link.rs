//! All that is known of linkers: how a plugin crate's entry reaches the registry.

use super::PluginEntry;

/// The entries of all linked plugin crates. Registered by `#[weldkit::plugin]`.
#[cfg(not(feature = "inventory"))]
#[doc(hidden)]
#[linkme::distributed_slice]
pub static PLUGINS: [PluginEntry];

/// Present so that both ways have the same names.
#[cfg(feature = "inventory")]
#[doc(hidden)]
pub const PLUGINS: &[PluginEntry] = &[];

#[cfg(feature = "inventory")]
inventory::collect!(PluginEntry);

/// The linked plugins, sorted by id: the linker's order means nothing.
pub fn linked() -> Vec<PluginEntry> {
    #[cfg(not(feature = "inventory"))]
    let mut entries: Vec<PluginEntry> = PLUGINS.iter().copied().collect();
    #[cfg(feature = "inventory")]
    let mut entries: Vec<PluginEntry> = inventory::iter::<PluginEntry>().copied().collect();
    entries.sort_by_key(|entry| (entry.descriptor.id, entry.descriptor.package));
    entries
}

/// Registers a plugin at link time. What `#[weldkit::plugin]` emits last.
#[cfg(not(feature = "inventory"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    ($plugin:ty) => {
        #[$crate::__private::linkme::distributed_slice($crate::__private::PLUGINS)]
        #[linkme(crate = $crate::__private::linkme)]
        static ENTRY: $crate::registry::PluginEntry = $crate::__entry!($plugin);
    };
}

/// Registers a plugin before main. What `#[weldkit::plugin]` emits last.
#[cfg(feature = "inventory")]
#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    ($plugin:ty) => {
        $crate::__private::inventory::submit! { $crate::__entry!($plugin) }
    };
}

/// The entry of a plugin, with its descriptor as text.
#[doc(hidden)]
#[macro_export]
macro_rules! __entry {
    ($plugin:ty) => {{
        const PLUGIN: &$crate::registry::PluginDescriptor = <$plugin as $crate::Plugin>::DESCRIPTOR;
        const JSON: [u8; $crate::registry::embedded_len(PLUGIN)] = $crate::registry::text(PLUGIN);
        const FRAME: [u8; $crate::registry::frame_len(
            $crate::registry::Frame::Plugin,
            JSON.len(),
        )] = $crate::registry::frame($crate::registry::Frame::Plugin, &JSON);
        $crate::registry::PluginEntry::new::<$plugin>($crate::registry::frame_text(&FRAME))
    }};
}
