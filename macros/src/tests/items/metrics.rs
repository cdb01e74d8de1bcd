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
