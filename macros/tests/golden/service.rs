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
    #[derive(
        ::weldkit::__private::serde::Deserialize,
        ::weldkit::__private::schemars::JsonSchema
    )]
    #[serde(crate = ":: weldkit :: __private :: serde", deny_unknown_fields)]
    #[schemars(
        crate = ":: weldkit :: __private :: schemars",
        inline,
        title = "storage.get"
    )]
    struct getParameters {
        #[garde(length(min = 1, max = 64))]
        key: String,
    }
    #[automatically_derived]
    impl ::weldkit::__private::garde::Validate for getParameters {
        type Context = ();
        #[allow(unused_variables, unused_mut)]
        fn validate_into(
            &self,
            (): &(),
            mut path: &mut dyn ::core::ops::FnMut() -> ::weldkit::__private::garde::Path,
            report: &mut ::weldkit::__private::garde::Report,
        ) {
            {
                let mut path = ::weldkit::__private::garde::util::nested_path!(
                    path, "key"
                );
                if let ::core::result::Result::Err(error) = ::weldkit::__private::garde::rules::length::chars::apply(
                    &self.key,
                    (1, 64),
                ) {
                    report.append(path(), error);
                }
            }
        }
    }
    #[automatically_derived]
    impl ::weldkit::contract::Parameters for getParameters {
        #[allow(unused_imports, unused_variables)]
        fn check(&self, rules: &mut ::weldkit::__private::Rules) {
            use ::weldkit::__private::{DiveNo as _, DiveYes as _};
            ::weldkit::__private::check_rules(self, rules);
        }
    }
    #[derive(
        ::weldkit::__private::serde::Deserialize,
        ::weldkit::__private::schemars::JsonSchema
    )]
    #[serde(crate = ":: weldkit :: __private :: serde", deny_unknown_fields)]
    #[schemars(
        crate = ":: weldkit :: __private :: schemars",
        inline,
        title = "storage.put"
    )]
    struct putParameters {
        key: Key,
        document: Document,
    }
    #[automatically_derived]
    impl ::weldkit::contract::Parameters for putParameters {
        #[allow(unused_imports, unused_variables)]
        fn check(&self, rules: &mut ::weldkit::__private::Rules) {
            use ::weldkit::__private::{DiveNo as _, DiveYes as _};
            (&&::weldkit::__private::Dive(&self.key)).dive("key", rules);
            (&&::weldkit::__private::Dive(&self.document)).dive("document", rules);
        }
    }
    #[derive(
        ::weldkit::__private::serde::Deserialize,
        ::weldkit::__private::schemars::JsonSchema
    )]
    #[serde(crate = ":: weldkit :: __private :: serde", deny_unknown_fields)]
    #[schemars(
        crate = ":: weldkit :: __private :: schemars",
        inline,
        title = "storage.count"
    )]
    struct countParameters {
        #[serde(default)]
        prefix: String,
    }
    #[automatically_derived]
    impl ::weldkit::contract::Parameters for countParameters {
        #[allow(unused_imports, unused_variables)]
        fn check(&self, rules: &mut ::weldkit::__private::Rules) {
            use ::weldkit::__private::{DiveNo as _, DiveYes as _};
        }
    }
    #[derive(
        ::weldkit::__private::serde::Deserialize,
        ::weldkit::__private::schemars::JsonSchema
    )]
    #[serde(crate = ":: weldkit :: __private :: serde", deny_unknown_fields)]
    #[schemars(
        crate = ":: weldkit :: __private :: schemars",
        inline,
        title = "storage.tail"
    )]
    struct tailParameters {
        /// Where to begin.
        #[serde(rename = "from")]
        start: Option<Cursor>,
    }
    #[automatically_derived]
    impl ::weldkit::contract::Parameters for tailParameters {
        #[allow(unused_imports, unused_variables)]
        fn check(&self, rules: &mut ::weldkit::__private::Rules) {
            use ::weldkit::__private::{DiveNo as _, DiveYes as _};
            (&&::weldkit::__private::Dive(&self.start)).dive("from", rules);
        }
    }
    #[derive(
        ::weldkit::__private::serde::Deserialize,
        ::weldkit::__private::schemars::JsonSchema
    )]
    #[serde(crate = ":: weldkit :: __private :: serde", deny_unknown_fields)]
    #[schemars(
        crate = ":: weldkit :: __private :: schemars",
        inline,
        title = "storage.nothing"
    )]
    struct nothingParameters {}
    #[automatically_derived]
    impl ::weldkit::contract::Parameters for nothingParameters {
        #[allow(unused_imports, unused_variables)]
        fn check(&self, rules: &mut ::weldkit::__private::Rules) {
            use ::weldkit::__private::{DiveNo as _, DiveYes as _};
        }
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
                    input: ::weldkit::__private::input_schema::<getParameters>,
                    output: ::weldkit::__private::output_schema::<
                        <::core::result::Result<
                            Option<Document>,
                            ::weldkit::CallError,
                        > as ::weldkit::__private::MethodResult>::Value,
                    >,
                    error: ::weldkit::__private::error_schema::<
                        <::core::result::Result<
                            (),
                            StorageError,
                        > as ::weldkit::__private::MethodResult>::Error,
                    >,
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
                    input: ::weldkit::__private::input_schema::<putParameters>,
                    output: ::weldkit::__private::output_schema::<
                        <::core::result::Result<
                            (),
                            ::weldkit::CallError,
                        > as ::weldkit::__private::MethodResult>::Value,
                    >,
                    error: ::weldkit::__private::error_schema::<
                        <::core::result::Result<
                            (),
                            StorageError,
                        > as ::weldkit::__private::MethodResult>::Error,
                    >,
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
                    input: ::weldkit::__private::input_schema::<countParameters>,
                    output: ::weldkit::__private::output_schema::<
                        <::core::result::Result<
                            u64,
                            ::weldkit::CallError,
                        > as ::weldkit::__private::MethodResult>::Value,
                    >,
                    error: ::weldkit::__private::error_schema::<
                        <::core::result::Result<
                            (),
                            StorageError,
                        > as ::weldkit::__private::MethodResult>::Error,
                    >,
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
                    input: ::weldkit::__private::input_schema::<tailParameters>,
                    output: ::weldkit::__private::output_schema::<
                        <::core::result::Result<
                            Document,
                            ::weldkit::CallError,
                        > as ::weldkit::__private::MethodResult>::Value,
                    >,
                    error: ::weldkit::__private::error_schema::<
                        <::core::result::Result<
                            (),
                            StorageError,
                        > as ::weldkit::__private::MethodResult>::Error,
                    >,
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
                    input: ::weldkit::__private::input_schema::<nothingParameters>,
                    output: ::weldkit::__private::output_schema::<
                        <::core::result::Result<
                            (),
                            ::weldkit::CallError,
                        > as ::weldkit::__private::MethodResult>::Value,
                    >,
                    error: ::weldkit::__private::error_schema::<
                        <::core::result::Result<
                            (),
                            CallError,
                        > as ::weldkit::__private::MethodResult>::Error,
                    >,
                },
            ],
        };
        fn call_json<'a>(
            service: &'a ::weldkit::Service<Self>,
            method: usize,
            ctx: &'a ::weldkit::Ctx,
            input: &'a [u8],
        ) -> ::weldkit::__private::JsonCall<'a> {
            match method {
                0usize => {
                    service
                        .json_async::<
                            0usize,
                            getParameters,
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
                            |twin, ctx, parameters| {
                                let _ = &parameters;
                                twin.__twin_get(ctx, parameters.key)
                            },
                        )
                }
                1usize => {
                    service
                        .json_async::<
                            1usize,
                            putParameters,
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
                            |twin, ctx, parameters| {
                                let _ = &parameters;
                                twin.__twin_put(ctx, parameters.key, parameters.document)
                            },
                        )
                }
                2usize => {
                    service
                        .json_sync::<
                            2usize,
                            countParameters,
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
                                twin.__twin_count(ctx, parameters.prefix)
                            },
                        )
                }
                3usize => {
                    service
                        .json_stream::<
                            3usize,
                            tailParameters,
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
                                twin.__twin_tail(ctx, parameters.start)
                            },
                        )
                }
                4usize => {
                    service
                        .json_async::<
                            4usize,
                            nothingParameters,
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
