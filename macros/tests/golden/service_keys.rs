#[allow(dead_code)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not provide the service `kv`",
    label = "not a provider of this contract",
    note = "write `impl KeyValue for {Self}` with every method of the contract"
)]
pub(crate) trait KeyValue: ::core::marker::Send + ::core::marker::Sync + 'static + std::fmt::Debug {
    fn r#type(&self, ctx: &Ctx, r#match: bool) -> Outcome
    where
        Self: ::core::marker::Sized;
    fn find(&self, ctx: &Ctx, key: Key, limit: u32) -> Outcome
    where
        Self: ::core::marker::Sized;
    fn all(&self, ctx: &Ctx) -> Items
    where
        Self: ::core::marker::Sized;
}
#[doc(hidden)]
///The object-safe form of [`KeyValue`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not provide the service `kv`",
    label = "not a provider of this contract",
    note = "write `impl KeyValue for {Self}` with every method of the contract"
)]
#[allow(deprecated, missing_docs, clippy::all, clippy::pedantic)]
pub(crate) trait __KeyValueTwin: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn __twin_type(&self, ctx: &renamed::Ctx, r#match: bool) -> Outcome;
    fn __twin_find(&self, ctx: &renamed::Ctx, key: Key, limit: u32) -> Outcome;
    fn __twin_all(&self, ctx: &renamed::Ctx) -> Items;
}
#[automatically_derived]
#[allow(deprecated)]
impl<__Provider: KeyValue> __KeyValueTwin for __Provider {
    fn __twin_type(&self, ctx: &renamed::Ctx, r#match: bool) -> Outcome {
        <__Provider as KeyValue>::r#type(self, ctx, r#match)
    }
    fn __twin_find(&self, ctx: &renamed::Ctx, key: Key, limit: u32) -> Outcome {
        <__Provider as KeyValue>::find(self, ctx, key, limit)
    }
    fn __twin_all(&self, ctx: &renamed::Ctx) -> Items {
        <__Provider as KeyValue>::all(self, ctx)
    }
}
#[allow(deprecated, non_camel_case_types, clippy::all, clippy::pedantic)]
const _: () = {
    struct typeParameters;
    #[automatically_derived]
    impl renamed::__private::Signature for typeParameters {
        const TITLE: &'static str = "kv.type";
        const NAMES: &'static [&'static str] = &["match"];
        const DOCS: &'static [&'static str] = &[""];
        type Values = (bool,);
    }
    #[derive(
        renamed::__private::serde::Deserialize,
        renamed::__private::schemars::JsonSchema
    )]
    #[serde(crate = "renamed :: __private :: serde", deny_unknown_fields)]
    #[schemars(crate = "renamed :: __private :: schemars", inline, title = "kv.find")]
    struct findParameters {
        #[garde(prefix("/"))]
        key: Key,
        #[serde(alias = "max")]
        limit: u32,
    }
    #[automatically_derived]
    impl renamed::__private::garde::Validate for findParameters {
        type Context = ();
        #[allow(unused_variables, unused_mut)]
        fn validate_into(
            &self,
            (): &(),
            mut path: &mut dyn ::core::ops::FnMut() -> renamed::__private::garde::Path,
            report: &mut renamed::__private::garde::Report,
        ) {
            {
                let mut path = renamed::__private::garde::util::nested_path!(
                    path, "key"
                );
                if let ::core::result::Result::Err(error) = renamed::__private::garde::rules::prefix::apply(
                    &self.key,
                    (&"/",),
                ) {
                    report.append(path(), error);
                }
            }
        }
    }
    #[automatically_derived]
    impl renamed::contract::Parameters for findParameters {
        #[allow(unused_variables)]
        fn check(&self, rules: &mut renamed::__private::Rules) {
            renamed::__private::check_rules(self, rules);
            #[allow(unused_imports)]
            use renamed::__private::{DiveNo as _, DiveYes as _};
            (&&renamed::__private::Dive(&self.key)).dive("key", rules);
        }
    }
    struct allParameters;
    #[automatically_derived]
    impl renamed::__private::Signature for allParameters {
        const TITLE: &'static str = "kv.all";
        const NAMES: &'static [&'static str] = &[];
        const DOCS: &'static [&'static str] = &[];
        type Values = ();
    }
    #[automatically_derived]
    impl renamed::Contract for dyn KeyValue + '_ {
        type Twin = dyn __KeyValueTwin;
        const DESCRIPTOR: &'static renamed::contract::ServiceDescriptor = &renamed::contract::ServiceDescriptor {
            name: "kv",
            version: renamed::contract::Version::new(2u64, 0u64, 0u64),
            package: ::core::env!("CARGO_PKG_NAME"),
            docs: "",
            stability: renamed::contract::Stability::Beta,
            since: ::core::option::Option::Some("1.4.0"),
            deprecated: ::core::option::Option::None,
            methods: &[
                renamed::contract::MethodDescriptor {
                    name: "type",
                    docs: "",
                    kind: renamed::contract::MethodKind::Sync,
                    read_only: false,
                    idempotent: false,
                    transactional: false,
                    isolated: false,
                    permission: ::core::option::Option::None,
                    timeout: ::core::option::Option::None,
                    stability: renamed::contract::Stability::Experimental,
                    since: ::core::option::Option::Some("1.5"),
                    deprecated: ::core::option::Option::None,
                    parameters: &["match"],
                    input: renamed::contract::SchemaOf::Type(
                        renamed::__private::input_schema::<
                            renamed::__private::Arguments<typeParameters>,
                        >,
                    ),
                    output: renamed::contract::SchemaOf::Type(
                        renamed::__private::output_schema::<
                            <Outcome as renamed::__private::MethodResult>::Value,
                        >,
                    ),
                    error: renamed::contract::SchemaOf::Type(
                        renamed::__private::error_schema::<
                            <Outcome as renamed::__private::MethodResult>::Error,
                        >,
                    ),
                },
                renamed::contract::MethodDescriptor {
                    name: "find",
                    docs: "",
                    kind: renamed::contract::MethodKind::Sync,
                    read_only: false,
                    idempotent: false,
                    transactional: false,
                    isolated: false,
                    permission: ::core::option::Option::None,
                    timeout: ::core::option::Option::None,
                    stability: renamed::contract::Stability::Stable,
                    since: ::core::option::Option::None,
                    deprecated: ::core::option::Option::None,
                    parameters: &["key", "limit"],
                    input: renamed::contract::SchemaOf::Type(
                        renamed::__private::input_schema::<findParameters>,
                    ),
                    output: renamed::contract::SchemaOf::Type(
                        renamed::__private::output_schema::<
                            <Outcome as renamed::__private::MethodResult>::Value,
                        >,
                    ),
                    error: renamed::contract::SchemaOf::Type(
                        renamed::__private::error_schema::<
                            <Outcome as renamed::__private::MethodResult>::Error,
                        >,
                    ),
                },
                renamed::contract::MethodDescriptor {
                    name: "all",
                    docs: "",
                    kind: renamed::contract::MethodKind::Stream,
                    read_only: false,
                    idempotent: false,
                    transactional: false,
                    isolated: false,
                    permission: ::core::option::Option::None,
                    timeout: ::core::option::Option::Some(
                        renamed::__private::Duration::from_millis(30000u64),
                    ),
                    stability: renamed::contract::Stability::Stable,
                    since: ::core::option::Option::None,
                    deprecated: ::core::option::Option::None,
                    parameters: &[],
                    input: renamed::contract::SchemaOf::Type(
                        renamed::__private::input_schema::<
                            renamed::__private::Arguments<allParameters>,
                        >,
                    ),
                    output: renamed::contract::SchemaOf::Type(
                        renamed::__private::output_schema::<
                            <Items as renamed::__private::MethodResult>::Value,
                        >,
                    ),
                    error: renamed::contract::SchemaOf::Type(
                        renamed::__private::error_schema::<
                            <Items as renamed::__private::MethodResult>::Error,
                        >,
                    ),
                },
            ],
        };
        #[allow(unused_variables)]
        fn call_json<'a>(
            service: &'a renamed::Service<Self>,
            method: usize,
            ctx: &'a renamed::Ctx,
            input: &'a [u8],
            cx: &mut renamed::__private::Context<'_>,
        ) -> renamed::__private::JsonCall<'a> {
            match method {
                0usize => {
                    service
                        .json_sync::<
                            0usize,
                            renamed::__private::Arguments<typeParameters>,
                            <Outcome as renamed::__private::MethodResult>::Value,
                            <Outcome as renamed::__private::MethodResult>::Error,
                        >(
                            ctx,
                            input,
                            |twin, ctx, parameters| {
                                let _ = &parameters;
                                twin.__twin_type(ctx, parameters.0.0)
                            },
                        )
                }
                1usize => {
                    service
                        .json_sync::<
                            1usize,
                            findParameters,
                            <Outcome as renamed::__private::MethodResult>::Value,
                            <Outcome as renamed::__private::MethodResult>::Error,
                        >(
                            ctx,
                            input,
                            |twin, ctx, parameters| {
                                let _ = &parameters;
                                twin.__twin_find(ctx, parameters.key, parameters.limit)
                            },
                        )
                }
                2usize => {
                    service
                        .json_stream::<
                            2usize,
                            renamed::__private::Arguments<allParameters>,
                            <Items as renamed::__private::MethodResult>::Value,
                            <Items as renamed::__private::MethodResult>::Error,
                        >(
                            ctx,
                            input,
                            |twin, ctx, parameters| {
                                let _ = &parameters;
                                twin.__twin_all(ctx)
                            },
                        )
                }
                _ => renamed::__private::JsonCall::no_such_method(),
            }
        }
    }
    #[automatically_derived]
    impl KeyValue for renamed::Service<dyn KeyValue> {
        fn r#type(&self, ctx: &Ctx, r#match: bool) -> Outcome {
            let ctx: &renamed::Ctx = ctx;
            renamed::__private::call_sync::<
                0usize,
                dyn KeyValue,
                <Outcome as renamed::__private::MethodResult>::Value,
                <Outcome as renamed::__private::MethodResult>::Error,
            >(self, ctx, move |twin, ctx| twin.__twin_type(ctx, r#match))
        }
        fn find(&self, ctx: &Ctx, key: Key, limit: u32) -> Outcome {
            let ctx: &renamed::Ctx = ctx;
            renamed::__private::call_sync::<
                1usize,
                dyn KeyValue,
                <Outcome as renamed::__private::MethodResult>::Value,
                <Outcome as renamed::__private::MethodResult>::Error,
            >(self, ctx, move |twin, ctx| twin.__twin_find(ctx, key, limit))
        }
        fn all(&self, ctx: &Ctx) -> Items {
            let ctx: &renamed::Ctx = ctx;
            renamed::__private::call_stream::<
                2usize,
                dyn KeyValue,
                <Items as renamed::__private::MethodResult>::Value,
                <Items as renamed::__private::MethodResult>::Error,
            >(self, ctx, move |twin, ctx| twin.__twin_all(ctx))
        }
    }
};
