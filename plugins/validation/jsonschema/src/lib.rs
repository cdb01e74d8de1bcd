//! Validation of values against JSON Schemas: compiled once, kept, and every violation named with its place.
//!
//! A schema is code that runs here: it is bounded in size and depth and never fetches anything, but a schema that
//! branches into itself can keep a thread busy for long. Whoever may use `validation` should be trusted that far.

mod catalog;
mod check;
mod compiled;
mod fault;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::spawn_blocking;
use weldkit::{CallError, Ctx, Error, ErrorKind, Json, Problem, Settings};
use weldkit_validation::{
    BatchVerdict, Schema, SchemaInfo, SchemaName, Validation, ValidationError, Verdict,
};

use crate::catalog::Catalog;
use crate::check::BATCH_LEN_MAX;
use crate::compiled::Compiled;

/// Settings of `validation`.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ValidationSettings {
    /// Schemas that are registered from the start, by name.
    #[serde(default)]
    pub schemas: BTreeMap<String, Json>,
    /// Whether `format` is checked; otherwise it is a remark.
    #[serde(default = "check_formats")]
    pub check_formats: bool,
    /// Most violations that are listed for one value; further ones are counted.
    #[serde(default = "violations_max")]
    pub violations_max: u32,
}

fn check_formats() -> bool {
    true
}

fn violations_max() -> u32 {
    100
}

impl Default for ValidationSettings {
    fn default() -> Self {
        Self {
            schemas: BTreeMap::new(),
            check_formats: check_formats(),
            violations_max: violations_max(),
        }
    }
}

/// Checks values against JSON Schemas.
#[derive(Debug)]
pub struct JsonSchemaValidation {
    /// Held to look and to change only: schemas are compiled and values checked outside of it.
    catalog: Arc<Mutex<Catalog>>,
    check_formats: bool,
    violations_max: usize,
}

/// Validation of values against JSON Schemas.
#[weldkit::plugin(
    id = "validation",
    provides(Validation),
    categories("Data"),
    tags("json-schema")
)]
impl JsonSchemaValidation {
    /// Registers the schemas of the settings; reports every bad one.
    pub fn start(settings: Settings<ValidationSettings>) -> weldkit::Result<Self> {
        let ValidationSettings {
            schemas,
            check_formats,
            violations_max,
        } = settings.into_inner();
        let mut catalog = Catalog::default();
        let mut problems = Vec::new();
        for (name, schema) in schemas {
            let registered = SchemaName::new(name.as_str())
                .map_err(ValidationError::from)
                .and_then(|name| {
                    catalog.register(name, Compiled::new(schema, check_formats)?, false)
                });
            if let Err(error) = registered {
                problems.push(
                    Problem::new("invalid_schema", error.to_string())
                        .place(format!("schemas.{name}")),
                );
            }
        }
        if !problems.is_empty() {
            return Err(Error::problems(
                ErrorKind::Configuration,
                "the setting `schemas` has bad schemas",
                problems,
            ));
        }
        Ok(Self {
            catalog: Arc::new(Mutex::new(catalog)),
            check_formats,
            violations_max: violations_max as usize,
        })
    }
}

/// Works on the blocking pool; a panic goes on in the caller, where the host contains it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ValidationError> + Send + 'static,
) -> Result<T, ValidationError> {
    match spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(CallError::unavailable("the runtime ends").into()),
        },
    }
}

fn lock(catalog: &Mutex<Catalog>) -> MutexGuard<'_, Catalog> {
    catalog.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The compiled form of what a call names or brings along.
fn resolve(
    catalog: &Mutex<Catalog>,
    schema: Schema,
    check_formats: bool,
) -> Result<Arc<Compiled>, ValidationError> {
    let schema = match schema {
        Schema::Named(name) => return lock(catalog).named(&name),
        // Only a text that is no name gets here as a text; say so instead of calling it a bad schema.
        Schema::Inline(Json::String(name)) => {
            return Err(SchemaName::new(name).err().map_or_else(
                || {
                    CallError::invalid_parameter("a schema is a name, an object or a boolean")
                        .into()
                },
                ValidationError::from,
            ));
        }
        Schema::Inline(schema) => schema,
    };
    let text = schema.to_string();
    if let Some(compiled) = lock(catalog).inline(&text) {
        return Ok(compiled);
    }
    let compiled = Arc::new(Compiled::new(schema, check_formats)?);
    lock(catalog).keep(text, Arc::clone(&compiled));
    Ok(compiled)
}

impl Validation for JsonSchemaValidation {
    async fn register(
        &self,
        _: &Ctx,
        name: SchemaName,
        schema: Json,
        replace: bool,
    ) -> Result<SchemaInfo, ValidationError> {
        let (catalog, check_formats) = (Arc::clone(&self.catalog), self.check_formats);
        blocking(move || {
            let compiled = Compiled::new(schema, check_formats)?;
            lock(&catalog).register(name, compiled, replace)
        })
        .await
    }

    async fn remove(&self, _: &Ctx, name: SchemaName) -> Result<bool, ValidationError> {
        Ok(lock(&self.catalog).remove(&name))
    }

    async fn list(&self, _: &Ctx) -> Result<Vec<SchemaInfo>, ValidationError> {
        Ok(lock(&self.catalog).list())
    }

    async fn schema(&self, _: &Ctx, name: SchemaName) -> Result<Json, ValidationError> {
        let compiled = lock(&self.catalog).named(&name)?;
        Ok(compiled.schema.clone())
    }

    async fn validate(
        &self,
        _: &Ctx,
        schema: Schema,
        value: Json,
    ) -> Result<Verdict, ValidationError> {
        let (catalog, check_formats, listed_max) = (
            Arc::clone(&self.catalog),
            self.check_formats,
            self.violations_max,
        );
        blocking(move || {
            check::one(
                &*resolve(&catalog, schema, check_formats)?,
                &value,
                listed_max,
            )
        })
        .await
    }

    async fn validate_batch(
        &self,
        ctx: &Ctx,
        schema: Schema,
        values: Vec<Json>,
    ) -> Result<BatchVerdict, ValidationError> {
        if values.len() > BATCH_LEN_MAX {
            let reason = format!(
                "it has {} values and may have {BATCH_LEN_MAX}; send it in parts",
                values.len()
            );
            return Err(ValidationError::TooLarge {
                what: "the batch".into(),
                reason,
            });
        }
        let (catalog, check_formats, listed_max) = (
            Arc::clone(&self.catalog),
            self.check_formats,
            self.violations_max,
        );
        let ctx = ctx.clone();
        blocking(move || {
            let compiled = resolve(&catalog, schema, check_formats)?;
            check::batch(&compiled, &values, listed_max, || ctx.is_cancelled())
        })
        .await
    }
}
