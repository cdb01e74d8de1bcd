/// Writes reports.
/// As pages.
///
/// More.
impl ReportPlugin {
    /// Starts.
    pub async fn start(
        settings: Settings<ReportSettings>,
        storage: Service<dyn Storage>,
        validation: Option<Service<dyn Validation>>,
    ) -> weldkit::Result<Self> {
        Ok(Self {
            settings,
            storage,
            validation,
        })
    }
    /// Stops.
    pub async fn stop(&self) -> weldkit::Result<()> {
        self.flush().await
    }
    /// Answers at once.
    pub fn health(&self) -> Health {
        Health::Ready
    }
    const PAGES: usize = 4;
    fn helper<T>(value: T) -> T {
        value
    }
}
#[allow(deprecated, clippy::all, clippy::pedantic)]
const _: () = {
    #[automatically_derived]
    impl ::weldkit::Plugin for ReportPlugin {
        const DESCRIPTOR: &'static ::weldkit::registry::PluginDescriptor = &::weldkit::registry::PluginDescriptor {
            id: "report",
            version: ::core::env!("CARGO_PKG_VERSION"),
            package: ::core::env!("CARGO_PKG_NAME"),
            description: ::weldkit::__private::first_non_empty(
                ::core::env!("CARGO_PKG_DESCRIPTION"),
                "Writes reports. As pages.",
            ),
            authors: ::core::env!("CARGO_PKG_AUTHORS"),
            license: ::core::env!("CARGO_PKG_LICENSE"),
            source: ::core::env!("CARGO_PKG_REPOSITORY"),
            stability: ::weldkit::contract::Stability::Beta,
            categories: &["Reporting"],
            tags: &["html"],
            permissions: &["storage.write"],
            access: &["fs", "net"],
            exclusive: true,
            provides: &[
                <dyn weldkit_report::Report as ::weldkit::Contract>::DESCRIPTOR,
                <dyn Audit as ::weldkit::Contract>::DESCRIPTOR,
            ],
            needs: &[
                <Settings<ReportSettings> as ::weldkit::FromHost>::NEED,
                <Service<dyn Storage> as ::weldkit::FromHost>::NEED,
                <Option<Service<dyn Validation>> as ::weldkit::FromHost>::NEED,
            ],
        };
        fn start(
            binder: &::weldkit::registry::Binder,
        ) -> ::weldkit::__private::BoxFuture<'_, ::weldkit::Result<Self>> {
            ::weldkit::__private::Box::pin(async move {
                let a0 = <Settings<
                    ReportSettings,
                > as ::weldkit::FromHost>::from_host(binder)?;
                let a1 = <Service<
                    dyn Storage,
                > as ::weldkit::FromHost>::from_host(binder)?;
                let a2 = <Option<
                    Service<dyn Validation>,
                > as ::weldkit::FromHost>::from_host(binder)?;
                let made = <ReportPlugin>::start(a0, a1, a2).await;
                <weldkit::Result<
                    Self,
                > as ::weldkit::__private::Started<Self>>::into_result(made)
            })
        }
        fn provide(
            self: ::weldkit::__private::Arc<Self>,
        ) -> ::weldkit::__private::Vec<::weldkit::registry::Provided> {
            ::weldkit::__private::Vec::from([
                ::weldkit::registry::Provided::new::<
                    dyn weldkit_report::Report,
                >(
                    <::weldkit::__private::Arc<
                        Self,
                    > as ::core::clone::Clone>::clone(&self),
                ),
                ::weldkit::registry::Provided::new::<
                    dyn Audit,
                >(
                    <::weldkit::__private::Arc<
                        Self,
                    > as ::core::clone::Clone>::clone(&self),
                ),
            ])
        }
        fn stop(&self) -> ::weldkit::__private::BoxFuture<'_, ::weldkit::Result<()>> {
            ::weldkit::__private::Box::pin(async move {
                let stopped = <ReportPlugin>::stop(self).await;
                <weldkit::Result<
                    (),
                > as ::weldkit::__private::Started<()>>::into_result(stopped)
            })
        }
        fn health(&self) -> ::weldkit::Health {
            <ReportPlugin>::health(self)
        }
    }
    const _: () = ::core::assert!(
        ! (::core::matches!(< Service < dyn Storage > as ::weldkit::FromHost > ::NEED,
        ::weldkit::registry::Need::Settings { .. }) && (::core::matches!(< Settings <
        ReportSettings > as ::weldkit::FromHost > ::NEED,
        ::weldkit::registry::Need::Settings { .. }))),
        "a plugin asks for its settings once; put both into one type with `#[weldkit::data]`"
    );
    const _: () = ::core::assert!(
        ! (::core::matches!(< Option < Service < dyn Validation > > as
        ::weldkit::FromHost > ::NEED, ::weldkit::registry::Need::Settings { .. }) &&
        (::core::matches!(< Settings < ReportSettings > as ::weldkit::FromHost > ::NEED,
        ::weldkit::registry::Need::Settings { .. }) || ::core::matches!(< Service < dyn
        Storage > as ::weldkit::FromHost > ::NEED, ::weldkit::registry::Need::Settings {
        .. }))),
        "a plugin asks for its settings once; put both into one type with `#[weldkit::data]`"
    );
    ::weldkit::__private::register! {
        ReportPlugin
    }
};
