//! Plugins are crates: weld the ones you choose into one static binary
