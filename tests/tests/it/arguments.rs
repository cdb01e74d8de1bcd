//! Parameters that the framework reads by name and type, beside the struct with derives that
//! stands for them where an attribute asks for it: nobody can tell which of the two it was.

#![allow(
    clippy::disallowed_types,
    clippy::too_many_arguments,
    reason = "the cases: a map of each kind, and more parameters than a contract should have"
)]

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};
use weldkit::testing::TestHost;
use weldkit::{CallError, Contract, Ctx, Json};

/// A point.
#[weldkit::data]
#[derive(Debug, Default)]
pub(crate) struct Point {
    /// At most 9.
    #[garde(range(max = 9))]
    x: u8,
    y: Option<i64>,
}

/// Holds what has keys of the caller's own.
#[weldkit::data]
#[derive(Debug, Default)]
pub(crate) struct Holder {
    body: Json,
    #[serde(default)]
    object: Map<String, Json>,
    maybe: Option<serde_json::Value>,
    #[serde(default)]
    numbers: BTreeMap<u8, i8>,
    #[serde(default)]
    below: Vec<Self>,
    nodes: Option<HashMap<String, Vec<Node>>>,
}

/// Each way to hold it in an enum.
#[weldkit::data]
#[derive(Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Node {
    Leaf(Json),
    Pair { left: Option<Json>, right: Point },
}

/// Read, but never written: it has a default that no schema shows.
#[derive(Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct Hidden {
    depth: u8,
}

fn even(value: &u64) -> Result<(), &'static str> {
    if value.is_multiple_of(2) {
        Ok(())
    } else {
        Err("odd")
    }
}

/// The same contract twice; `$attribute` changes nothing but how the parameters are read.
macro_rules! contract {
    ($id:literal, $contract:ident, $provider:ident, $($attribute:meta)?) => {
        #[weldkit::service]
        pub(crate) trait $contract {
            /// Nothing to give.
            async fn none(&self, ctx: &Ctx) -> Result<Json, CallError>;

            /// Docs, options, names, rules of the type.
            async fn shown(
                &self,
                ctx: &Ctx,
                /// The name.
                ///
                /// In two paragraphs.
                $(#[$attribute])?
                r#type: String,
                point: Point,
                #[serde(rename = "otherPoint")] other: Option<Point>,
            ) -> Result<Json, CallError>;

            /// Defaults and rules.
            async fn ruled(
                &self,
                ctx: &Ctx,
                $(#[$attribute])?
                #[garde(length(min = 2, max = 4), pattern("^[a-z]+$"))]
                key: String,
                /// Few.
                #[serde(default)]
                #[garde(length(max = 2))]
                tags: Vec<String>,
                #[garde(range(min = 1, max = 10_000), custom(even))]
                #[serde(default)]
                size: u64,
                #[garde(range(min = 0.5))] weight: Option<f64>,
                #[serde(default)] point: Point,
                #[serde(default)] hidden: Hidden,
                #[garde(dive)] checked: Option<Point>,
            ) -> Result<Json, CallError>;

            /// Keys of the caller's own.
            async fn free(
                &self,
                ctx: &Ctx,
                $(#[$attribute])?
                any: Json,
                many: Option<Vec<Json>>,
                #[serde(default)]
                #[garde(length(max = 3))]
                named: BTreeMap<String, Json>,
                held: Option<Holder>,
                typed: Option<HashMap<String, Point>>,
            ) -> Result<Json, CallError>;
        }

        pub(crate) struct $provider;

        #[weldkit::plugin(id = $id, provides($contract))]
        impl $provider {
            fn start() -> weldkit::Result<Self> {
                Ok(Self)
            }
        }

        impl $contract for $provider {
            async fn none(&self, _: &Ctx) -> Result<Json, CallError> {
                Ok(json!([]))
            }

            async fn shown(
                &self,
                _: &Ctx,
                r#type: String,
                point: Point,
                other: Option<Point>,
            ) -> Result<Json, CallError> {
                Ok(json!([r#type, point, other]))
            }

            async fn ruled(
                &self,
                _: &Ctx,
                key: String,
                tags: Vec<String>,
                size: u64,
                weight: Option<f64>,
                point: Point,
                hidden: Hidden,
                checked: Option<Point>,
            ) -> Result<Json, CallError> {
                Ok(json!([key, tags, size, weight, point, hidden.depth, checked]))
            }

            async fn free(
                &self,
                _: &Ctx,
                any: Json,
                many: Option<Vec<Json>>,
                named: BTreeMap<String, Json>,
                held: Option<Holder>,
                typed: Option<HashMap<String, Point>>,
            ) -> Result<Json, CallError> {
                Ok(json!([any, many, named, held, typed]))
            }
        }
    };
}

contract!("named", Named, NamedProvider,);
contract!("derived", Derived, DerivedProvider, serde(alias = "also"));

fn schemas<S: Contract + ?Sized>() -> Vec<Value> {
    let methods = S::DESCRIPTOR.methods.iter();
    methods
        .map(|method| {
            let mut schema = method.input.get().to_value();
            // Only the service's name differs.
            schema["title"] = method.name.into();
            schema
        })
        .collect()
}

#[test]
fn parameters_are_described_alike_with_and_without_derives() {
    let (named, derived) = (schemas::<dyn Named>(), schemas::<dyn Derived>());
    assert_eq!(named, derived);
    // Neither is empty.
    assert_eq!(
        named[2]["properties"]["key"],
        json!({ "type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z]+$" })
    );
    assert_eq!(named[2]["required"], json!(["key"]));
    assert_eq!(named[2]["properties"]["size"]["default"], json!(0));
}

#[tokio::test]
async fn parameters_are_read_alike_with_and_without_derives() {
    let test = TestHost::new(|host| host.plugin::<NamedProvider>().plugin::<DerivedProvider>())
        .await
        .unwrap();
    for (method, input) in [
        ("none", ""),
        ("none", "{}"),
        ("none", r#"{"x":1}"#),
        ("shown", r#"{"type":"a","point":{"x":1}}"#),
        (
            "shown",
            r#"{"type":"a","point":{"x":1,"y":2},"otherPoint":{"x":3.0}}"#,
        ),
        ("shown", r#"{"type":"a","point":{"x":1},"otherPoint":null}"#),
        ("shown", r#"{"type":"a","type":"b","point":{"x":1}}"#),
        ("shown", r#"{"type":"a"}"#),
        ("shown", r#"{"type":"a","point":{"x":11}}"#),
        (
            "shown",
            r#"{"type":"a","point":{"x":1},"otherPoint":{"x":10}}"#,
        ),
        ("shown", r#"{"type":"a","point":{"x":1},"other":{"x":1}}"#),
        ("shown", r#"{"type":1,"point":[]}"#),
        ("shown", r#"["a",{"x":1}]"#),
        ("shown", "7"),
        ("ruled", r#"{"key":"ab"}"#),
        (
            "ruled",
            r#"{"key":"abc","tags":["a"],"size":8,"weight":0.5,"point":{"x":9},"hidden":{"depth":3},"checked":{"x":2}}"#,
        ),
        ("ruled", r#"{"key":"a"}"#),
        (
            "ruled",
            r#"{"key":"ABC","tags":["1","2","3"],"size":10001,"weight":0.1}"#,
        ),
        ("ruled", r#"{"key":"ab","size":3}"#),
        (
            "ruled",
            r#"{"key":"ab","checked":{"x":10},"point":{"x":10}}"#,
        ),
        ("ruled", r#"{"key":"ab","tags":null}"#),
        ("free", r#"{"any":null}"#),
        ("free", "{}"),
        (
            "free",
            r#"{"any":{"a":[1,-2,1.5,"x",true,null,9007199254740993]},"many":[[],{}],"named":{"b":1,"a":2},"typed":{"p":{"x":1}},"held":{"body":{"z":1},"object":{"z":1},"maybe":null,"numbers":{"1":2},"below":[{"body":1}],"nodes":{"n":[{"leaf":[]},{"pair":{"left":1,"right":{"x":1}}}]}}}"#,
        ),
        ("free", r#"{"any":1,"named":{"a":1,"b":1,"c":1,"d":1}}"#),
        ("free", r#"{"any":1,"held":{"numbers":{"x":1}}}"#),
        ("free", r#"{"any":1,"typed":{"p":{"x":10}}}"#),
    ] {
        let named = test.call(&format!("named.{method}"), input).await;
        let derived = test.call(&format!("derived.{method}"), input).await;
        let told = |result: Result<Json, CallError>| result.map_err(|error| format!("{error:?}"));
        assert_eq!(told(named), told(derived), "{method} {input}");
    }
}

#[tokio::test]
async fn a_duplicate_key_is_refused_at_any_depth_with_its_place() {
    let test = TestHost::new(|host| host.plugin::<NamedProvider>().plugin::<DerivedProvider>())
        .await
        .unwrap();
    for (input, pointer) in [
        (r#"{"any":1,"any":2}"#, "/any"),
        (r#"{"any":{"a":1,"a":2}}"#, "/any/a"),
        (r#"{"any":[{"a":{"b":1,"\u0062":1}}]}"#, "/any/0/a/b"),
        (r#"{"any":1,"many":[{},{"a":1,"a":1}]}"#, "/many/1/a"),
        (r#"{"any":1,"named":{"a":1,"a":2}}"#, "/named/a"),
        (r#"{"any":1,"named":{"a":{"b":1,"b":2}}}"#, "/named/a/b"),
        (r#"{"any":1,"typed":{"p":{"x":1},"p":{"x":2}}}"#, "/typed/p"),
        (r#"{"any":1,"held":{"body":{"a":1,"a":2}}}"#, "/held/body/a"),
        (
            r#"{"any":1,"held":{"body":1,"object":{"a":1,"a":2}}}"#,
            "/held/object/a",
        ),
        (
            r#"{"any":1,"held":{"body":1,"maybe":{"a":1,"a":2}}}"#,
            "/held/maybe/a",
        ),
        (
            r#"{"any":1,"held":{"body":1,"numbers":{"1":1,"1":2}}}"#,
            "/held/numbers/1",
        ),
        (
            r#"{"any":1,"held":{"body":1,"below":[{"body":{"a":1,"a":2}}]}}"#,
            "/held/below/0/body/a",
        ),
        (
            r#"{"any":1,"held":{"body":1,"nodes":{"n":[{"leaf":{"a":1,"a":2}}]}}}"#,
            "/held/nodes/n/0/leaf/a",
        ),
        (
            r#"{"any":1,"held":{"body":1,"nodes":{"n":[{"pair":{"left":{"a":1,"a":2},"right":{"x":1}}}]}}}"#,
            "/held/nodes/n/0/pair/left/a",
        ),
        // What is wrong besides does not hide it.
        (r#"{"any":1,"typed":{"p":{"x":1.0,"x":2}}}"#, "/typed/p/x"),
    ] {
        for service in ["named", "derived"] {
            let error = test
                .call(&format!("{service}.free"), input)
                .await
                .unwrap_err();
            assert_eq!(error.at(), Some(pointer), "{input}: {error}");
            assert!(error.message().contains("duplicate key"), "{error}");
        }
    }
}

/// serde reads a struct from an array too, by position: a caller who forgets the names would not
/// be told, and a field that is added in the middle would shift the rest.
#[tokio::test]
async fn an_array_is_not_an_object() {
    let test = TestHost::new(|host| host.plugin::<NamedProvider>())
        .await
        .unwrap();
    for (method, input, pointer) in [
        ("shown", r#"{"type":"a","point":[1,2]}"#, "/point"),
        (
            "shown",
            r#"{"type":"a","point":{"x":1},"otherPoint":[1,2]}"#,
            "/otherPoint",
        ),
        (
            "free",
            r#"{"any":1,"held":[1,{},null,{},[],null]}"#,
            "/held",
        ),
        ("free", r#"{"any":1,"typed":{"p":[1,2]}}"#, "/typed/p"),
        (
            "free",
            r#"{"any":1,"held":{"body":1,"below":[[1,{},null,{},[],null]]}}"#,
            "/held",
        ),
    ] {
        let error = test
            .call(&format!("named.{method}"), input)
            .await
            .unwrap_err();
        assert_eq!(error.code().as_str(), "invalid_parameter", "{input}");
        assert_eq!(error.at(), Some(pointer), "{input}: {error}");
    }
}
