//! A host with this one plugin: `cargo run -p {{name}} --example {{name}}-basic`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use {{crate}}::{{Type}}Plugin;
use {{crate}}_contract::{{Type}};
use weldkit::Host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = Host::builder().plugin::<{{Type}}Plugin>().start().await?;

    // Typed, checked by rustc.
    let greeter = host.service::<dyn {{Type}}>()?;
    println!("{}", greeter.greet(&host.ctx(), "Ada".to_owned()).await?.text);

    // The same method as everybody else calls it.
    let reply = host.call_json(&host.ctx(), "{{service}}.greet", br#"{"name":"Grace"}"#).await?;
    println!("{}", String::from_utf8(reply)?);

    host.stop().await?;
    Ok(())
}
