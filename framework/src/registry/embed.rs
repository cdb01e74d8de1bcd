//! Descriptors as text inside of the binary, where a reader finds them without running it.
//!
//! A frame is `weldkit:KIND:1:` + length (8 hexadecimal digits) + `:` + JSON + `:` + FNV-1a of the
//! JSON (16 hexadecimal digits) + `;`. It is one constant, so it survives stripping, LTO and section
//! garbage collection for as long as the registration that refers to it does.

use super::descriptor::{Need, PluginDescriptor};
use crate::contract::fnv1a;

/// Which kind of frame.
#[derive(Debug, Clone, Copy)]
pub enum Frame {
    /// One plugin.
    Plugin,
    /// The whole build.
    Build,
}

/// The bytes around the JSON: magic, length and checksum.
const AROUND: usize = 17 + 8 + 1 + 1 + 16 + 1;

/// Writes into an array, or only counts when there is none.
struct Writer<const N: usize> {
    bytes: [u8; N],
    len: usize,
    counting: bool,
}

impl<const N: usize> Writer<N> {
    const fn new(counting: bool) -> Self {
        Self {
            bytes: [0; N],
            len: 0,
            counting,
        }
    }

    const fn byte(&mut self, byte: u8) {
        if !self.counting {
            self.bytes[self.len] = byte;
        }
        self.len += 1;
    }

    const fn raw(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            self.byte(bytes[at]);
            at += 1;
        }
    }

    const fn hex(&mut self, value: u64, digits: u32) {
        let mut digit = digits;
        while digit > 0 {
            digit -= 1;
            self.byte(b"0123456789abcdef"[((value >> (digit * 4)) & 15) as usize]);
        }
    }

    const fn number(&mut self, value: u64) {
        if value >= 10 {
            self.number(value / 10);
        }
        self.byte(b'0' + (value % 10) as u8);
    }

    /// A JSON string.
    const fn string(&mut self, text: &str) {
        self.byte(b'"');
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'"' | b'\\' => {
                    self.byte(b'\\');
                    self.byte(bytes[at]);
                }
                control @ 0..=31 => {
                    self.raw("\\u");
                    self.hex(control as u64, 4);
                }
                other => self.byte(other),
            }
            at += 1;
        }
        self.byte(b'"');
    }

    const fn entry(&mut self, key: &str, value: &str) {
        self.byte(b',');
        self.string(key);
        self.byte(b':');
        self.string(value);
    }

    const fn list(&mut self, key: &str, values: &[&str]) {
        self.byte(b',');
        self.string(key);
        self.raw(":[");
        let mut at = 0;
        while at < values.len() {
            if at > 0 {
                self.byte(b',');
            }
            self.string(values[at]);
            at += 1;
        }
        self.byte(b']');
    }

    const fn version(&mut self, version: crate::contract::Version) {
        self.raw(",\"version\":\"");
        self.number(version.major);
        self.byte(b'.');
        self.number(version.minor);
        self.byte(b'.');
        self.number(version.patch);
        self.byte(b'"');
    }

    const fn plugin(&mut self, plugin: &PluginDescriptor) {
        self.raw("{\"format\":1");
        self.entry("id", plugin.id);
        self.entry("version", plugin.version);
        self.entry("package", plugin.package);
        self.entry("description", plugin.description);
        self.entry("license", plugin.license);
        self.entry("source", plugin.source);
        self.entry("stability", plugin.stability.as_str());
        self.entry("framework", env!("CARGO_PKG_VERSION"));
        self.raw(",\"provides\":[");
        let mut at = 0;
        while at < plugin.provides.len() {
            self.raw(if at > 0 { ",{\"name\":" } else { "{\"name\":" });
            self.string(plugin.provides[at].name);
            self.version(plugin.provides[at].version);
            self.byte(b'}');
            at += 1;
        }
        self.raw("],\"requires\":[");
        let (mut at, mut written) = (0, 0);
        while at < plugin.needs.len() {
            if let Need::Service { service, optional } = plugin.needs[at] {
                self.raw(if written > 0 {
                    ",{\"service\":"
                } else {
                    "{\"service\":"
                });
                self.string(service.name);
                self.version(service.version);
                self.raw(if optional {
                    ",\"optional\":true}"
                } else {
                    ",\"optional\":false}"
                });
                written += 1;
            }
            at += 1;
        }
        self.byte(b']');
        self.list("permissions", plugin.permissions);
        self.list("access", plugin.access);
        self.list("categories", plugin.categories);
        self.raw(if plugin.exclusive {
            ",\"exclusive\":true}"
        } else {
            ",\"exclusive\":false}"
        });
    }
}

/// The length of a plugin's JSON.
pub const fn embedded_len(plugin: &PluginDescriptor) -> usize {
    let mut writer = Writer::<0>::new(true);
    writer.plugin(plugin);
    writer.len
}

/// A plugin's JSON; `N` is its [`embedded_len`].
pub const fn text<const N: usize>(plugin: &PluginDescriptor) -> [u8; N] {
    let mut writer = Writer::<N>::new(false);
    writer.plugin(plugin);
    writer.bytes
}

/// The length of a frame around JSON of `len` bytes.
pub const fn frame_len(kind: Frame, len: usize) -> usize {
    AROUND + len - if matches!(kind, Frame::Plugin) { 0 } else { 1 }
}

/// The frame around JSON; `N` is its [`frame_len`].
pub const fn frame<const N: usize>(kind: Frame, json: &[u8]) -> [u8; N] {
    let mut writer = Writer::<N>::new(false);
    writer.raw("weldkit:");
    writer.raw(match kind {
        Frame::Plugin => "plugin",
        Frame::Build => "build",
    });
    writer.raw(":1:");
    writer.hex(json.len() as u64, 8);
    writer.byte(b':');
    let mut at = 0;
    while at < json.len() {
        writer.byte(json[at]);
        at += 1;
    }
    writer.byte(b':');
    writer.hex(fnv1a(json), 16);
    writer.byte(b';');
    writer.bytes
}

/// A frame as text: it is made of texts.
///
/// # Panics
///
/// At compile time, if it were not.
pub const fn frame_text(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("a frame is made of texts"),
    }
}
