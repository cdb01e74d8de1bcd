/// What the batcher does.
pub struct Batcher {
    /// Items that were taken.
    ///
    /// Those that were refused are not among them.
    pub items: Counter,
    /// Time for one batch.
    #[metric(name = "batch_duration", unit = "seconds")]
    duration: Arc<Histogram>,
    /// Requests, by what they were.
    #[metric(labels("kind", "region"))]
    requests: Labelled<Counter, 2>,
}
#[automatically_derived]
impl Batcher {
    /// Binds every metric in the meter, with its unit and its description.
    pub fn bind(meter: &::weldkit::Meter) -> Self {
        Self {
            items: {
                meter.describe("items", "", "Items that were taken.");
                <Counter as ::weldkit::metrics::Metric<_>>::bind(meter, "items", [])
            },
            duration: {
                meter.describe("batch_duration", "seconds", "Time for one batch.");
                <Arc<
                    Histogram,
                > as ::weldkit::metrics::Metric<_>>::bind(meter, "batch_duration", [])
            },
            requests: {
                meter.describe("requests", "", "Requests, by what they were.");
                <Labelled<
                    Counter,
                    2,
                > as ::weldkit::metrics::Metric<
                    _,
                >>::bind(meter, "requests", ["kind", "region"])
            },
        }
    }
}
#[automatically_derived]
impl ::weldkit::FromHost for Batcher {
    const NEED: ::weldkit::registry::Need = <::weldkit::Meter as ::weldkit::FromHost>::NEED;
    fn from_host(binder: &::weldkit::registry::Binder) -> ::weldkit::Result<Self> {
        ::core::result::Result::Ok(
            Self::bind(&<::weldkit::Meter as ::weldkit::FromHost>::from_host(binder)?),
        )
    }
}
