//! Problems in the look of rustc: the line, the place in it, a note and the fix.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};

use super::place::Origin;
use super::problem::Problem;

/// A text with more problems than this is not going to be read; the rest is counted.
const RENDERED_MAX: usize = 100;

/// Renders problems for a terminal, one paragraph each, with escape codes if `colour` is set.
///
/// The text ends in a newline; no problems give an empty text.
pub fn render(problems: &[Problem], colour: bool) -> String {
    rendered(problems, &Level::ERROR, colour)
}

/// The same for what is no obstacle.
pub fn render_warnings(problems: &[Problem], colour: bool) -> String {
    rendered(problems, &Level::WARNING, colour)
}

fn rendered(problems: &[Problem], level: &Level<'static>, colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for problem in problems.iter().take(RENDERED_MAX) {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&renderer.render(&[group(problem, level)]));
        text.push('\n');
    }
    if let Some(more) = problems
        .len()
        .checked_sub(RENDERED_MAX)
        .filter(|more| *more > 0)
    {
        text.push_str(&format!("\nand {more} more\n"));
    }
    text
}

fn group<'a>(problem: &'a Problem, level: &Level<'static>) -> Group<'a> {
    let title = normalize_untrusted_str(&problem.message);
    let mut group = Group::with_title(level.clone().primary_title(title).id(problem.code.as_str()));
    let meant = problem
        .nearest
        .as_ref()
        .map(|name| format!("did you mean `{name}`?"));
    match (&problem.excerpt, &problem.place) {
        (Some(excerpt), _) => {
            let annotation = AnnotationKind::Primary
                .span(excerpt.span.clone())
                .label(meant);
            let snippet = Snippet::source(&excerpt.text)
                .path(normalize_untrusted_str(&excerpt.path))
                .line_start(excerpt.line);
            group = group.element(snippet.annotation(annotation));
        }
        (None, place) => {
            group = group.elements(place.as_ref().map(origin));
            group = group.elements(meant.map(|meant| Level::HELP.message(meant)));
        }
    }
    if let Some(description) = &problem.description {
        group = group.element(Level::NOTE.message(normalize_untrusted_str(description)));
    }
    if let Some(fix) = &problem.fix {
        group = group.element(Level::HELP.message(normalize_untrusted_str(fix)));
    }
    group
}

fn origin(place: &Origin) -> annotate_snippets::Origin<'static> {
    let (path, position) = match place {
        Origin::File { path, line, column } => (path.clone(), Some((*line, *column))),
        Origin::Default { line, column } => {
            ("built-in defaults".to_owned(), Some((*line, *column)))
        }
        Origin::Environment { .. } | Origin::Flag { .. } => (place.to_string(), None),
    };
    let origin = annotate_snippets::Origin::path(normalize_untrusted_str(&path));
    match position {
        Some((line, column)) => origin.line(line).char_column(column),
        None => origin,
    }
}
