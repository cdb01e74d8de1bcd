//! Values against a schema, with everything that is wrong.
//!
//! `cargo run -p weldkit-validation-jsonschema --example validation-basic`

use serde_json::json;
use weldkit::Host;
use weldkit_validation::{SchemaName, Validation};
use weldkit_validation_jsonschema::JsonSchemaValidation;

#[tokio::main]
async fn main() -> weldkit::Result<()> {
    let host = Host::builder()
        .plugin::<JsonSchemaValidation>()
        .start()
        .await?;
    let (ctx, validation) = (host.ctx(), host.service::<dyn Validation>()?);

    let strike = SchemaName::new("strike")?;
    let schema = json!({
        "type": "object",
        "required": ["species", "date"],
        "properties": {"cost": {"type": "integer", "minimum": 0}, "date": {"format": "date"}}
    });
    validation
        .register(&ctx, strike.clone(), schema, false)
        .await?;

    let verdict = validation
        .validate(
            &ctx,
            strike.into(),
            json!({"cost": -5, "date": "1990-13-45"}),
        )
        .await?;
    eprintln!("valid: {}", verdict.valid);
    for violation in verdict.violations {
        eprintln!(
            "`{}` breaks {}: {}",
            violation.pointer, violation.keyword, violation.message
        );
    }
    host.stop().await
}
