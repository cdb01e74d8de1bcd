//! Greets people by name.

use {{crate}}_contract::{Reply, {{Type}}, {{Type}}Error};
use weldkit::metrics::Counter;
use weldkit::{Ctx, Meter, Settings};

/// The settings.
#[weldkit::data]
#[derive(Debug, Clone)]
pub struct {{Type}}Settings {
    /// What comes before the name.
    #[serde(default = "hello")]
    #[garde(length(min = 1))]
    pub salutation: String,
}

fn hello() -> String {
    "Hello".to_owned()
}

/// The provider.
#[derive(Debug)]
pub struct {{Type}}Plugin {
    salutation: String,
    greeted: Counter,
}

#[weldkit::plugin(provides({{Type}}), categories("Example"))]
impl {{Type}}Plugin {
    /// Runs once; what it asks for is what the plugin requires.
    ///
    /// # Errors
    /// None.
    pub fn start(settings: Settings<{{Type}}Settings>, meter: Meter) -> weldkit::Result<Self> {
        Ok(Self {
            salutation: settings.salutation.clone(),
            greeted: meter.counter("greeted"),
        })
    }
}

impl {{Type}} for {{Type}}Plugin {
    async fn greet(&self, _ctx: &Ctx, name: String) -> Result<Reply, {{Type}}Error> {
        if !name.chars().any(char::is_alphabetic) {
            return Err({{Type}}Error::NotAName { name });
        }
        self.greeted.add(1);
        Ok(Reply {
            text: format!("{}, {name}!", self.salutation),
        })
    }
}

#[cfg(test)]
mod tests {
    use weldkit::testing::TestHost;

    use super::*;

    #[tokio::test]
    async fn greets_a_name_and_refuses_what_is_none() {
        let test = TestHost::new(|host| host.plugin::<{{Type}}Plugin>()).await.unwrap();
        let greeter = test.service::<dyn {{Type}}>().unwrap();
        let reply = greeter.greet(&test.ctx(), "Ada".to_owned()).await.unwrap();
        assert_eq!(reply.text, "Hello, Ada!");
        let refused = greeter.greet(&test.ctx(), "42".to_owned()).await;
        assert!(matches!(refused, Err({{Type}}Error::NotAName { .. })));
    }

    #[tokio::test]
    async fn the_rules_of_the_contract_hold_at_the_json_door() {
        let test = TestHost::new(|host| host.plugin::<{{Type}}Plugin>()).await.unwrap();
        let reply = test.call("{{service}}.greet", r#"{"name":"Ada"}"#).await.unwrap();
        assert_eq!(reply["text"], "Hello, Ada!");
        assert!(test.call("{{service}}.greet", r#"{"name":""}"#).await.is_err());
    }
}
