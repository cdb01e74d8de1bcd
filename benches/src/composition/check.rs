//! How long it takes to compare a composite of a hundred steps with the contracts of what it calls.

use std::fmt::Write;

use weldkit::composition::Composite;
use weldkit::{CallError, Ctx, Host};

use crate::{Case, Subject};

/// One step.
#[weldkit::service(name = "node", version = "1.0")]
trait Node {
    /// The sum of two numbers.
    #[method(read_only)]
    async fn add(&self, ctx: &Ctx, a: i64, b: i64) -> Result<i64, CallError>;
}

#[derive(Debug)]
struct Adder;

#[weldkit::plugin(id = "node", provides(Node))]
impl Adder {
    async fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

impl Node for Adder {
    async fn add(&self, _: &Ctx, a: i64, b: i64) -> Result<i64, CallError> {
        Ok(a + b)
    }
}

/// Each step adds the two before it.
fn hundred() -> Composite {
    let mut toml =
        "[slots]\nnode = { service = 'node' }\n[methods.run]\nresult = 's99'\n".to_owned();
    let mut bindings = String::new();
    toml.push_str("[methods.run.steps]\n");
    for step in 0..100_usize {
        writeln!(toml, "s{step} = 'node.add'").expect("text takes more");
        for (parameter, before) in [("a", 1), ("b", 2)] {
            let from = match step.checked_sub(before) {
                Some(from) => format!("s{from}"),
                None => format!("input#/{parameter}"),
            };
            writeln!(
                bindings,
                "[[methods.run.bindings]]\nfrom = '{from}'\nto = 's{step}#/{parameter}'"
            )
            .expect("text takes more");
        }
    }
    Composite::parse("large", &(toml + &bindings)).expect("nothing is wrong with it")
}

pub(super) fn subject() -> Subject {
    let composite = hundred();
    Subject {
        title: "check of a composite of 100 nodes (at most 20 ms)",
        cases: vec![Case::new("HostBuilder::check", move || {
            let host = Host::builder()
                .plugin::<Adder>()
                .composite(composite.clone());
            host.check().is_ok()
        })],
        claims: Vec::new(),
    }
}
