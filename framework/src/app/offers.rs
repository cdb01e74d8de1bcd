//! What the instances of a running host give to a transaction, as `describe` shows it.

use serde_json::Value;

use super::control::{self, Client};
use super::output::{list, table};
use super::session::Session;
use super::workers;
use crate::contract::ServiceDescriptor;

/// What each instance that provides a service gives to a transaction: only a running host knows.
#[derive(Default)]
pub(super) struct Offers {
    /// Whether what is described is transactional.
    is_asked: bool,
    instances: Vec<(String, Value)>,
}

impl Offers {
    /// None where no host runs, or where it does not answer: a description does not fail for it.
    pub(super) fn ask(session: &Session, service: &ServiceDescriptor, is_asked: bool) -> Self {
        if !is_asked {
            return Self::default();
        }
        let loaded = session.load();
        let asking = async {
            let mut client = Client::connect(loaded.state()).await?;
            match &mut client {
                Some(client) => client.control(control::LIST).await,
                None => Ok(Vec::new()),
            }
        };
        let instances: Vec<Value> = workers::wait(asking).unwrap_or_default();
        let named = format!("{}@", service.name);
        let provides = |instance: &&Value| {
            let mut provided = instance["provides"].as_array().into_iter().flatten();
            provided.any(|name| name.as_str().is_some_and(|name| name.starts_with(&named)))
        };
        let offer = |instance: &Value| {
            let name = instance["instance"].as_str()?.to_owned();
            Some((name, instance.get("transactions")?.clone()))
        };
        let offers = instances.iter().filter(provides).filter_map(offer);
        Self {
            is_asked,
            instances: offers.collect(),
        }
    }

    /// A description with them.
    pub(super) fn on(&self, mut described: Value) -> Value {
        described["participation"] = Value::Object(self.instances.iter().cloned().collect());
        described
    }

    pub(super) fn text(&self) -> String {
        if !self.is_asked {
            return String::new();
        }
        if self.instances.is_empty() {
            let what = "a running host says which levels of isolation each instance gives";
            return format!("\ntransactional: {what}\n");
        }
        let words = |value: &Value| {
            let all = value.as_array().into_iter().flatten();
            let all: Vec<&str> = all.filter_map(Value::as_str).collect();
            list(&all)
        };
        let row = |(instance, offer): &(String, Value)| {
            let has = |key: &str, yes: &str, no: &str| {
                let is = offer[key].as_bool() == Some(true);
                if is { yes } else { no }.to_owned()
            };
            [
                instance.clone(),
                words(&offer["isolation"]),
                has("savepoints", "yes", "no"),
                words(&offer["durability"]),
                has(
                    "participant",
                    "a resource of its own",
                    "the host's containers",
                ),
            ]
        };
        let titles = [
            "INSTANCE",
            "ISOLATION",
            "SAVEPOINTS",
            "DURABILITY",
            "KEPT IN",
        ];
        format!("\n{}", table(titles, self.instances.iter().map(row)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_each_instance_gives_is_shown_and_nobody_is_guessed_at() {
        assert_eq!(Offers::default().text(), "");
        let mut offers = Offers {
            is_asked: true,
            instances: Vec::new(),
        };
        assert!(offers.text().contains("a running host says"));
        let offer = json!({
            "isolation": ["read_committed", "serializable"],
            "savepoints": false,
            "durability": ["durable"],
            "participant": true,
        });
        offers.instances.push(("bank".to_owned(), offer.clone()));
        let described = offers.on(json!({}));
        assert_eq!(described, json!({ "participation": { "bank": offer } }));
        let text = offers.text();
        for word in [
            "bank",
            "read_committed, serializable",
            "no",
            "durable",
            "a resource of its own",
        ] {
            assert!(text.contains(word), "{text}");
        }
    }
}
