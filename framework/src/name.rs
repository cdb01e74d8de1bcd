//! Names of services, methods, plugins and instances, and the nearest valid one.

use crate::limit;

/// Why `text` is not a name, or `None` when it is one.
///
/// A name starts with a lower-case letter, goes on with lower-case letters, digits, `_` and `-`,
/// and has at most [`limit::NAME_LEN`] characters.
pub fn fault(text: &str) -> Option<String> {
    let mut letters = text.chars();
    match letters.next() {
        None => return Some("a name may not be empty".into()),
        Some(first) if !first.is_ascii_lowercase() => {
            return Some(format!(
                "`{text}` starts with `{first}`; a name starts with a lower-case letter"
            ));
        }
        Some(_) => {}
    }
    if let Some(bad) = letters.find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_' | '-')) {
        return Some(format!(
            "`{text}` contains `{bad}`; a name has lower-case letters, digits, `_` and `-`"
        ));
    }
    (text.len() > limit::NAME_LEN)
        .then(|| format!("`{text}` has more than {} characters", limit::NAME_LEN))
}

/// The candidate nearest to `word`, when one is near enough to be what was meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .map(|candidate| {
            (
                score(&word, &candidate.to_lowercase().replace('-', "_")),
                candidate,
            )
        })
        .filter(|(score, _)| *score >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}

/// 0 to 1; a candidate that contains the word is near as well, and so is one with two letters swapped, which the
/// measure does not see in a short word.
fn score(word: &str, candidate: &str) -> f64 {
    let shorter = word.len().min(candidate.len());
    let contains = shorter >= 3 && (candidate.contains(word) || word.contains(candidate));
    let is_one_off = candidate.len() >= 3 && strsim::osa_distance(word, candidate) == 1;
    strsim::jaro_winkler(word, candidate).max(if contains || is_one_off { 0.8 } else { 0.0 })
}

/// A help text that names the nearest candidate, or lists all when they are few.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let all: Vec<&str> = candidates.into_iter().collect();
    match nearest(word, all.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if all.is_empty() => None,
        None if all.len() <= 12 => Some(format!("there are: {}", all.join(", "))),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rule() {
        for good in ["storage", "data_processing", "storage-redb", "a1"] {
            assert_eq!(fault(good), None);
        }
        for (bad, word) in [
            ("", "empty"),
            ("Storage", "`S`"),
            ("a b", "` `"),
            ("1a", "`1`"),
            (&"x".repeat(65), "64"),
        ] {
            let fault = fault(bad).expect("refused");
            assert!(fault.contains(word), "{fault}");
        }
    }

    #[test]
    fn the_nearest_name_is_found() {
        assert_eq!(nearest("storag", ["storage", "records"]), Some("storage"));
        assert_eq!(
            nearest("storage_redb", ["storage-memory", "storage-redb"]),
            Some("storage-redb")
        );
        assert_eq!(
            nearest("redb", ["storage-memory", "storage-redb"]),
            Some("storage-redb")
        );
        assert_eq!(nearest("gte", ["put", "get"]), Some("get"));
        assert_eq!(nearest("gt", ["put", "get"]), Some("get"));
        assert_eq!(nearest("zzz", ["storage"]), None);
    }
}
