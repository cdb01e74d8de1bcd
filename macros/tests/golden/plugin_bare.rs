impl Bare {
    fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
    fn stop(&self) -> Result<(), Failure> {
        Ok(())
    }
}
#[allow(deprecated, clippy::all, clippy::pedantic)]
const _: () = {
    #[automatically_derived]
    impl ::weldkit::Plugin for Bare {
        const DESCRIPTOR: &'static ::weldkit::registry::PluginDescriptor = &::weldkit::registry::PluginDescriptor {
            id: ::weldkit::__private::default_id(::core::env!("CARGO_PKG_NAME")),
            version: ::core::env!("CARGO_PKG_VERSION"),
            package: ::core::env!("CARGO_PKG_NAME"),
            description: ::weldkit::__private::first_non_empty(
                ::core::env!("CARGO_PKG_DESCRIPTION"),
                "",
            ),
            authors: ::core::env!("CARGO_PKG_AUTHORS"),
            license: ::core::env!("CARGO_PKG_LICENSE"),
            source: ::core::env!("CARGO_PKG_REPOSITORY"),
            stability: ::weldkit::contract::Stability::Stable,
            categories: &[],
            tags: &[],
            permissions: &[],
            access: &[],
            exclusive: false,
            provides: &[],
            needs: &[],
        };
        fn start(
            binder: &::weldkit::registry::Binder,
        ) -> ::weldkit::__private::BoxFuture<'_, ::weldkit::Result<Self>> {
            ::weldkit::__private::Box::pin(async move {
                let made = <Bare>::start();
                <weldkit::Result<
                    Self,
                > as ::weldkit::__private::Started<Self>>::into_result(made)
            })
        }
        fn provide(
            self: ::weldkit::__private::Arc<Self>,
        ) -> ::weldkit::__private::Vec<::weldkit::registry::Provided> {
            ::weldkit::__private::Vec::from([])
        }
        fn stop(&self) -> ::weldkit::__private::BoxFuture<'_, ::weldkit::Result<()>> {
            ::weldkit::__private::Box::pin(async move {
                let stopped = <Bare>::stop(self);
                <Result<
                    (),
                    Failure,
                > as ::weldkit::__private::Started<()>>::into_result(stopped)
            })
        }
    }
    ::weldkit::__private::register! {
        Bare
    }
};
