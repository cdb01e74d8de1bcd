//! Reports as a terminal table, JSON and one HTML page with plots.
//!
//! The provider of the service `report`. `job` takes rows through the other services and gives figures, `render`
//! gives the figures every form, `output` puts the forms into a folder, all of them or none.
//!
//! ```text
//! run:     job (records, validation, data_processing, storage) -> figures -> render -> output
//! publish: tables of somebody else's job                            -> figures -> render -> output
//! render:                                                     figures -> render
//! ```

mod csv;
mod html;
mod job;
mod output;
mod render;
mod settings;
mod table;
mod text;

use std::path::Path;

use weldkit::{CallError, Ctx, Service, Settings};
use weldkit_data_processing::{DataProcessing, Table as Counted};
use weldkit_records::Records;
use weldkit_report::{Counts, Figures, Outcome, Rendered, ReportError};
use weldkit_storage::{Collection, Storage};
use weldkit_validation::Validation;

pub use crate::settings::ReportSettings;

use crate::job::{Report, Services};

/// The provider of `report`.
#[derive(Debug)]
pub struct HtmlReport {
    settings: ReportSettings,
    services: Services,
}

/// Reports as a terminal table, JSON and one HTML page with plots.
#[weldkit::plugin(
    id = "report",
    provides(weldkit_report::Report),
    categories("Reporting"),
    tags("html", "svg", "csv"),
    permissions(
        "records.read",
        "validation.register",
        "validation.use",
        "storage.read",
        "storage.write"
    ),
    access(fs)
)]
impl HtmlReport {
    /// Start over the services that the job calls.
    pub fn start(
        settings: Settings<ReportSettings>,
        records: Service<dyn Records>,
        validation: Service<dyn Validation>,
        processing: Service<dyn DataProcessing>,
        storage: Service<dyn Storage>,
    ) -> weldkit::Result<Self> {
        Ok(Self {
            settings: settings.into_inner(),
            services: Services {
                records,
                validation,
                processing,
                storage,
            },
        })
    }
}

impl weldkit_report::Report for HtmlReport {
    async fn run(
        &self,
        ctx: &Ctx,
        source: String,
        also: Option<String>,
        output: Option<String>,
        collection: Option<String>,
    ) -> Result<Outcome, ReportError> {
        let collection = collection.unwrap_or_else(|| self.settings.collection.clone());
        let collection = Collection::new(collection)
            .map_err(|invalid| CallError::from(invalid).pointer("/collection"))?;
        let folder = output.unwrap_or_else(|| self.settings.folder.clone());
        let paths: Vec<_> = std::iter::once(source).chain(also).collect();
        // An output folder that cannot be written is told now, not after an hour of work.
        prepare(&folder).await?;
        let report = job::run(
            &self.services,
            ctx,
            &paths,
            collection,
            self.settings.batch_size,
        )
        .await?;
        ctx.progress(0.98, "writing the report");
        let outcome = write(folder, report).await?;
        ctx.progress(1.0, "done");
        Ok(outcome)
    }

    async fn publish(
        &self,
        _ctx: &Ctx,
        tables: Vec<Counted>,
        counts: Counts,
        output: Option<String>,
    ) -> Result<Outcome, ReportError> {
        let folder = output.unwrap_or_else(|| self.settings.folder.clone());
        let report = job::report(tables, counts)
            .map_err(|why| CallError::invalid_parameter(why).pointer("/tables"))?;
        prepare(&folder).await?;
        write(folder, report).await
    }

    async fn render(&self, _ctx: &Ctx, figures: Figures) -> Result<Rendered, ReportError> {
        render::render(&figures)
    }
}

/// The files of a report, by name.
fn files(rendered: Rendered) -> Vec<(String, Vec<u8>)> {
    let named = |name: &str, text: String| (name.to_owned(), text.into_bytes());
    let mut files = vec![
        named("report.html", rendered.html),
        named("report.json", rendered.json),
        named("report.txt", rendered.text),
    ];
    files.extend(
        rendered
            .csv
            .into_iter()
            .map(|(name, text)| (format!("{name}.csv"), text.into_bytes())),
    );
    files
}

async fn prepare(folder: &str) -> Result<(), ReportError> {
    let folder = folder.to_owned();
    blocking(move || output::prepare(Path::new(&folder))).await
}

async fn write(folder: String, report: Report) -> Result<Outcome, ReportError> {
    let rendered = render::render(&report.figures)?;
    let table = rendered.text.clone();
    let files = blocking(move || output::write_all(Path::new(&folder), &files(rendered))).await?;
    Ok(Outcome {
        finding: report.figures.finding,
        rows: report.rows,
        cost_total: report.cost_total,
        table,
        files,
        removed: report.removed,
    })
}

/// Files are slow: they are written where waiting disturbs nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReportError> + Send + 'static,
) -> Result<T, ReportError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| CallError::internal(format!("writing the report ended early: {error}")))?
}
