//! Greets people by name.

use {{crate}}_contract::{Reply, {{Type}}, {{Type}}Error};
use weldkit::{Counter, Ctx, Meter, Settings};

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

#[weldkit::plugin(provides({{crate}}_contract::{{Type}}), categories("Example"))]
impl {{Type}}Plugin {
    /// Runs once; what it asks for is what the plugin requires.
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
