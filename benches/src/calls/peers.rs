//! Calls in process by the frameworks that are taken for it today.

use std::hint::black_box;

use futures_util::StreamExt;
use serde::Deserialize;
use tarpc::server::{BaseChannel, Channel};

use super::FIXTURE;
use crate::Case;

#[derive(Deserialize)]
struct Add {
    a: i64,
    b: i64,
}

#[tarpc::service]
trait Remote {
    async fn add(a: i64, b: i64) -> i64;
}

#[derive(Clone)]
struct Provider;

impl Remote for Provider {
    async fn add(self, _: tarpc::context::Context, a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }
}

/// Each peer, and how many times of our call it takes at least.
pub(super) fn cases() -> [(Case, Option<f64>); 3] {
    [
        (jsonrpsee(), Some(10.0)),
        (jsonrpsee_raw(), None),
        (tarpc(), Some(25.0)),
    ]
}

fn module() -> jsonrpsee::RpcModule<()> {
    let mut module = jsonrpsee::RpcModule::new(());
    module
        .register_method("add", |parameters, (), _| {
            let Add { a, b } = parameters.parse().expect("two integers are sent");
            a.wrapping_add(b)
        })
        .expect("the first method of that name");
    module
}

/// Text to text, as our call: the same parameters in its own envelope.
fn jsonrpsee_raw() -> Case {
    const REQUEST: &str = r#"{"jsonrpc":"2.0","method":"add","params":{"a":1,"b":2},"id":0}"#;
    let module = module();
    Case::awaited(
        "jsonrpsee RpcModule::raw_json_request",
        &FIXTURE.runtime,
        async move || {
            let answer = module.raw_json_request(black_box(REQUEST), 1).await;
            answer.expect("the method adds").0
        },
    )
}

/// Value to value: it encodes the parameters and decodes the result as well.
fn jsonrpsee() -> Case {
    let module = module();
    Case::awaited(
        "jsonrpsee RpcModule::call",
        &FIXTURE.runtime,
        async move || {
            let sum: Result<i64, _> = module.call("add", [1_i64, 2]).await;
            sum.expect("the method adds")
        },
    )
}

fn tarpc() -> Case {
    let client = FIXTURE.runtime.block_on(async {
        let (client, server) = tarpc::transport::channel::unbounded();
        let serving = BaseChannel::with_defaults(server).execute(Provider.serve());
        tokio::spawn(serving.for_each(async |answer| {
            tokio::spawn(answer);
        }));
        RemoteClient::new(tarpc::client::Config::default(), client).spawn()
    });
    Case::awaited(
        "tarpc in-process channel",
        &FIXTURE.runtime,
        async move || {
            client
                .add(tarpc::context::current(), 1, 2)
                .await
                .expect("the method adds")
        },
    )
}
