use std::hint::black_box;
use std::io;

use serde::{Deserialize, Serialize};

use super::FIXTURE;
use crate::{Bound, Case, Claim, Subject};

/// An order of many items.
#[weldkit::data]
#[derive(Debug, Clone)]
pub struct Order {
    /// Its number.
    #[garde(range(min = 1))]
    pub id: u64,
    /// Who ordered.
    #[garde(length(min = 1, max = 64))]
    pub customer: String,
    /// What was ordered.
    #[garde(length(max = 100_000), dive)]
    pub items: Vec<Item>,
}

/// One item of an order.
#[weldkit::data]
#[derive(Debug, Clone)]
pub struct Item {
    /// What.
    #[garde(length(min = 1, max = 64))]
    pub sku: String,
    /// How many.
    #[garde(range(max = 1_000))]
    pub quantity: u32,
    /// For how much each.
    #[garde(range(min = 0.0))]
    pub price: f64,
    /// What to look out for.
    pub note: Option<String>,
}

/// The floor's parameters: what the macro derives for `echo`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Echo {
    order: Order,
}

#[derive(Serialize)]
struct Input {
    order: Order,
}

fn order(items: u32) -> Order {
    let item = |number: u32| Item {
        sku: format!("SKU-{number:06}"),
        quantity: number % 17,
        price: f64::from(number) * 1.25 + 0.5,
        note: number
            .is_multiple_of(3)
            .then(|| "fragile, keep upright".to_owned()),
    };
    Order {
        id: 42,
        customer: "a customer".to_owned(),
        items: (0..items).map(item).collect(),
    }
}

const FLOOR: &str = "decode and encode";
const OURS: &str = "Host::call_json, rules checked";

pub(super) fn subjects() -> [Subject; 2] {
    [
        subject("JSON call, 1 KB, rules checked", 15),
        subject("JSON call, 100 KB, rules checked", 1_500),
    ]
}

fn subject(title: &'static str, items: u32) -> Subject {
    let input = Input {
        order: order(items),
    };
    let input: &'static [u8] = serde_json::to_vec(&input)
        .expect("plain data is JSON")
        .leak();
    let (host, ctx) = (&FIXTURE.host, &FIXTURE.ctx);
    Subject {
        title,
        cases: vec![
            Case::new(FLOOR, move || {
                // As fast as we do it: text is looked through for UTF-8 once, not string by string.
                let text = std::str::from_utf8(black_box(input)).map_err(io::Error::other)?;
                let Echo { order } = serde_json::from_str(text)?;
                io::Result::Ok(serde_json::to_vec(&order)?)
            }),
            Case::awaited(OURS, &FIXTURE.runtime, async move || {
                host.call_json(ctx, black_box("adder.echo"), black_box(input))
                    .await
            }),
        ],
        claims: vec![Claim::new(OURS, Bound::AtMostTimes(1.15), FLOOR)],
    }
}
