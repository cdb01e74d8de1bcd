use serde_json::{Map, Number as JsonNumber, Value};

use super::{Array, EXACT, Kind, Number, Object, Span, Text, Type, Whole};
use crate::limit;

/// A source of choices: the same ones from the same seed.
#[derive(Debug, Clone)]
pub(crate) struct Draws {
    state: u64,
    /// Whether what nothing is known of gets values as well; else it is left out, or null.
    pub(crate) fills_any: bool,
}

impl Draws {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed,
            fills_any: false,
        }
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    pub(crate) fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `most`, which is not zero.
    pub(crate) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.draw() % most as u64).unwrap_or_default()
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.draw() & 1 == 1
    }
}

impl Type {
    /// A value of it; none where there is none, or where what is claimed of it cannot be made up.
    pub(crate) fn sample(&self, draws: &mut Draws) -> Option<Value> {
        self.sample_at(draws, 0)
    }

    fn sample_at(&self, draws: &mut Draws, depth: usize) -> Option<Value> {
        let Self::Of(shapes) = self else {
            return Some(match draws.fills_any {
                true => anything(draws, depth),
                false => Value::Null,
            });
        };
        if shapes.is_empty() || depth > limit::TYPE_DEPTH {
            return None;
        }
        // Each shape gets its turn, from one that is drawn.
        let start = draws.below(shapes.len());
        let mut turns = shapes[start..].iter().chain(&shapes[..start]);
        turns.find_map(|shape| match shape.claims.is_empty() {
            true => kind(&shape.kind, draws, depth),
            false => None,
        })
    }
}

fn kind(kind: &Kind, draws: &mut Draws, depth: usize) -> Option<Value> {
    match kind {
        Kind::Null => Some(Value::Null),
        Kind::Bool(value) => Some(Value::Bool(value.unwrap_or_else(|| draws.coin()))),
        Kind::Number(of) => number(of, draws).map(Value::Number),
        Kind::Text(of) => Some(Value::String(text(of, draws))),
        Kind::Array(of) => array(of, draws, depth),
        Kind::Object(of) => object(of, draws, depth),
    }
}

fn number(of: &Number, draws: &mut Draws) -> Option<JsonNumber> {
    let middle = of.least.midpoint(of.most);
    let known = [
        of.least,
        of.most,
        of.least + 1.0,
        of.most - 1.0,
        middle,
        0.0,
        1.0,
        -1.0,
        2.0,
        0.5,
        -7.25,
        3.0,
        100.0,
        1e6,
        1e15,
        4e9,
        -4e9,
        1e18,
        1.8e19,
        1e19,
        -9e18,
        1e300,
        -1e300,
    ];
    let start = draws.below(known.len());
    let is_in = |value: &f64| {
        let value = *value;
        let is_above = value > of.least || (value == of.least && !of.open.0);
        let is_below = value < of.most || (value == of.most && !of.open.1);
        value.is_finite() && is_above && is_below && (of.whole == Whole::No || value.fract() == 0.0)
    };
    let mut turns = known[start..].iter().chain(&known[..start]).copied();
    let value = turns.find(is_in)?;
    let decimals = || JsonNumber::from_f64(value);
    // The text of a float without decimals is that of a whole number.
    let whole = || {
        format!("{value:.0}")
            .parse::<JsonNumber>()
            .ok()
            .filter(|n| !n.is_f64())
    };
    match of.whole {
        Whole::Written => whole(),
        _ if value.fract() == 0.0 && draws.coin() => whole().or_else(decimals),
        _ => decimals(),
    }
}

fn text(of: &Text, draws: &mut Draws) -> String {
    if let Some(values) = &of.values {
        let place = draws.below(values.len().max(1));
        return values
            .iter()
            .nth(place)
            .map(|text| text.to_string())
            .unwrap_or_default();
    }
    let letters = [
        'a', 'B', '0', '7', ' ', '-', '.', '"', '/', 'é', '語', '🎉', 'T', ':', '\n',
    ];
    let known = [
        "",
        "null",
        "true",
        "12",
        "2024-01-01T00:00:00Z",
        "a.b",
        "{}",
        "https://x/y",
    ];
    let word = known[draws.below(known.len())];
    let is_in = of.len.holds(&Span::exactly(word.chars().count() as u64));
    if is_in && draws.coin() {
        return word.to_owned();
    }
    let long = limit::TYPE_SAMPLE_TEXT;
    let len = match draws.below(8) {
        0 if of.len.holds(&Span::exactly(long as u64)) => long,
        _ => len(&of.len, draws),
    };
    (0..len)
        .map(|_| letters[draws.below(letters.len())])
        .collect()
}

/// A length: one of the bounds, or little more than the lower one.
fn len(of: &Span, draws: &mut Draws) -> usize {
    let least = usize::try_from(of.least).unwrap_or(usize::MAX);
    let most = of.most.map_or(least.saturating_add(4), |most| {
        usize::try_from(most).unwrap_or(usize::MAX)
    });
    match draws.below(4) {
        0 => least,
        1 if most <= limit::TYPE_SAMPLE => most,
        _ => (least + draws.below(4)).min(most),
    }
    .min(least.max(limit::TYPE_SAMPLE))
}

fn array(of: &Array, draws: &mut Draws, depth: usize) -> Option<Value> {
    let least = usize::try_from(of.len.least).ok()?;
    if least > limit::TYPE_SAMPLE {
        return None;
    }
    let wanted = len(&of.len, draws);
    let mut values = Vec::new();
    for place in 0..wanted {
        match of.element(place).sample_at(draws, depth + 1) {
            Some(value) => values.push(value),
            None if place >= least => break,
            None => return None,
        }
    }
    Some(Value::Array(values))
}

fn object(of: &Object, draws: &mut Draws, depth: usize) -> Option<Value> {
    let mut entries = Map::new();
    for (name, field) in of.fields.iter() {
        let is_wanted = field.is_required
            || (draws.coin() && (draws.fills_any || !field.of.is_any()) && depth < 6);
        if !is_wanted {
            continue;
        }
        match field.of.sample_at(draws, depth + 1) {
            Some(value) => drop(entries.insert(name.to_string(), value)),
            None if field.is_required => return None,
            None => {}
        }
    }
    let is_filled = draws.fills_any || !of.rest.is_any();
    if is_filled && !of.rest.is_never() && draws.coin() && depth < 6 {
        let name = ["more", "a", "x y", "id"][draws.below(4)];
        if !of.fields.contains_key(name)
            && let Some(value) = of.rest.sample_at(draws, depth + 1)
        {
            entries.insert(name.to_owned(), value);
        }
    }
    Some(Value::Object(entries))
}

/// A value of any kind.
fn anything(draws: &mut Draws, depth: usize) -> Value {
    let of = match draws.below(if depth > 3 { 4 } else { 6 }) {
        0 => Kind::Null,
        1 => Kind::Bool(None),
        2 => Kind::Number(Number {
            most: EXACT * 4096.0,
            ..Number::any()
        }),
        3 => Kind::Text(Text::any()),
        4 => Kind::Array(Array::any()),
        _ => Kind::Object(Object::any()),
    };
    kind(&of, draws, depth + 1).unwrap_or_default()
}
