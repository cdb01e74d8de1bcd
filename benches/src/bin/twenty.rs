//! A program of twenty plugins: starts them, makes one call, says how long that took, then waits.

use std::io::{self, Read, Write};

use weldkit::{CallError, Ctx, Host};

// Not through the library: whoever names it links every plugin that it measures, and this program is to have twenty.
#[path = "../clock.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "one reading is enough here, and it is the library's"
)]
mod clock;

/// A plugin with a service of its own, called by the next.
macro_rules! plugin {
    ($module:ident, $id:literal $(, $before:ident)?) => {
        mod $module {
            use super::{CallError, Ctx};

            #[weldkit::service(name = $id)]
            pub(super) trait Contract {
                /// Adds one.
                #[method(read_only)]
                fn increment(&self, ctx: &Ctx, number: i64) -> Result<i64, CallError>;
                /// Adds one, some time.
                #[method(read_only)]
                async fn increment_later(&self, ctx: &Ctx, number: i64) -> Result<i64, CallError>;
            }

            struct Provider {
                $($before: weldkit::Service<dyn super::$before::Contract>,)?
            }

            #[weldkit::plugin(id = $id, provides(Contract))]
            impl Provider {
                fn start($($before: weldkit::Service<dyn super::$before::Contract>)?) -> weldkit::Result<Self> {
                    Ok(Self { $($before)? })
                }
            }

            impl Contract for Provider {
                fn increment(&self, ctx: &Ctx, number: i64) -> Result<i64, CallError> {
                    $(
                        use super::$before::Contract as _;
                        let number = self.$before.increment(ctx, number)?;
                    )?
                    let _ = ctx;
                    Ok(number + 1)
                }

                async fn increment_later(&self, ctx: &Ctx, number: i64) -> Result<i64, CallError> {
                    self.increment(ctx, number)
                }
            }
        }
    };
}

plugin!(p01, "p01");
plugin!(p02, "p02", p01);
plugin!(p03, "p03", p02);
plugin!(p04, "p04", p03);
plugin!(p05, "p05", p04);
plugin!(p06, "p06");
plugin!(p07, "p07", p06);
plugin!(p08, "p08", p07);
plugin!(p09, "p09", p08);
plugin!(p10, "p10", p09);
plugin!(p11, "p11");
plugin!(p12, "p12", p11);
plugin!(p13, "p13", p12);
plugin!(p14, "p14", p13);
plugin!(p15, "p15", p14);
plugin!(p16, "p16");
plugin!(p17, "p17", p16);
plugin!(p18, "p18", p17);
plugin!(p19, "p19", p18);
plugin!(p20, "p20", p19);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().len() > 1 {
        return Ok(());
    }
    let began = clock::now();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let host = runtime.block_on(Host::builder().linked().start())?;
    let ctx = host.ctx();
    let answer = runtime.block_on(host.call_json(&ctx, "p20.increment", br#"{"number":0}"#))?;
    let took = began.elapsed();
    assert_eq!(answer, b"5", "five plugins in a row add one each");
    assert_eq!(host.instances().len(), 20, "nothing else is linked");
    writeln!(io::stdout(), "{}", took.as_nanos())?;
    // Stands still until whoever started it has seen enough.
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
