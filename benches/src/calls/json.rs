use std::error::Error;
use std::hint::black_box;
use std::pin::Pin;

use serde::Deserialize;

use super::FIXTURE;
use crate::{Bound, Case, Claim, Subject};

/// The floor's parameters: what the macro derives for `add`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    a: i64,
    b: i64,
}

type Added = Result<Vec<u8>, Box<dyn Error + Send + Sync>>;
type Handler = Box<dyn Fn(&[u8]) -> Added + Send + Sync>;
type Later<'a> = Pin<Box<dyn Future<Output = Added> + Send + 'a>>;
type AsyncHandler = Box<dyn for<'a> Fn(&'a [u8]) -> Later<'a> + Send + Sync>;

/// The floor takes what is fastest: the hasher and the decoding that we take ourselves. What is left
/// between the two is the gate.
#[expect(clippy::disallowed_types, reason = "never iterated")]
type Table<T> = std::collections::HashMap<String, T, foldhash::fast::FixedState>;

/// One handler under the name that is looked up and many others.
fn table<T>(name: &str, mut handler: impl FnMut() -> T) -> &'static Table<T> {
    let others = (1..200).map(|number| format!("adder{number}.add_now"));
    let names = others.chain([name.to_owned()]);
    Box::leak(Box::new(names.map(|name| (name, handler())).collect()))
}

fn add(input: &[u8]) -> Added {
    let Add { a, b } = serde_json::from_str(std::str::from_utf8(input)?)?;
    Ok(serde_json::to_vec(&a.wrapping_add(b))?)
}

const FLOOR: &str = "lookup, decode, encode";
const OURS: &str = "Host::call_json, sync method";
const ASYNC_FLOOR: &str = "lookup, decode, encode in a boxed future";
const ASYNC_OURS: &str = "Host::call_json, async method";
const NAME: &str = "adder.add_now";
const ASYNC_NAME: &str = "adder.add";
const INPUT: &[u8] = br#"{"a":1,"b":2}"#;

pub(super) fn subject() -> Subject {
    let runtime = &FIXTURE.runtime;
    let sync = table::<Handler>(NAME, || Box::new(add));
    let later = table::<AsyncHandler>(ASYNC_NAME, || {
        Box::new(|input| Box::pin(async move { add(input) }))
    });
    let (host, ctx) = (&FIXTURE.host, &FIXTURE.ctx);
    #[cfg_attr(
        not(feature = "peers"),
        expect(unused_mut, reason = "peers add theirs")
    )]
    let mut subject = Subject {
        title: "JSON call, two integers",
        cases: vec![
            Case::new(FLOOR, move || {
                black_box(sync)[black_box(NAME)](black_box(INPUT))
            }),
            Case::awaited(OURS, runtime, async move || {
                host.call_json(ctx, black_box(NAME), black_box(INPUT)).await
            }),
            Case::awaited(ASYNC_FLOOR, runtime, async move || {
                black_box(later)[black_box(ASYNC_NAME)](black_box(INPUT)).await
            }),
            Case::awaited(ASYNC_OURS, runtime, async move || {
                host.call_json(ctx, black_box(ASYNC_NAME), black_box(INPUT))
                    .await
            }),
        ],
        claims: vec![
            Claim::new(OURS, Bound::AtMostTimes(1.3), FLOOR),
            Claim::new(ASYNC_OURS, Bound::AtMostTimes(1.3), ASYNC_FLOOR),
        ],
    };
    #[cfg(feature = "peers")]
    for (case, times) in super::peers::cases() {
        // A peer is compared with both kinds of our calls, whatever its own method is.
        if let Some(bound) = times.map(Bound::AtLeastTimes) {
            let claims = [OURS, ASYNC_OURS].map(|ours| Claim::new(case.name, bound, ours));
            subject.claims.extend(claims);
        }
        subject.cases.push(case);
    }
    subject
}
