/// Documents under string keys.
///
/// Second paragraph.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not provide the service `storage`",
    label = "not a provider of this contract",
    note = "write `impl Storage for {Self}` with every method of the contract"
)]
pub trait Storage: ::core::marker::Send + ::core::marker::Sync + 'static {
    /// Read one document.
    fn get<'call>(
        &'call self,
        ctx: &'call Ctx,
        key: String,
    ) -> impl ::weldkit::__private::Future<
        Output = Result<Option<Document>, StorageError>,
    > + ::weldkit::__private::Send
    where
        Self: ::core::marker::Sized;
    /// Write one document.
    fn put<'call>(
        &'call self,
        ctx: &'call Ctx,
        key: Key,
        document: Document,
    ) -> impl ::weldkit::__private::Future<
        Output = Result<(), StorageError>,
    > + ::weldkit::__private::Send
    where
        Self: ::core::marker::Sized;
    /// Count documents.
    fn count(&self, _ctx: &Ctx, prefix: String) -> Result<u64, StorageError>
    where
        Self: ::core::marker::Sized;
    /// Follow what is written.
    fn tail(
        &self,
        ctx: &Ctx,
        start: Option<Cursor>,
    ) -> weldkit::Stream<Document, StorageError>
    where
        Self: ::core::marker::Sized;
    /// Nothing at all.
    #[deprecated(note = "use `count`")]
    fn nothing<'call>(
        &'call self,
        ctx: &'call Ctx,
    ) -> impl ::weldkit::__private::Future<
        Output = Result<(), CallError>,
    > + ::weldkit::__private::Send
    where
        Self: ::core::marker::Sized;
}
#[doc(hidden)]
///The object-safe form of [`Storage`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not provide the service `storage`",
    label = "not a provider of this contract",
    note = "write `impl Storage for {Self}` with every method of the contract"
)]
#[allow(deprecated, missing_docs, clippy::all, clippy::pedantic)]
pub trait __StorageTwin: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn __twin_get<'a>(
        &'a self,
        ctx: &'a ::weldkit::Ctx,
        key: String,
    ) -> ::weldkit::__private::BoxFuture<'a, Result<Option<Document>, StorageError>>;
    fn __twin_put<'a>(
        &'a self,
        ctx: &'a ::weldkit::Ctx,
        key: Key,
        document: Document,
    ) -> ::weldkit::__private::BoxFuture<'a, Result<(), StorageError>>;
    fn __twin_count(
        &self,
        _ctx: &::weldkit::Ctx,
        prefix: String,
    ) -> Result<u64, StorageError>;
    fn __twin_tail(
        &self,
        ctx: &::weldkit::Ctx,
        start: Option<Cursor>,
    ) -> weldkit::Stream<Document, StorageError>;
    fn __twin_nothing<'a>(
        &'a self,
        ctx: &'a ::weldkit::Ctx,
    ) -> ::weldkit::__private::BoxFuture<'a, Result<(), CallError>>;
}
#[automatically_derived]
#[allow(deprecated)]
impl<__Provider: Storage> __StorageTwin for __Provider {
    fn __twin_get<'a>(
        &'a self,
        ctx: &'a ::weldkit::Ctx,
        key: String,
    ) -> ::weldkit::__private::BoxFuture<'a, Result<Option<Document>, StorageError>> {
        ::weldkit::__private::Box::pin(<__Provider as Storage>::get(self, ctx, key))
    }
    fn __twin_put<'a>(
        &'a self,
        ctx: &'a ::weldkit::Ctx,
        key: Key,
        document: Document,
    ) -> ::weldkit::__private::BoxFuture<'a, Result<(), StorageError>> {
        ::weldkit::__private::Box::pin(
            <__Provider as Storage>::put(self, ctx, key, document),
        )
    }
    fn __twin_count(
        &self,
        _ctx: &::weldkit::Ctx,
        prefix: String,
    ) -> Result<u64, StorageError> {
        <__Provider as Storage>::count(self, _ctx, prefix)
    }
    fn __twin_tail(
        &self,
        ctx: &::weldkit::Ctx,
        start: Option<Cursor>,
    ) -> weldkit::Stream<Document, StorageError> {
        <__Provider as Storage>::tail(self, ctx, start)
    }
    fn __twin_nothing<'a>(
        &'a self,
        ctx: &'a ::weldkit::Ctx,
    ) -> ::weldkit::__private::BoxFuture<'a, Result<(), CallError>> {
        ::weldkit::__private::Box::pin(<__Provider as Storage>::nothing(self, ctx))
    }
}
#[allow(deprecated, non_camel_case_types, clippy::all, clippy::pedantic)]
const _: () = {
    struct getParameters;
    #[automatically_derived]
    impl ::weldkit::__private::Signature for getParameters {
        const TITLE: &'static str = "storage.get";
        const NAMES: &'static [&'static str] = &["key"];
        const DOCS: &'static [&'static str] = &[""];
        type Values = (String,);
        fn describe(schemas: &mut [::weldkit::contract::Schema]) {
            ::weldkit::__private::describe_length(&mut schemas[0usize], (1, 64));
        }
        fn check(values: &Self::Values, rules: &mut ::weldkit::__private::Rules) {
            ::weldkit::__private::check_values(
                rules,
                #[allow(unused_variables, unused_mut)]
                |mut path, report| {
                    {
                        let mut path = ::weldkit::__private::garde::util::nested_path!(
                            path, "key"
                        );
                        if let ::core::result::Result::Err(error) = ::weldkit::__private::garde::rules::length::chars::apply(
                            &values.0,
                            (1, 64),
                        ) {
                            report.append(path(), error);
                        }
                    }
                },
            );
        }
    }
    struct putParameters;
    #[automatically_derived]
    impl ::weldkit::__private::Signature for putParameters {
        const TITLE: &'static str = "storage.put";
        const NAMES: &'static [&'static str] = &["key", "document"];
        const DOCS: &'static [&'static str] = &["", ""];
        type Values = (Key, Document);
        fn check(values: &Self::Values, rules: &mut ::weldkit::__private::Rules) {
            #[allow(unused_imports)]
            use ::weldkit::__private::{DiveNo as _, DiveYes as _};
            (&&::weldkit::__private::Dive(&values.0)).dive("key", rules);
            (&&::weldkit::__private::Dive(&values.1)).dive("document", rules);
        }
    }
    struct countParameters;
    #[automatically_derived]
    impl ::weldkit::__private::Signature for countParameters {
        const TITLE: &'static str = "storage.count";
        const NAMES: &'static [&'static str] = &["prefix"];
        const DOCS: &'static [&'static str] = &[""];
        type Values = (::weldkit::__private::OrDefault<String>,);
        fn describe(schemas: &mut [::weldkit::contract::Schema]) {
            {
                #[allow(unused_imports)]
                use ::weldkit::__private::DefaultUnwritten as _;
                ::weldkit::__private::DefaultOf::<String>::NEW
                    .describe(&mut schemas[0usize]);
            }
        }
    }
    struct tailParameters;
    #[automatically_derived]
    impl ::weldkit::__private::Signature for tailParameters {
        const TITLE: &'static str = "storage.tail";
        const NAMES: &'static [&'static str] = &["from"];
        const DOCS: &'static [&'static str] = &["Where to begin."];
        type Values = (Option<Cursor>,);
        fn check(values: &Self::Values, rules: &mut ::weldkit::__private::Rules) {
            #[allow(unused_imports)]
            use ::weldkit::__private::{DiveNo as _, DiveYes as _};
            (&&::weldkit::__private::Dive(&values.0)).dive("from", rules);
        }
    }
    struct nothingParameters;
    #[automatically_derived]
    impl ::weldkit::__private::Signature for nothingParameters {
        const TITLE: &'static str = "storage.nothing";
        const NAMES: &'static [&'static str] = &[];
        const DOCS: &'static [&'static str] = &[];
        type Values = ();
    }
    #[automatically_derived]
    impl ::weldkit::Contract for dyn Storage + '_ {
        type Twin = dyn __StorageTwin;
        const DESCRIPTOR: &'static ::weldkit::contract::ServiceDescriptor = &::weldkit::contract::ServiceDescriptor {
            name: "storage",
            version: ::weldkit::contract::Version::parse(
                ::core::env!("CARGO_PKG_VERSION"),
            ),
            package: ::core::env!("CARGO_PKG_NAME"),
            docs: "Documents under string keys.\n\nSecond paragraph.",
            stability: ::weldkit::contract::Stability::Stable,
            since: ::core::option::Option::None,
            deprecated: ::core::option::Option::None,
            methods: &[
                ::weldkit::contract::MethodDescriptor {
                    name: "get",
                    docs: "Read one document.",
                    kind: ::weldkit::contract::MethodKind::Async,
                    read_only: true,
                    idempotent: true,
                    transactional: false,
                    isolated: false,
                    permission: ::core::option::Option::None,
                    timeout: ::core::option::Option::Some(
                        ::weldkit::__private::Duration::from_millis(30000u64),
                    ),
                    stability: ::weldkit::contract::Stability::Stable,
                    since: ::core::option::Option::None,
                    deprecated: ::core::option::Option::None,
                    parameters: &["key"],
                    input: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::input_schema::<
                            ::weldkit::__private::Arguments<getParameters>,
                        >,
                    ),
                    output: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::output_schema::<
                            <::core::result::Result<
                                Option<Document>,
                                ::weldkit::CallError,
                            > as ::weldkit::__private::MethodResult>::Value,
                        >,
                    ),
                    error: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::error_schema::<
                            <::core::result::Result<
                                (),
                                StorageError,
                            > as ::weldkit::__private::MethodResult>::Error,
                        >,
                    ),
                },
                ::weldkit::contract::MethodDescriptor {
                    name: "put",
                    docs: "Write one document.",
                    kind: ::weldkit::contract::MethodKind::Async,
                    read_only: false,
                    idempotent: false,
                    transactional: true,
                    isolated: false,
                    permission: ::core::option::Option::Some("storage.write"),
                    timeout: ::core::option::Option::Some(
                        ::weldkit::__private::Duration::from_millis(5000u64),
                    ),
                    stability: ::weldkit::contract::Stability::Stable,
                    since: ::core::option::Option::None,
                    deprecated: ::core::option::Option::None,
                    parameters: &["key", "document"],
                    input: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::input_schema::<
                            ::weldkit::__private::Arguments<putParameters>,
                        >,
                    ),
                    output: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::output_schema::<
                            <::core::result::Result<
                                (),
                                ::weldkit::CallError,
                            > as ::weldkit::__private::MethodResult>::Value,
                        >,
                    ),
                    error: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::error_schema::<
                            <::core::result::Result<
                                (),
                                StorageError,
                            > as ::weldkit::__private::MethodResult>::Error,
                        >,
                    ),
                },
                ::weldkit::contract::MethodDescriptor {
                    name: "count",
                    docs: "Count documents.",
                    kind: ::weldkit::contract::MethodKind::Sync,
                    read_only: false,
                    idempotent: false,
                    transactional: false,
                    isolated: false,
                    permission: ::core::option::Option::None,
                    timeout: ::core::option::Option::None,
                    stability: ::weldkit::contract::Stability::Stable,
                    since: ::core::option::Option::None,
                    deprecated: ::core::option::Option::None,
                    parameters: &["prefix"],
                    input: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::input_schema::<
                            ::weldkit::__private::Arguments<countParameters>,
                        >,
                    ),
                    output: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::output_schema::<
                            <::core::result::Result<
                                u64,
                                ::weldkit::CallError,
                            > as ::weldkit::__private::MethodResult>::Value,
                        >,
                    ),
                    error: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::error_schema::<
                            <::core::result::Result<
                                (),
                                StorageError,
                            > as ::weldkit::__private::MethodResult>::Error,
                        >,
                    ),
                },
                ::weldkit::contract::MethodDescriptor {
                    name: "tail",
                    docs: "Follow what is written.",
                    kind: ::weldkit::contract::MethodKind::Stream,
                    read_only: false,
                    idempotent: false,
                    transactional: false,
                    isolated: false,
                    permission: ::core::option::Option::None,
                    timeout: ::core::option::Option::Some(
                        ::weldkit::__private::Duration::from_millis(30000u64),
                    ),
                    stability: ::weldkit::contract::Stability::Stable,
                    since: ::core::option::Option::None,
                    deprecated: ::core::option::Option::None,
                    parameters: &["from"],
                    input: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::input_schema::<
                            ::weldkit::__private::Arguments<tailParameters>,
                        >,
                    ),
                    output: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::output_schema::<
                            <::core::result::Result<
                                Document,
                                ::weldkit::CallError,
                            > as ::weldkit::__private::MethodResult>::Value,
                        >,
                    ),
                    error: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::error_schema::<
                            <::core::result::Result<
                                (),
                                StorageError,
                            > as ::weldkit::__private::MethodResult>::Error,
                        >,
                    ),
                },
                ::weldkit::contract::MethodDescriptor {
                    name: "nothing",
                    docs: "Nothing at all.",
                    kind: ::weldkit::contract::MethodKind::Async,
                    read_only: false,
                    idempotent: false,
                    transactional: false,
                    isolated: true,
                    permission: ::core::option::Option::None,
                    timeout: ::core::option::Option::Some(
                        ::weldkit::__private::Duration::from_millis(30000u64),
                    ),
                    stability: ::weldkit::contract::Stability::Deprecated,
                    since: ::core::option::Option::None,
                    deprecated: ::core::option::Option::Some("use `count`"),
                    parameters: &[],
                    input: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::input_schema::<
                            ::weldkit::__private::Arguments<nothingParameters>,
                        >,
                    ),
                    output: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::output_schema::<
                            <::core::result::Result<
                                (),
                                ::weldkit::CallError,
                            > as ::weldkit::__private::MethodResult>::Value,
                        >,
                    ),
                    error: ::weldkit::contract::SchemaOf::Type(
                        ::weldkit::__private::error_schema::<
                            <::core::result::Result<
                                (),
                                CallError,
                            > as ::weldkit::__private::MethodResult>::Error,
                        >,
                    ),
                },
            ],
        };
        #[allow(unused_variables)]
        fn call_json<'a>(
            service: &'a ::weldkit::Service<Self>,
            method: usize,
            ctx: &'a ::weldkit::Ctx,
            input: &'a [u8],
            cx: &mut ::weldkit::__private::Context<'_>,
        ) -> ::weldkit::__private::JsonCall<'a> {
            match method {
                0usize => {
                    service
                        .json_async::<
                            0usize,
                            ::weldkit::__private::Arguments<getParameters>,
                            <::core::result::Result<
                                Option<Document>,
                                ::weldkit::CallError,
                            > as ::weldkit::__private::MethodResult>::Value,
                            <::core::result::Result<
                                (),
                                StorageError,
                            > as ::weldkit::__private::MethodResult>::Error,
                        >(
                            ctx,
                            input,
                            cx,
                            |twin, ctx, parameters| {
                                let _ = &parameters;
                                twin.__twin_get(ctx, parameters.0.0)
                            },
                        )
                }
                1usize => {
                    service
                        .json_async::<
                            1usize,
                            ::weldkit::__private::Arguments<putParameters>,
                            <::core::result::Result<
                                (),
                                ::weldkit::CallError,
                            > as ::weldkit::__private::MethodResult>::Value,
                            <::core::result::Result<
                                (),
                                StorageError,
                            > as ::weldkit::__private::MethodResult>::Error,
                        >(
                            ctx,
                            input,
                            cx,
                            |twin, ctx, parameters| {
                                let _ = &parameters;
                                twin.__twin_put(ctx, parameters.0.0, parameters.0.1)
                            },
                        )
                }
                2usize => {
                    service
                        .json_sync::<
                            2usize,
                            ::weldkit::__private::Arguments<countParameters>,
                            <::core::result::Result<
                                u64,
                                ::weldkit::CallError,
                            > as ::weldkit::__private::MethodResult>::Value,
                            <::core::result::Result<
                                (),
                                StorageError,
                            > as ::weldkit::__private::MethodResult>::Error,
                        >(
                            ctx,
                            input,
                            |twin, ctx, parameters| {
                                let _ = &parameters;
                                twin.__twin_count(ctx, parameters.0.0.0)
                            },
                        )
                }
                3usize => {
                    service
                        .json_stream::<
                            3usize,
                            ::weldkit::__private::Arguments<tailParameters>,
                            <::core::result::Result<
                                Document,
                                ::weldkit::CallError,
                            > as ::weldkit::__private::MethodResult>::Value,
                            <::core::result::Result<
                                (),
                                StorageError,
                            > as ::weldkit::__private::MethodResult>::Error,
                        >(
                            ctx,
                            input,
                            |twin, ctx, parameters| {
                                let _ = &parameters;
                                twin.__twin_tail(ctx, parameters.0.0)
                            },
                        )
                }
                4usize => {
                    service
                        .json_async::<
                            4usize,
                            ::weldkit::__private::Arguments<nothingParameters>,
                            <::core::result::Result<
                                (),
                                ::weldkit::CallError,
                            > as ::weldkit::__private::MethodResult>::Value,
                            <::core::result::Result<
                                (),
                                CallError,
                            > as ::weldkit::__private::MethodResult>::Error,
                        >(
                            ctx,
                            input,
                            cx,
                            |twin, ctx, parameters| {
                                let _ = &parameters;
                                twin.__twin_nothing(ctx)
                            },
                        )
                }
                _ => ::weldkit::__private::JsonCall::no_such_method(),
            }
        }
    }
    #[automatically_derived]
    impl Storage for ::weldkit::Service<dyn Storage> {
        fn get<'call>(
            &'call self,
            ctx: &'call Ctx,
            key: String,
        ) -> impl ::weldkit::__private::Future<
            Output = Result<Option<Document>, StorageError>,
        > + ::weldkit::__private::Send {
            let ctx: &::weldkit::Ctx = ctx;
            ::weldkit::__private::call_async::<
                0usize,
                dyn Storage,
                <::core::result::Result<
                    Option<Document>,
                    ::weldkit::CallError,
                > as ::weldkit::__private::MethodResult>::Value,
                <::core::result::Result<
                    (),
                    StorageError,
                > as ::weldkit::__private::MethodResult>::Error,
            >(self, ctx, move |twin, ctx| twin.__twin_get(ctx, key))
        }
        fn put<'call>(
            &'call self,
            ctx: &'call Ctx,
            key: Key,
            document: Document,
        ) -> impl ::weldkit::__private::Future<
            Output = Result<(), StorageError>,
        > + ::weldkit::__private::Send {
            let ctx: &::weldkit::Ctx = ctx;
            ::weldkit::__private::call_async::<
                1usize,
                dyn Storage,
                <::core::result::Result<
                    (),
                    ::weldkit::CallError,
                > as ::weldkit::__private::MethodResult>::Value,
                <::core::result::Result<
                    (),
                    StorageError,
                > as ::weldkit::__private::MethodResult>::Error,
            >(self, ctx, move |twin, ctx| twin.__twin_put(ctx, key, document))
        }
        fn count(&self, _ctx: &Ctx, prefix: String) -> Result<u64, StorageError> {
            let ctx: &::weldkit::Ctx = _ctx;
            ::weldkit::__private::call_sync::<
                2usize,
                dyn Storage,
                <::core::result::Result<
                    u64,
                    ::weldkit::CallError,
                > as ::weldkit::__private::MethodResult>::Value,
                <::core::result::Result<
                    (),
                    StorageError,
                > as ::weldkit::__private::MethodResult>::Error,
            >(self, ctx, move |twin, ctx| twin.__twin_count(ctx, prefix))
        }
        fn tail(
            &self,
            ctx: &Ctx,
            start: Option<Cursor>,
        ) -> weldkit::Stream<Document, StorageError> {
            let ctx: &::weldkit::Ctx = ctx;
            ::weldkit::__private::call_stream::<
                3usize,
                dyn Storage,
                <::core::result::Result<
                    Document,
                    ::weldkit::CallError,
                > as ::weldkit::__private::MethodResult>::Value,
                <::core::result::Result<
                    (),
                    StorageError,
                > as ::weldkit::__private::MethodResult>::Error,
            >(self, ctx, move |twin, ctx| twin.__twin_tail(ctx, start))
        }
        fn nothing<'call>(
            &'call self,
            ctx: &'call Ctx,
        ) -> impl ::weldkit::__private::Future<
            Output = Result<(), CallError>,
        > + ::weldkit::__private::Send {
            let ctx: &::weldkit::Ctx = ctx;
            ::weldkit::__private::call_async::<
                4usize,
                dyn Storage,
                <::core::result::Result<
                    (),
                    ::weldkit::CallError,
                > as ::weldkit::__private::MethodResult>::Value,
                <::core::result::Result<
                    (),
                    CallError,
                > as ::weldkit::__private::MethodResult>::Error,
            >(self, ctx, move |twin, ctx| twin.__twin_nothing(ctx))
        }
    }
};
