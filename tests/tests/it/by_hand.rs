//! A contract and a plugin written by hand: what the macros emit is nothing that cannot be written.

use std::future::Future;
use std::sync::Arc;
use std::task::Context;

use serde_json::{Value, json};
use weldkit::call::{BoxFuture, JsonCall};
use weldkit::contract::{
    MethodDescriptor, MethodKind, Parameters, Rules, SchemaOf, ServiceDescriptor, Stability,
    Version, error_schema, input_schema, output_schema,
};
use weldkit::registry::{Binder, Need, PluginDescriptor, Provided};
use weldkit::{CallError, Contract, Ctx, Host, Plugin, Service};

trait Adder: Send + Sync + 'static {
    fn add<'call>(
        &'call self,
        ctx: &'call Ctx,
        a: i64,
        b: i64,
    ) -> impl Future<Output = Result<i64, CallError>> + Send
    where
        Self: Sized;

    fn add_now(&self, ctx: &Ctx, a: i64, b: i64) -> Result<i64, CallError>
    where
        Self: Sized;
}

trait AdderTwin: Send + Sync + 'static {
    fn twin_add<'a>(
        &'a self,
        ctx: &'a Ctx,
        a: i64,
        b: i64,
    ) -> BoxFuture<'a, Result<i64, CallError>>;
    fn twin_add_now(&self, ctx: &Ctx, a: i64, b: i64) -> Result<i64, CallError>;
}

impl<T: Adder> AdderTwin for T {
    fn twin_add<'a>(
        &'a self,
        ctx: &'a Ctx,
        a: i64,
        b: i64,
    ) -> BoxFuture<'a, Result<i64, CallError>> {
        Box::pin(Adder::add(self, ctx, a, b))
    }

    fn twin_add_now(&self, ctx: &Ctx, a: i64, b: i64) -> Result<i64, CallError> {
        Adder::add_now(self, ctx, a, b)
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct AddParameters {
    a: i64,
    b: i64,
}

impl Parameters for AddParameters {
    fn check(&self, _: &mut Rules) {}
}

const ADD: MethodDescriptor = MethodDescriptor {
    name: "add",
    docs: "Adds two numbers.",
    kind: MethodKind::Async,
    read_only: true,
    idempotent: true,
    transactional: false,
    isolated: false,
    permission: None,
    timeout: None,
    stability: Stability::Stable,
    since: None,
    deprecated: None,
    parameters: &["a", "b"],
    input: SchemaOf::Type(input_schema::<AddParameters>),
    output: SchemaOf::Type(output_schema::<i64>),
    error: SchemaOf::Type(error_schema::<CallError>),
};

impl Contract for dyn Adder + '_ {
    type Twin = dyn AdderTwin;

    const DESCRIPTOR: &'static ServiceDescriptor = &ServiceDescriptor {
        name: "adder",
        version: Version::parse("2.0"),
        package: "by-hand",
        docs: "Adds.",
        stability: Stability::Stable,
        since: None,
        deprecated: None,
        methods: &[
            ADD,
            MethodDescriptor {
                name: "add_now",
                kind: MethodKind::Sync,
                ..ADD
            },
        ],
    };

    fn call_json<'a>(
        service: &'a Service<Self>,
        method: usize,
        ctx: &'a Ctx,
        input: &'a [u8],
        cx: &mut Context<'_>,
    ) -> JsonCall<'a> {
        match method {
            0 => service.json_async::<0, _, _, _>(ctx, input, cx, |twin, ctx, p: AddParameters| {
                twin.twin_add(ctx, p.a, p.b)
            }),
            1 => service.json_sync::<1, _, _, _>(ctx, input, |twin, ctx, p: AddParameters| {
                twin.twin_add_now(ctx, p.a, p.b)
            }),
            _ => JsonCall::no_such_method(),
        }
    }
}

impl Adder for Service<dyn Adder> {
    fn add<'call>(
        &'call self,
        ctx: &'call Ctx,
        a: i64,
        b: i64,
    ) -> impl Future<Output = Result<i64, CallError>> + Send {
        weldkit::call::call_async::<0, _, _, _>(self, ctx, move |twin, ctx| {
            twin.twin_add(ctx, a, b)
        })
    }

    fn add_now(&self, ctx: &Ctx, a: i64, b: i64) -> Result<i64, CallError> {
        weldkit::call::call_sync::<1, _, _, _>(self, ctx, move |twin, ctx| {
            twin.twin_add_now(ctx, a, b)
        })
    }
}

struct Calculator;

impl Adder for Calculator {
    async fn add(&self, _: &Ctx, a: i64, b: i64) -> Result<i64, CallError> {
        tokio::task::yield_now().await;
        self.add_now_checked(a, b)
    }

    fn add_now(&self, _: &Ctx, a: i64, b: i64) -> Result<i64, CallError> {
        self.add_now_checked(a, b)
    }
}

impl Calculator {
    fn add_now_checked(&self, a: i64, b: i64) -> Result<i64, CallError> {
        a.checked_add(b)
            .ok_or_else(|| CallError::limit("the sum does not fit into 64 bits"))
    }
}

impl Plugin for Calculator {
    const DESCRIPTOR: &'static PluginDescriptor = &PluginDescriptor {
        id: "calculator",
        version: "1.2.3",
        package: "by-hand",
        description: "Adds \"numbers\"",
        authors: "",
        license: "MIT",
        source: "",
        stability: Stability::Stable,
        categories: &["Math"],
        tags: &[],
        permissions: &[],
        access: &[],
        exclusive: false,
        provides: &[<dyn Adder as Contract>::DESCRIPTOR],
        needs: &[Need::Host],
    };

    fn start(_: &Binder) -> BoxFuture<'_, weldkit::Result<Self>> {
        Box::pin(async { Ok(Self) })
    }

    fn provide(self: Arc<Self>) -> Vec<Provided> {
        vec![Provided::new::<dyn Adder>(
            self as Arc<<dyn Adder as Contract>::Twin>,
        )]
    }
}

#[tokio::test]
async fn a_plugin_by_hand_is_called_typed_and_as_json() {
    let host = Host::builder()
        .plugin::<Calculator>()
        .start()
        .await
        .unwrap();
    let ctx = host.ctx();
    let adder = host.service::<dyn Adder>().unwrap();
    assert_eq!(adder.add(&ctx, 2, 40).await.unwrap(), 42);
    assert_eq!(adder.add_now(&ctx, 2, 40).unwrap(), 42);
    assert_eq!(
        adder
            .add_now(&ctx, i64::MAX, 1)
            .unwrap_err()
            .code()
            .as_str(),
        "limit"
    );
    for call in ["adder.add", "adder.add_now"] {
        assert_eq!(
            host.call_json(&ctx, call, br#"{"a":2,"b":40}"#)
                .await
                .unwrap(),
            b"42"
        );
        assert_eq!(
            host.call_json(&ctx, call, br#"{"a":2.0,"b":623.0}"#)
                .await
                .unwrap(),
            b"625"
        );
    }
    let counts = &host.counts()["calculator"]["adder.add_now"][0];
    assert_eq!(
        (counts.started, counts.finished, counts.failed["limit"]),
        (4, 4, 1)
    );
    host.stop().await.unwrap();
}

#[test]
fn a_descriptor_by_hand_is_embedded_as_valid_json() {
    let entry = weldkit::__entry!(Calculator);
    let json = &entry.text["weldkit:plugin:1:".len() + 9..entry.text.len() - 18];
    let value: Value = serde_json::from_str(json).unwrap();
    assert_eq!(value["description"], "Adds \"numbers\"");
    assert_eq!(
        value["provides"],
        json!([{ "name": "adder", "version": "2.0.0" }])
    );
    let length = usize::from_str_radix(&entry.text[17..25], 16).unwrap();
    assert_eq!(length, json.len());
    assert!(entry.text.ends_with(&format!(
        ":{:016x};",
        weldkit::contract::fnv1a(json.as_bytes())
    )));
}
