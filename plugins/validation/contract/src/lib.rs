//! The contract of validation: values against JSON Schemas, registered by name or given with the call.
//!
//! ```
//! use serde_json::json;
//! use weldkit_validation::{Schema, SchemaName};
//!
//! let strike = SchemaName::new("strike")?;
//! assert_eq!(Schema::from(strike.clone()), Schema::Named(strike));
//! let inline = Schema::Inline(json!({"type": "integer", "minimum": 0}));
//! # let _ = inline;
//! # Ok::<(), weldkit_validation::Invalid>(())
//! ```

mod error;
mod schema;
mod verdict;

use weldkit::{Ctx, Json};

pub use crate::error::ValidationError;
pub use crate::schema::{Invalid, Schema, SchemaInfo, SchemaName};
pub use crate::verdict::{BatchVerdict, InvalidValue, Verdict, Violation};

/// Values against JSON Schemas.
///
/// A schema is of the draft that its `$schema` names, and of 2020-12 unless it names one. It must stand on its own:
/// a `$ref` to somewhere outside of it is refused. A registered schema lives as long as the instance.
#[weldkit::service]
pub trait Validation {
    /// Register a schema under a name. The same schema again changes nothing.
    #[method(idempotent, permission = "validation.register")]
    async fn register(
        &self,
        ctx: &Ctx,
        /// The name to call it by.
        name: SchemaName,
        /// The JSON Schema: an object or a boolean.
        #[schemars(extend("type" = ["object", "boolean"]))]
        schema: Json,
        /// Whether a different schema of that name is replaced; otherwise the call is refused.
        #[serde(default)]
        replace: bool,
    ) -> Result<SchemaInfo, ValidationError>;

    /// Remove a schema; `false` when there was none of that name.
    #[method(idempotent, permission = "validation.register")]
    async fn remove(
        &self,
        ctx: &Ctx,
        /// The name that it was registered under.
        name: SchemaName,
    ) -> Result<bool, ValidationError>;

    /// The registered schemas, in the order of their names.
    #[method(read_only, idempotent, permission = "validation.use")]
    async fn list(&self, ctx: &Ctx) -> Result<Vec<SchemaInfo>, ValidationError>;

    /// The schema itself.
    #[method(read_only, idempotent, permission = "validation.use")]
    async fn schema(
        &self,
        ctx: &Ctx,
        /// The name that it was registered under.
        name: SchemaName,
    ) -> Result<Json, ValidationError>;

    /// Check one value and list everything that is wrong with it.
    #[method(read_only, idempotent, permission = "validation.use")]
    async fn validate(
        &self,
        ctx: &Ctx,
        /// The name of a registered schema, or a schema itself.
        schema: Schema,
        /// The value to check.
        value: Json,
    ) -> Result<Verdict, ValidationError>;

    /// Check many values and list everything that is wrong with each.
    #[method(read_only, idempotent, permission = "validation.use")]
    async fn validate_batch(
        &self,
        ctx: &Ctx,
        /// The name of a registered schema, or a schema itself.
        schema: Schema,
        /// The values to check, at most 10,000.
        #[schemars(length(max = 10_000))]
        values: Vec<Json>,
    ) -> Result<BatchVerdict, ValidationError>;
}
