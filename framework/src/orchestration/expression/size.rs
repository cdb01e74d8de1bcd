//! How long and how deep the text of an expression may be.

use crate::limit;

/// Refuses a text that would cost too much to parse.
///
/// Parser, compiler and interpreter work by recursion, so the text is measured before any of them sees it. Brackets
/// inside text count too: a bound may be too careful, never too late.
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("it is empty; `.` is the input itself".to_owned());
    }
    let most = limit::EXPRESSION_BYTES;
    if text.len() > most {
        let len = text.len();
        return Err(format!("it has {len} bytes; at most {most} are taken"));
    }
    let mut open = 0_usize;
    let mut words = 0_usize;
    let mut in_word = false;
    for character in text.chars() {
        match character {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        let most = limit::EXPRESSION_BRACKETS;
        if open > most {
            return Err(format!("its brackets are nested deeper than {most}"));
        }
        let continues = character.is_alphanumeric() || matches!(character, '_' | '$' | '@');
        let starts = !continues || !in_word;
        words += usize::from(starts && !character.is_whitespace());
        in_word = continues;
    }
    let most = limit::EXPRESSION_WORDS;
    if words > most {
        return Err(format!(
            "it has {words} words and signs; at most {most} are taken"
        ));
    }
    Ok(())
}
