//! `explain`: what a code means, what usually causes it, and what to do.

mod codes;

use serde_json::{Value, json};

use super::failure::Failure;
use super::output::envelope;
use super::session::Session;
use crate::config;
use crate::error::{self, CallError};
use crate::name;

/// What is known of one code.
struct Explanation {
    code: String,
    meaning: String,
    cause: String,
    fix: String,
    /// `None` where nothing is called.
    retryable: Option<bool>,
}

pub(super) fn run(session: &Session, code: &str) -> Result<u8, Failure> {
    let all = all(session);
    let Some(found) = all.iter().find(|explanation| explanation.code == code) else {
        let near = name::nearest(
            code,
            all.iter().map(|explanation| explanation.code.as_str()),
        );
        let help = near.map_or_else(
            || "a code stands in brackets before the message of an error".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(CallError::not_found(format!("there is no code `{code}`: {help}")).into());
    };
    session.output.either(|| found.text(), || found.json())?;
    Ok(0)
}

/// The host's codes, those of the configuration, of the graph and of commands, and each service's own.
fn all(session: &Session) -> Vec<Explanation> {
    let host = error::Code::all().map(|entry| Explanation {
        code: entry.code.to_owned(),
        meaning: entry.meaning.to_owned(),
        cause: entry.cause.to_owned(),
        fix: entry.fix.to_owned(),
        retryable: Some(entry.retryable),
    });
    let configuration = config::Code::ALL.iter().map(|code| Explanation {
        code: code.as_str().to_owned(),
        meaning: code.explanation().to_owned(),
        cause: String::new(),
        fix: String::new(),
        retryable: None,
    });
    let tables = codes::GRAPH.iter().chain(codes::COMMAND);
    let tables = tables.map(|(code, meaning, fix)| Explanation {
        code: (*code).to_owned(),
        meaning: (*meaning).to_owned(),
        cause: String::new(),
        fix: (*fix).to_owned(),
        retryable: None,
    });
    host.chain(configuration)
        .chain(tables)
        .chain(own(session))
        .collect()
}

/// The codes that services add, from the schemas of their errors.
fn own(session: &Session) -> Vec<Explanation> {
    let mut own: Vec<Explanation> = Vec::new();
    for service in session.services() {
        for method in service.methods {
            let schema = method.error.get().to_value();
            for variant in schema["oneOf"].as_array().into_iter().flatten() {
                let properties = &variant["properties"];
                let Some(code) = properties["code"]["const"].as_str() else {
                    continue;
                };
                // A service may use a code of the host's: that one is explained already.
                if error::explain(code).is_some() || own.iter().any(|known| known.code == code) {
                    continue;
                }
                own.push(Explanation {
                    code: code.to_owned(),
                    meaning: variant["description"]
                        .as_str()
                        .unwrap_or_default()
                        .trim()
                        .to_owned(),
                    cause: format!("An error of the service `{}`.", service.name),
                    fix: format!(
                        "`app describe {}.{} --schema error` shows its details.",
                        service.name, method.name
                    ),
                    retryable: properties["retryable"]["const"].as_bool(),
                });
            }
        }
    }
    own
}

impl Explanation {
    fn text(&self) -> String {
        let mut text = format!("{}: {}\n", self.code, self.meaning);
        for (name, line) in [("cause", &self.cause), ("fix", &self.fix)] {
            if !line.is_empty() {
                text.push_str(&format!("  {name}: {line}\n"));
            }
        }
        match self.retryable {
            Some(true) => text.push_str("  the same call may succeed later\n"),
            Some(false) => text.push_str("  the same call is not worth repeating unchanged\n"),
            None => {}
        }
        text
    }

    fn json(&self) -> Value {
        envelope([
            ("code", json!(self.code)),
            ("meaning", json!(self.meaning)),
            ("cause", json!(self.cause)),
            ("fix", json!(self.fix)),
            ("retryable", json!(self.retryable)),
        ])
    }
}
