//! What is looked at and how. Pure: sights and keys come in.

use std::collections::{BTreeMap, VecDeque};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::rows::{self, Rows};
use crate::metrics::{MethodMetrics, Snapshot};

/// Pauses that a sparkline shows.
pub(super) const SPARKS: u16 = 10;

/// Most characters of a filter.
const FILTER: usize = 40;

/// Everything there is to see at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Sight {
    pub(super) snapshot: Snapshot,
    #[cfg(feature = "orchestration")]
    pub(super) runs: Vec<crate::orchestration::Status>,
    #[cfg(feature = "transaction")]
    pub(super) transactions: Vec<crate::transaction::Status>,
}

/// What the screen is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Methods,
    Plugins,
    #[cfg(feature = "orchestration")]
    Runs,
    #[cfg(feature = "transaction")]
    Transactions,
    Metrics,
}

impl View {
    pub(super) const ALL: &[Self] = &[
        Self::Methods,
        Self::Plugins,
        #[cfg(feature = "orchestration")]
        Self::Runs,
        #[cfg(feature = "transaction")]
        Self::Transactions,
        Self::Metrics,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Methods => "methods",
            Self::Plugins => "plugins",
            #[cfg(feature = "orchestration")]
            Self::Runs => "runs",
            #[cfg(feature = "transaction")]
            Self::Transactions => "transactions",
            Self::Metrics => "metrics",
        }
    }
}

pub(super) struct State {
    pub(super) sight: Sight,
    /// What the last pause has brought; everything, before there was one.
    pub(super) delta: Snapshot,
    /// Calls of each method in the last pauses.
    sparks: BTreeMap<(String, String), VecDeque<u64>>,
    pub(super) view: View,
    /// The column by which rows are sorted.
    pub(super) sort: usize,
    pub(super) filter: String,
    pub(super) is_typing: bool,
    pub(super) selected: usize,
    /// Whether the selected row is shown with everything that is known of it.
    pub(super) is_open: bool,
}

impl State {
    pub(super) fn new(sight: Sight) -> Self {
        Self {
            delta: sight.snapshot.clone(),
            sight,
            sparks: BTreeMap::new(),
            view: View::Methods,
            sort: 1,
            filter: String::new(),
            is_typing: false,
            selected: 0,
            is_open: false,
        }
    }

    /// Takes in the next sight.
    pub(super) fn see(&mut self, sight: Sight) {
        self.delta = sight.snapshot.since(&self.sight.snapshot);
        for method in &self.delta.methods {
            let key = (method.instance.clone(), method.method.clone());
            let sparks = self.sparks.entry(key).or_default();
            if sparks.len() == usize::from(SPARKS) {
                sparks.pop_front();
            }
            sparks.push_back(method.finished);
        }
        self.sight = sight;
        self.stay_inside();
    }

    pub(super) fn sparks(&self, method: &MethodMetrics) -> String {
        const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let key = (method.instance.clone(), method.method.clone());
        let sparks = self.sparks.get(&key).into_iter().flatten();
        let most = sparks.clone().copied().max().unwrap_or(0).max(1);
        let bar = |calls: &u64| match calls {
            0 => ' ',
            calls => BARS[usize::try_from((calls * 8 - 1) / most).unwrap_or(7).min(7)],
        };
        sparks.map(bar).collect()
    }

    /// What a method is called: with its instance where several have it.
    pub(super) fn name(&self, method: &MethodMetrics) -> String {
        let all = self.sight.snapshot.methods.iter();
        let others = all.filter(|other| other.method == method.method).count();
        if others > 1 {
            format!("{} {}", method.method, method.instance)
        } else {
            method.method.clone()
        }
    }

    /// The rows of the view: filtered, sorted.
    pub(super) fn rows(&self) -> Rows {
        let mut rows = rows::of(self);
        let wanted = self.filter.to_lowercase();
        rows.rows.retain(|row| {
            row.iter()
                .any(|cell| cell.text().to_lowercase().contains(&wanted))
        });
        let column = self.sort.min(rows.header.len() - 1);
        rows.rows
            .sort_by(|one, other| one[column].order(&other[column]));
        rows
    }

    /// Takes a key. Whether it was the last.
    pub(super) fn key(&mut self, key: KeyEvent) -> bool {
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return true;
        }
        if self.is_typing {
            match key.code {
                KeyCode::Enter => self.is_typing = false,
                KeyCode::Esc => {
                    self.is_typing = false;
                    self.filter.clear();
                }
                KeyCode::Backspace => drop(self.filter.pop()),
                KeyCode::Char(char) if self.filter.chars().count() < FILTER => {
                    self.filter.push(char)
                }
                _ => {}
            }
            self.stay_inside();
            return false;
        }
        match key.code {
            KeyCode::Char('q') => return true,
            KeyCode::Char('/') => self.is_typing = true,
            KeyCode::Char('s') => self.sort = (self.sort + 1) % self.rows().header.len(),
            KeyCode::Down | KeyCode::Char('j') => self.selected += 1,
            KeyCode::Up | KeyCode::Char('k') => self.selected = self.selected.saturating_sub(1),
            KeyCode::Enter => self.is_open = !self.is_open,
            KeyCode::Esc if self.is_open => self.is_open = false,
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Tab => self.turn(1),
            KeyCode::BackTab => self.turn(View::ALL.len() - 1),
            _ => {}
        }
        self.stay_inside();
        false
    }

    fn turn(&mut self, by: usize) {
        let at = View::ALL
            .iter()
            .position(|view| *view == self.view)
            .unwrap_or(0);
        self.view = View::ALL[(at + by) % View::ALL.len()];
        (self.selected, self.is_open) = (0, false);
        self.sort = usize::from(self.view == View::Methods);
    }

    fn stay_inside(&mut self) {
        self.selected = self.selected.min(self.rows().rows.len().saturating_sub(1));
    }
}
