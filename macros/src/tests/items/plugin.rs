/// Writes reports.
/// As pages.
///
/// More.
impl ReportPlugin {
    /// Starts.
    pub async fn start(settings: Settings<ReportSettings>, storage: Service<dyn Storage>, validation: Option<Service<dyn Validation>>) -> weldkit::Result<Self> {
        Ok(Self { settings, storage, validation })
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
