//! Whatever the text, reading it ends with a document or with problems.

use proptest::prelude::*;

use super::super::read;
use super::examples;

/// Reads, and holds that a refusal says why and where.
fn check(text: &str) -> Result<(), TestCaseError> {
    if let Err(problems) = read(text, "f") {
        prop_assert!(!problems.is_empty());
        prop_assert!(problems.iter().all(|problem| problem.place.is_some()));
    }
    Ok(())
}

proptest! {
    #[test]
    fn arbitrary_text_is_read_or_refused(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn arbitrary_yaml_is_read_or_refused(text in "([a-d]|[:\\-\\[\\]{},&*!|>#'\"?%@<~. \n\t])([a-d]|[:\\-\\[\\]{},&*!|>#'\"?%@<~. \n\t]){0,60}") {
        check(&text)?;
    }

    #[test]
    fn examples_with_words_left_out_are_read_or_refused(
        example in any::<prop::sample::Index>(),
        holes in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
    ) {
        let examples = examples();
        let (_, text) = example.get(&examples);
        let mut words: Vec<&str> = text.split_inclusive([' ', '\n', ':', '{', '}', '[', ']', '"', '\'']).collect();
        for hole in holes {
            if !words.is_empty() {
                words.remove(hole.index(words.len()));
            }
        }
        check(&words.concat())?;
    }

    #[test]
    fn examples_that_end_early_are_read_or_refused(
        example in any::<prop::sample::Index>(),
        end in any::<prop::sample::Index>(),
    ) {
        let examples = examples();
        let (_, text) = example.get(&examples);
        let text: String = text.chars().take(end.index(text.len())).collect();
        check(&text)?;
    }
}
