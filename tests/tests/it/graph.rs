//! Graphs that do not fit: cycles and compatibility lines that differ.

use weldkit::{CallError, Ctx, Host, HostBuilder, Service};

/// One half of a circle.
#[weldkit::service]
trait Chicken {
    /// Lays.
    async fn lay(&self, ctx: &Ctx) -> Result<(), CallError>;
}

/// The other half.
#[weldkit::service]
trait Egg {
    /// Hatches.
    async fn hatch(&self, ctx: &Ctx) -> Result<(), CallError>;
}

/// The same name on another line.
#[weldkit::service(name = "egg", version = "7.3")]
trait LaterEgg {
    /// Hatches, later.
    async fn hatch(&self, ctx: &Ctx) -> Result<(), CallError>;
}

macro_rules! plugin {
    ($plugin:ident, $id:literal, $provides:path, $method:ident, $needs:path) => {
        #[derive(Debug)]
        struct $plugin;

        #[weldkit::plugin(id = $id, provides($provides))]
        impl $plugin {
            fn start(_needs: Service<dyn $needs>) -> weldkit::Result<Self> {
                Ok(Self)
            }
        }

        impl $provides for $plugin {
            async fn $method(&self, _: &Ctx) -> Result<(), CallError> {
                Ok(())
            }
        }
    };
}

plugin!(Hen, "hen", Chicken, lay, Egg);
plugin!(Nest, "nest", Egg, hatch, Chicken);
plugin!(Farm, "farm", Chicken, lay, LaterEgg);

fn problem(host: &HostBuilder, code: &str) -> String {
    let error = host.check().expect_err("does not fit");
    let problem = error.list().iter().find(|problem| problem.code == code);
    problem
        .unwrap_or_else(|| panic!("no {code}: {error}"))
        .to_string()
}

#[test]
fn a_cycle_is_named_with_its_path() {
    let said = problem(&Host::builder().plugin::<Hen>().plugin::<Nest>(), "cycle");
    assert!(
        said.contains("`hen` asks for `egg` of `nest` asks for `chicken` of `hen`"),
        "{said}"
    );
}

#[test]
fn two_compatibility_lines_are_explained() {
    let host = Host::builder()
        .plugin::<Farm>()
        .plugin::<Nest>()
        .disable("hen");
    let said = problem(&host, "incompatible_line");
    assert!(
        said.contains("`farm` asks for `egg` 7, but `nest` provides 0.1.0"),
        "{said}"
    );
    assert!(said.contains("cargo tree -i weldkit-tests"), "{said}");
}

#[tokio::test]
async fn two_lines_of_one_service_live_side_by_side() {
    let later = std::sync::Arc::new(Later);
    let host = Host::builder()
        .plugin::<Farm>()
        .provide::<dyn LaterEgg>("later", later);
    let host = host.start().await.unwrap();
    host.call_json(&host.ctx(), "chicken.lay", b"")
        .await
        .unwrap();
    assert!(host.service::<dyn Egg>().is_err() && host.service::<dyn LaterEgg>().is_ok());
    host.stop().await.unwrap();
}

#[derive(Debug)]
struct Later;

impl LaterEgg for Later {
    async fn hatch(&self, _: &Ctx) -> Result<(), CallError> {
        Ok(())
    }
}
