//! `new`: applications and plugins that compile, test and run as they are.

pub mod app;
pub mod plugin;

use crate::error::{Error, Problem, Result};

/// What is made.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum What {
    /// A plugin of this application: contract, provider, example and test
    Plugin(plugin::Arguments),
    /// An application of its own, outside this repository
    App(app::Arguments),
}

/// The longest name of a plugin.
const NAME_LEN_MAX: usize = 64;

/// Words that cannot be the name of a crate.
const RESERVED: [&str; 44] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "type",
    "weldkit",
    "where",
];

/// A name that works as a plugin's id, a crate, and a Cargo feature.
///
/// # Errors
/// Fails as a usage error that says what a name is.
pub fn check_name(name: &str) -> Result<()> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(letters)
        && name.len() <= NAME_LEN_MAX;
    let message = if !fits {
        format!(
            "`{name}` is no name: a to z first, then a to z, 0 to 9, `-` and `_`, at most {NAME_LEN_MAX}"
        )
    } else if RESERVED.contains(&name) || name == "default" || name == "full" {
        format!("`{name}` means something else already")
    } else {
        return Ok(());
    };
    Err(Error::Usage(Problem::new(message)))
}

/// Puts the values in place of `{{key}}`; one line break at the end.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let put =
        |text: String, (key, value): &(&str, &str)| text.replace(&format!("{{{{{key}}}}}"), value);
    let text = values.iter().fold(template.to_owned(), put);
    format!("{}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_works_everywhere_or_is_refused() {
        for name in ["greeting", "a", "rate-limit", "x_2"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        let long = "a".repeat(NAME_LEN_MAX + 1);
        for name in [
            "", "Greeting", "1st", "a b", "../x", "crate", "std", "default", "a.b", "-x", "é",
            &long,
        ] {
            assert!(matches!(check_name(name), Err(Error::Usage(_))), "{name}");
        }
    }
}
