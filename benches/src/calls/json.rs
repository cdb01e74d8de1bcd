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

type Handler = Box<dyn Fn(&[u8]) -> serde_json::Result<Vec<u8>> + Send + Sync>;
type Later<'a> = Pin<Box<dyn Future<Output = serde_json::Result<Vec<u8>>> + Send + 'a>>;
type AsyncHandler = Box<dyn for<'a> Fn(&'a [u8]) -> Later<'a> + Send + Sync>;

#[expect(
    clippy::disallowed_types,
    reason = "the floor takes what is fastest; never iterated"
)]
type Table<T> = std::collections::HashMap<String, T>;

/// One handler under many names.
fn table<T>(mut handler: impl FnMut() -> T) -> &'static Table<T> {
    let names = (0..200).map(|number| format!("adder{number}.add_now"));
    Box::leak(Box::new(names.map(|name| (name, handler())).collect()))
}

const FLOOR: &str = "lookup, decode, encode";
const OURS: &str = "Host::call_json, sync method";
const ASYNC_FLOOR: &str = "lookup, decode, encode in a boxed future";
const ASYNC_OURS: &str = "Host::call_json, async method";
const NAME: &str = "adder77.add_now";
const INPUT: &[u8] = br#"{"a":1,"b":2}"#;

pub(super) fn subject() -> Subject {
    let runtime = &FIXTURE.runtime;
    let sync = table::<Handler>(|| {
        Box::new(|input| {
            let Add { a, b } = serde_json::from_slice(input)?;
            serde_json::to_vec(&a.wrapping_add(b))
        })
    });
    let later = table::<AsyncHandler>(|| {
        Box::new(|input| {
            Box::pin(async move {
                let Add { a, b } = serde_json::from_slice(input)?;
                serde_json::to_vec(&a.wrapping_add(b))
            })
        })
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
                host.call_json(ctx, black_box("adder.add_now"), black_box(INPUT))
                    .await
            }),
            Case::awaited(ASYNC_FLOOR, runtime, async move || {
                black_box(later)[black_box(NAME)](black_box(INPUT)).await
            }),
            Case::awaited(ASYNC_OURS, runtime, async move || {
                host.call_json(ctx, black_box("adder.add"), black_box(INPUT))
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
        subject
            .claims
            .push(Claim::new(case.name, Bound::AtLeastTimes(times), OURS));
        subject.cases.push(case);
    }
    subject
}
