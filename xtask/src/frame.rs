//! Descriptor frames: what a linked binary says about itself, read from its bytes.
//!
//! ```text
//! MAGIC  LEN ":" JSON ":" SUM ";"
//! ```
//! LEN is eight lower-case hex digits, SUM sixteen of FNV-1a 64 over the JSON. The magic is put
//! together at run time from two pieces: were it whole in here, a program that links this crate
//! would look like one with plugins.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest JSON believed in: far more than any descriptor, far less than a file of noise.
const JSON_LEN_MAX: usize = 16 * 1024 * 1024;

/// What a plugin's frame says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    /// The version of this format: 1.
    pub format: u32,
    /// The plugin's id.
    pub id: String,
    /// The version of its crate.
    pub version: semver::Version,
    /// Its crate.
    pub package: String,
    /// One sentence.
    #[serde(default)]
    pub description: String,
    /// Its licence expression.
    #[serde(default)]
    pub license: String,
    /// Where it lives.
    #[serde(default)]
    pub source: String,
    /// `stable`, `beta`, `experimental` or `deprecated`.
    #[serde(default)]
    pub stability: String,
    /// The framework it was compiled with.
    #[serde(default)]
    pub framework: String,
    /// The services it provides.
    #[serde(default)]
    pub provides: Vec<Provided>,
    /// The services it asks for.
    #[serde(default)]
    pub requires: Vec<crate::metadata::Requirement>,
    /// The permissions of its own calls.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// What it touches outside the process.
    #[serde(default)]
    pub access: Vec<String>,
    /// What it is about.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Whether an old instance stops before a new one starts.
    #[serde(default)]
    pub exclusive: bool,
}

/// One service of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Provided {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: semver::Version,
}

/// Everything found in one binary.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contents {
    /// The plugins, by id; two crates that share an id are both here.
    pub plugins: BTreeMap<String, Vec<Descriptor>>,
    /// The build records; one, where the binary was built by this tool.
    pub builds: Vec<Value>,
    /// Frames that begin well and do not end well.
    pub damaged: Vec<String>,
}

/// Reads all frames of a file.
pub fn scan(bytes: &[u8]) -> Contents {
    let mut contents = Contents::default();
    for (at, json) in frames(bytes, "plugin") {
        match json.and_then(|json| serde_json::from_slice(json).map_err(|e| e.to_string())) {
            Ok::<Descriptor, _>(found) => {
                let same = contents.plugins.entry(found.id.clone()).or_default();
                if !same.contains(&found) {
                    same.push(found);
                }
            }
            Err(what) => contents
                .damaged
                .push(format!("plugin at byte {at}: {what}")),
        }
    }
    for (at, json) in frames(bytes, "build") {
        match json.and_then(|json| serde_json::from_slice(json).map_err(|e| e.to_string())) {
            Ok(found) if contents.builds.contains(&found) => {}
            Ok(found) => contents.builds.push(found),
            Err(what) => contents
                .damaged
                .push(format!("build record at byte {at}: {what}")),
        }
    }
    contents
}

/// The frames of one kind with their places; a magic without a length is a mere mention.
fn frames<'a>(
    bytes: &'a [u8],
    kind: &str,
) -> impl Iterator<Item = (usize, Result<&'a [u8], String>)> {
    let magic = magic(kind);
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + find(&bytes[from..], &magic)?;
            from = at + magic.len();
            if let Some(len) = hex(bytes.get(from..from + 8)) {
                return Some((at, body(&bytes[from + 8..], len)));
            }
        }
    })
}

/// `:` JSON `:` SUM `;`
fn body(rest: &[u8], len: u64) -> Result<&[u8], String> {
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len > JSON_LEN_MAX {
        return Err(format!("{len} bytes are too many"));
    }
    let json = rest.get(1..1 + len).ok_or("the file ends inside it")?;
    let tail = rest
        .get(1 + len..len + 19)
        .ok_or("the file ends inside it")?;
    if rest[0] != b':' || tail[0] != b':' || tail[17] != b';' {
        return Err("its punctuation is broken".to_owned());
    }
    if hex(Some(&tail[1..17])) != Some(sum(json)) {
        return Err("its checksum is wrong".to_owned());
    }
    Ok(json)
}

fn magic(kind: &str) -> Vec<u8> {
    ["weld", "kit:", kind, ":1:"].concat().into_bytes()
}

/// A plain search that jumps from one first byte to the next.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    loop {
        let at = from + bytes[from..].iter().position(|byte| *byte == first)?;
        if bytes[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Lower-case hex digits as a number.
fn hex(digits: Option<&[u8]>) -> Option<u64> {
    digits?.iter().try_fold(0, |number: u64, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u64::from(digit))
    })
}

/// FNV-1a 64.
fn sum(bytes: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    bytes.iter().fold(OFFSET, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(PRIME)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A frame as the framework writes it.
    pub(crate) fn frame(kind: &str, json: &str) -> Vec<u8> {
        let mut bytes = magic(kind);
        let sum = sum(json.as_bytes());
        bytes.extend(format!("{:08x}:{json}:{sum:016x};", json.len()).into_bytes());
        bytes
    }

    /// The descriptor of a plugin, as JSON.
    pub(crate) fn descriptor(id: &str) -> Value {
        serde_json::json!({
            "format": 1, "id": id, "version": "0.1.0", "package": format!("weldkit-{id}"),
            "description": format!("About {id}"), "license": "MIT", "source": "https://example.invalid",
            "stability": "stable", "framework": "0.1.0", "provides": [], "requires": [],
            "permissions": [], "access": [], "categories": ["Test"], "exclusive": false
        })
    }

    #[test]
    fn the_sum_is_the_published_one() {
        assert_eq!(sum(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(sum(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn frames_are_found_among_noise_and_repetitions_count_once() {
        let one = frame("plugin", &descriptor("one").to_string());
        let two = frame("plugin", &descriptor("two").to_string());
        let build = frame("build", r#"{"format":1,"app":"app"}"#);
        let file = [
            b"\x7fELF\0\0w".as_slice(),
            &one,
            b"wweld",
            &two,
            &one,
            &build,
            b"w",
        ]
        .concat();
        let contents = scan(&file);
        let ids: Vec<&str> = contents.plugins.keys().map(String::as_str).collect();
        assert_eq!(ids, ["one", "two"]);
        assert_eq!(contents.plugins["one"].len(), 1);
        assert_eq!(
            contents.builds,
            [serde_json::json!({"format": 1, "app": "app"})]
        );
        assert!(contents.damaged.is_empty());
    }

    #[test]
    fn two_crates_with_one_id_are_both_kept() {
        let mut other = descriptor("one");
        other["package"] = "someone-elses".into();
        let file = [
            frame("plugin", &descriptor("one").to_string()),
            frame("plugin", &other.to_string()),
        ];
        assert_eq!(scan(&file.concat()).plugins["one"].len(), 2);
    }

    #[test]
    fn damage_anywhere_is_told_and_a_mere_mention_is_not() {
        let whole = frame("plugin", &descriptor("one").to_string());
        for at in magic("plugin").len() + 8..whole.len() {
            let mut file = whole.clone();
            file[at] ^= 1;
            let contents = scan(&file);
            assert!(contents.plugins.is_empty(), "byte {at}");
            assert_eq!(contents.damaged.len(), 1, "byte {at}");
        }
        for len in 0..whole.len() {
            let contents = scan(&whole[..len]);
            assert!(contents.plugins.is_empty(), "first {len} bytes");
        }
        let mention = [magic("plugin"), b"LEN:".to_vec()].concat();
        assert_eq!(scan(&mention), Contents::default());
    }

    #[test]
    fn this_program_holds_no_magic_in_one_piece() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(scan(&own).plugins.len(), 0);
        assert_eq!(scan(&own).damaged.len(), 0);
    }
}
