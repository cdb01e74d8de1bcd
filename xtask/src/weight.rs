//! What each plugin weighs in a linked file: the bytes of the symbols of its crate, and of the
//! crates that only it brings along.
//!
//! Read from the symbol table, so it counts code and named data. A generic function of the
//! standard library that a plugin alone uses is not counted for it: the figures are at least, not
//! exactly.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::App;
use crate::binary::Reader;
use crate::workspace::Workspace;

/// The weight of these plugins, by id; nothing where the file has no symbols.
pub fn of_plugins(
    bytes: &[u8],
    workspace: &Workspace,
    app: &App,
    ids: &BTreeSet<String>,
) -> Option<BTreeMap<String, u64>> {
    let symbols = by_crate(bytes)?;
    let crates: BTreeMap<&String, BTreeSet<String>> = ids
        .iter()
        .filter_map(|id| Some((id, workspace.crates(&app.plugins.get(id)?.package))))
        .collect();
    let shared = workspace.crates("weldkit");
    let weigh = |id: &String, own: &BTreeSet<String>| {
        let elsewhere = |name: &String| {
            crates
                .iter()
                .any(|(other, theirs)| *other != id && theirs.contains(name))
        };
        let alone = own
            .iter()
            .filter(|name| !shared.contains(*name) && !elsewhere(name));
        alone.filter_map(|name| symbols.get(name)).sum()
    };
    Some(
        crates
            .iter()
            .map(|(id, own)| ((*id).clone(), weigh(id, own)))
            .collect(),
    )
}

const SECTION_SYMBOLS: u64 = 2;

/// The bytes of all symbols of an ELF file, by the crate they are named after; each address once.
fn by_crate(bytes: &[u8]) -> Option<BTreeMap<String, u64>> {
    let reader = Reader::of_elf(bytes)?;
    let table = reader.word(0x20, 0x28)?;
    let (size_at, count_at) = if reader.word(0, 0).is_some() && bytes.get(4) == Some(&2) {
        (0x3a, 0x3c)
    } else {
        // No 32-bit program of this size is worth a second layout.
        return None;
    };
    let entry = usize::try_from(reader.number(size_at, 2)?).ok()?;
    let count = usize::try_from(reader.number(count_at, 2)?).ok()?;
    let section = |index: usize| table.checked_add(index.checked_mul(entry)?);
    let place = |at: usize| Some((reader.word(0, at + 0x18)?, reader.word(0, at + 0x20)?));
    let mut sizes: BTreeMap<u64, (String, u64)> = BTreeMap::new();
    for index in 0..count {
        let at = section(index)?;
        if reader.number(at + 4, 4)? != SECTION_SYMBOLS {
            continue;
        }
        let (offset, len) = place(at)?;
        let (names, _) = place(section(
            usize::try_from(reader.number(at + 0x28, 4)?).ok()?,
        )?)?;
        for symbol in (offset..offset.checked_add(len)?).step_by(24) {
            let name = names.checked_add(usize::try_from(reader.number(symbol, 4)?).ok()?)?;
            let (address, size) = (
                reader.number(symbol + 8, 8)?,
                reader.number(symbol + 16, 8)?,
            );
            if let Some(name) = crate_of(text(bytes, name)?).filter(|_| size > 0) {
                sizes.insert(address, (name, size));
            }
        }
    }
    if sizes.is_empty() {
        return None;
    }
    let mut crates = BTreeMap::new();
    for (name, size) in sizes.into_values() {
        *crates.entry(name).or_default() += size;
    }
    Some(crates)
}

/// The text up to the next zero.
fn text(bytes: &[u8], at: usize) -> Option<&str> {
    let rest = bytes.get(at..)?;
    let len = rest.iter().position(|byte| *byte == 0)?;
    std::str::from_utf8(&rest[..len]).ok()
}

/// The first crate that a mangled name mentions, in either of rustc's two ways.
fn crate_of(symbol: &str) -> Option<String> {
    if let Some(rest) = symbol.strip_prefix("_ZN") {
        return legacy(counted(rest, "")?);
    }
    let rest = symbol.strip_prefix("_R")?;
    // `C`, perhaps `s`, base 62 and `_`, then the name with its length in front.
    rest.match_indices('C').find_map(|(at, _)| {
        let after = &rest[at + 1..];
        let name = match after.strip_prefix('s') {
            Some(disambiguated) => disambiguated.split_once('_')?.1,
            None => after,
        };
        counted(name, "_")
            .filter(|name| is_name(name))
            .map(str::to_owned)
    })
}

/// `5hello…` as `hello`; `gap` is what may stand between the two.
fn counted<'a>(text: &'a str, gap: &str) -> Option<&'a str> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let len: usize = text[..digits].parse().ok()?;
    let rest = text[digits..].strip_prefix(gap).unwrap_or(&text[digits..]);
    rest.get(..len)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `core` as it is; `_$LT$redb..Table$u20$as$u20$core..Drop$GT$` as `redb`.
fn legacy(first: &str) -> Option<String> {
    if !first.contains('$') {
        return Some(first.to_owned());
    }
    let spaced = [
        "$LT$", "$GT$", "$RF$", "$LP$", "$RP$", "$u20$", "$u7b$", "$u7d$", "$BP$", "$C$",
    ]
    .iter()
    .fold(first.to_owned(), |text, mark| text.replace(mark, " "));
    let mut words = spaced.split([' ', '$']);
    let path = words.find(|word| word.contains(".."))?;
    let name = path.trim_start_matches('_').split("..").next()?;
    is_name(name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_of_a_symbol_is_the_first_it_names() {
        let check = |symbol: &str, expected: Option<&str>| {
            assert_eq!(crate_of(symbol).as_deref(), expected, "{symbol}");
        };
        let old = |first: &str| format!("_ZN{}{first}4drop17h0E", first.len());
        check(&old("serde_core"), Some("serde_core"));
        check(
            &old("_$LT$redb..Table$u20$as$u20$core..ops..Drop$GT$"),
            Some("redb"),
        );
        check(
            &old("_$LT$$RF$mut$u20$csv..Reader$u20$as$u20$std..Read$GT$"),
            Some("csv"),
        );
        check(
            &old("_$LT$T$u20$as$u20$jaq_core..Filter$GT$"),
            Some("jaq_core"),
        );
        check("_RINvMNtCsgEmfK2I1SDS_4core3stre18trim_start", Some("core"));
        check("_RNvCsfEOYDRpO4Ta_11miniz_oxide5start", Some("miniz_oxide"));
        check("main", None);
        check("_ZNgarbage", None);
        check("_ZN99short", None);
    }

    #[test]
    fn this_program_weighs_something_and_noise_nothing() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        if cfg!(all(target_os = "linux", target_pointer_width = "64")) {
            let crates = by_crate(&own).unwrap();
            assert!(crates["weldkit_xtask"] > 100_000, "{crates:?}");
            assert!(crates["weldkit_xtask"] < own.len() as u64);
        }
        assert_eq!(by_crate(b"\x7fELF\x02\x01"), None);
        assert_eq!(by_crate(b""), None);
    }
}
