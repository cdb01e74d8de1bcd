//! Where configuration comes from: the embedded text, a file, variables, flags.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::place::{self, Source};
use super::problem::{Code, Problem};

/// A configuration file larger than this is not one.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Where configuration comes from.
///
/// Layers have a fixed order, so the order of the calls does not matter, save that a later flag wins over an earlier one.
///
/// ```
/// use weldkit::config::{Catalog, Config, Sources};
///
/// let sources = Sources::new("host.log = \"warn\"") // in an application: include_str!("../weldkit.toml")
///     .file_if_present("no-such-folder/weldkit.toml")
///     .environment([("WELDKIT__HOST__STATE", "/var/lib/app")])
///     .set("host.log=debug");
/// let config = Config::load(&sources, Catalog::default().into());
/// assert_eq!(config.problems(), []);
/// assert_eq!(config.host().log.as_str(), "debug");
/// ```
#[derive(Clone, Default)]
pub struct Sources {
    defaults: String,
    file: Option<File>,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) flags: Vec<Flag>,
}

#[derive(Clone)]
struct File {
    path: PathBuf,
    /// Its content, where it was given instead of read.
    content: Option<Vec<u8>>,
    must_exist: bool,
}

#[derive(Clone)]
pub(super) enum Flag {
    /// `--set NAME=VALUE`
    Set(String),
    /// Another flag that sets a value.
    Other {
        text: String,
        path: Vec<String>,
        value: String,
    },
}

impl Sources {
    /// Starts with the defaults that the application embeds: TOML text, or nothing.
    pub fn new(defaults: impl Into<String>) -> Self {
        Self {
            defaults: defaults.into(),
            ..Self::default()
        }
    }

    /// Takes a file that somebody named: it is a problem if it does not exist.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(File {
            path: path.into(),
            content: None,
            must_exist: true,
        });
        self
    }

    /// Takes the file at the customary place, if there is one.
    #[must_use]
    pub fn file_if_present(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(File {
            path: path.into(),
            content: None,
            must_exist: false,
        });
        self
    }

    /// Takes the content of a file without reading it from disk.
    #[must_use]
    pub fn file_content(mut self, path: impl Into<PathBuf>, content: impl Into<Vec<u8>>) -> Self {
        self.file = Some(File {
            path: path.into(),
            content: Some(content.into()),
            must_exist: true,
        });
        self
    }

    /// Takes variables; those whose name does not begin with `WELDKIT__` are left alone.
    #[must_use]
    pub fn environment<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.environment.extend(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        self
    }

    /// Takes the variables of this process.
    #[must_use]
    pub fn process_environment(self) -> Self {
        self.environment(std::env::vars_os())
    }

    /// Takes one `--set NAME=VALUE`: a dotted TOML key, and a TOML value or bare text.
    #[must_use]
    pub fn set(mut self, assignment: impl Into<String>) -> Self {
        self.flags.push(Flag::Set(assignment.into()));
        self
    }

    /// Takes a flag of its own name that sets one value as text, such as `--state DIR` for `["host", "state"]`.
    #[must_use]
    pub fn flag(
        mut self,
        text: impl Into<String>,
        path: &[&str],
        value: impl Into<String>,
    ) -> Self {
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        self.flags.push(Flag::Other {
            text: text.into(),
            path,
            value: value.into(),
        });
        self
    }

    /// The path of the configuration file, whether or not it exists.
    pub fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|file| file.path.as_path())
    }

    /// The embedded text.
    pub(super) fn read_defaults(&self) -> Arc<Source> {
        Arc::new(Source::new(
            place::Kind::Default,
            without_mark(&self.defaults).to_owned(),
        ))
    }

    /// The file's text; nothing if the file does not exist and need not.
    pub(super) fn read_file(&self) -> Result<Option<Arc<Source>>, Box<Problem>> {
        self.file.as_ref().map_or(Ok(None), File::read)
    }
}

impl std::fmt::Debug for Sources {
    /// Values stay out: they may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources")
            .field("file", &self.path())
            .finish_non_exhaustive()
    }
}

impl File {
    fn read(&self) -> Result<Option<Arc<Source>>, Box<Problem>> {
        let path = self.path.display().to_string();
        let refused = |message: String| Box::new(Problem::new(Code::Unreadable, "", message));
        let bytes = match &self.content {
            Some(content) => content.clone(),
            None => match read_bytes(&self.path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && !self.must_exist => {
                    return Ok(None);
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    let fix = format!(
                        "create it with `app config sample > {path}`, or leave --config out"
                    );
                    return Err(Box::new(
                        refused(format!("there is no configuration file `{path}`")).fix(fix),
                    ));
                }
                Err(error) => {
                    return Err(refused(format!(
                        "cannot read the configuration file `{path}`: {error}"
                    )));
                }
            },
        };
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(refused(format!(
                "the configuration file `{path}` is larger than {FILE_BYTES_MAX} bytes"
            )));
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                let text = without_mark(&text).to_owned();
                Ok(Some(Arc::new(Source::new(
                    place::Kind::File { path },
                    text,
                ))))
            }
            Err(error) => {
                let valid =
                    String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()])
                        .into_owned();
                let end = valid.len();
                let source = Source::new(place::Kind::File { path: path.clone() }, valid);
                let mut problem = refused(format!("the configuration file `{path}` is not UTF-8"));
                problem.place = Some(source.origin(end));
                Err(Box::new(problem.fix("save it with the encoding UTF-8")))
            }
        }
    }
}

fn read_bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Some editors put a byte order mark before the text; it is no part of it.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
