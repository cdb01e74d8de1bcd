//! From the values of a configuration to a definition. Everything that is wrong is told at once.

mod fields;
mod forms;
mod method;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

pub(crate) use self::fields::schema;
use self::fields::{BREAKER, COMPOSITE, Field, LISTEN, SLOT};
use super::definition::{Breaker, Composite, Listen, Places, Role, Slot, Target};
use super::problems::Problems;
use crate::contract::{Version, escape};
use crate::duration::parse_duration;
use crate::error::Problem;
use crate::{limit, name};

impl Composite {
    /// Reads a definition from TOML: what stands below `[composites.NAME]` in a configuration.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, as far as that can be said without the services.
    pub fn parse(name: &str, toml: &str) -> Result<Self, Vec<Problem>> {
        let value: Value = match toml::from_str(toml) {
            Ok(value) => value,
            Err(fault) => {
                let problem = Problem::new("config_syntax", fault.message().to_owned());
                return Err(vec![problem.place(format!("composites.{name}"))]);
            }
        };
        Self::read(name, &value, BTreeMap::new())
    }

    /// Reads a definition; `places` says where each value was written, by pointer.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub(crate) fn read(
        name: &str,
        value: &Value,
        places: BTreeMap<String, String>,
    ) -> Result<Self, Vec<Problem>> {
        let places = Places::new(places);
        let mut reader = Reader {
            problems: Problems::new(name, &places),
        };
        let composite = reader.composite(name, value, &places);
        let problems = reader.problems.into_list();
        match composite {
            Some(composite) if problems.is_empty() => Ok(composite),
            Some(_) | None => Err(problems),
        }
    }
}

struct Reader<'a> {
    problems: Problems<'a>,
}

impl Reader<'_> {
    fn composite(&mut self, name: &str, value: &Value, places: &Places) -> Option<Composite> {
        if let Some(fault) = name::fault(name) {
            self.problems.add("bad_name", fault, "");
        }
        let table = self.table(value, "", COMPOSITE)?;
        let version = match self.text(table, "version", "") {
            None => Version::parse("1.0.0"),
            Some(text) => Version::try_parse(&text).unwrap_or_else(|| {
                let message = format!("`{text}` is no version: write `1.0` or `1.0.0`");
                self.problems
                    .add("config_invalid_value", message, "/version");
                Version::parse("1.0.0")
            }),
        };
        let mut slots = BTreeMap::new();
        for (slot, value, pointer) in self.entries(table, "slots", "") {
            self.named(&slot, &pointer);
            slots.extend(self.slot(value, &pointer).map(|read| (slot, read)));
        }
        if slots.is_empty() {
            let help =
                "name what it is made of: `[composites.NAME.slots.SLOT]` with `service = \"…\"`";
            self.problems.add_with(
                "config_missing",
                "a composite without slots".to_owned(),
                "",
                help,
            );
        }
        let mut methods = BTreeMap::new();
        for (method, value, pointer) in self.entries(table, "methods", "") {
            self.named(&method, &pointer);
            methods.extend(self.method(value, &pointer).map(|read| (method, read)));
        }
        let most = limit::METHODS_PER_SERVICE;
        if methods.is_empty() || methods.len() > most {
            let message = format!("{} methods; a composite has 1 to {most}", methods.len());
            self.problems
                .add("config_invalid_value", message, "/methods");
        }
        Some(Composite {
            name: name.to_owned(),
            description: self.text(table, "description", "").unwrap_or_default(),
            version,
            permissions: self.texts(table, "permissions", ""),
            slots,
            methods,
            listens: self.listens(table),
            places: places.clone(),
        })
    }

    fn slot(&mut self, value: &Value, pointer: &str) -> Option<Slot> {
        let table = self.table(value, pointer, SLOT)?;
        let service = self.needed(table, "service", pointer)?;
        let role = match self.text(table, "role", pointer).as_deref() {
            None | Some("primary") => Role::Primary,
            Some("auxiliary") => Role::Auxiliary,
            Some("secondary") => Role::Secondary {
                of: self.needed(table, "of", pointer)?,
                after: self.duration(table, "after", pointer),
            },
            Some(other) => {
                let known = ["primary", "secondary", "auxiliary"];
                self.problems
                    .unknown("role", other, &format!("{pointer}/role"), known);
                return None;
            }
        };
        if !matches!(role, Role::Secondary { .. }) {
            for field in ["of", "after"]
                .iter()
                .filter(|field| table.contains_key(**field))
            {
                let message = format!("`{field}` belongs to a slot with `role = \"secondary\"`");
                self.problems.add(
                    "config_invalid_value",
                    message,
                    &format!("{pointer}/{field}"),
                );
            }
        }
        let tries = self
            .count(table, "tries", pointer, limit::COMPOSITE_TRIES)
            .unwrap_or(1);
        let breaker = table.get("breaker").and_then(|value| {
            let pointer = format!("{pointer}/breaker");
            let table = self.table(value, &pointer, BREAKER)?;
            Some(Breaker {
                failures: self
                    .count(table, "failures", &pointer, u32::MAX)
                    .unwrap_or(5),
                pause: self
                    .duration(table, "pause", &pointer)
                    .unwrap_or(Duration::from_secs(30)),
            })
        });
        Some(Slot {
            service,
            instance: self.text(table, "instance", pointer),
            role,
            tries,
            cache: self.duration(table, "cache", pointer),
            breaker,
        })
    }

    fn listens(&mut self, table: &Map<String, Value>) -> Vec<Listen> {
        let mut listens = Vec::new();
        for (value, pointer) in self.array(table, "listens", "") {
            let Some(table) = self.table(value, &pointer, LISTEN) else {
                continue;
            };
            let event = self.needed(table, "event", &pointer);
            let method = self.needed(table, "method", &pointer);
            let map = self.text(table, "map", &pointer).map(Arc::from);
            if let (Some(event), Some(method)) = (event, method) {
                listens.push(Listen {
                    event,
                    method,
                    map,
                    pointer,
                });
            }
        }
        listens
    }

    fn target(&mut self, text: &str, pointer: &str) -> Option<Target> {
        match text.split_once('.') {
            Some((slot, method)) if !slot.is_empty() && !method.is_empty() => Some(Target {
                slot: slot.to_owned(),
                method: method.to_owned(),
            }),
            Some(_) | None => {
                let message = format!("`{text}` is no call: write `slot.method`");
                self.problems.add("config_invalid_value", message, pointer);
                None
            }
        }
    }

    fn named(&mut self, text: &str, pointer: &str) {
        if let Some(fault) = name::fault(text) {
            self.problems.add("bad_name", fault, pointer);
        }
    }

    fn table<'v>(
        &mut self,
        value: &'v Value,
        pointer: &str,
        fields: &[Field],
    ) -> Option<&'v Map<String, Value>> {
        let Some(table) = value.as_object() else {
            self.problems.wrong_type("a table", value, pointer);
            return None;
        };
        let known = || fields.iter().map(|field| field.name);
        for name in table
            .keys()
            .filter(|name| !known().any(|known| known == *name))
        {
            let at = format!("{pointer}/{}", escape(name));
            self.problems.unknown("name", name, &at, known());
        }
        Some(table)
    }

    fn entries<'v>(
        &mut self,
        table: &'v Map<String, Value>,
        field: &str,
        pointer: &str,
    ) -> Vec<(String, &'v Value, String)> {
        let pointer = format!("{pointer}/{field}");
        match table.get(field) {
            None => Vec::new(),
            Some(Value::Object(inner)) => inner
                .iter()
                .map(|(name, value)| (name.clone(), value, format!("{pointer}/{}", escape(name))))
                .collect(),
            Some(other) => {
                self.problems.wrong_type("a table", other, &pointer);
                Vec::new()
            }
        }
    }

    fn array<'v>(
        &mut self,
        table: &'v Map<String, Value>,
        field: &str,
        pointer: &str,
    ) -> Vec<(&'v Value, String)> {
        let pointer = format!("{pointer}/{field}");
        match table.get(field) {
            None => Vec::new(),
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(index, value)| (value, format!("{pointer}/{index}")))
                .collect(),
            Some(other) => {
                self.problems.wrong_type("an array", other, &pointer);
                Vec::new()
            }
        }
    }

    fn text(&mut self, table: &Map<String, Value>, field: &str, pointer: &str) -> Option<String> {
        match table.get(field)? {
            Value::String(text) => Some(text.clone()),
            other => {
                self.problems
                    .wrong_type("a string", other, &format!("{pointer}/{field}"));
                None
            }
        }
    }

    fn needed(&mut self, table: &Map<String, Value>, field: &str, pointer: &str) -> Option<String> {
        if !table.contains_key(field) {
            let message = format!("`{field}` is missing");
            self.problems.add("config_missing", message, pointer);
        }
        self.text(table, field, pointer)
    }

    fn texts(&mut self, table: &Map<String, Value>, field: &str, pointer: &str) -> Vec<String> {
        let items = self.array(table, field, pointer);
        let mut texts = Vec::new();
        for (value, pointer) in items {
            match value {
                Value::String(text) => texts.push(text.clone()),
                other => self.problems.wrong_type("a string", other, &pointer),
            }
        }
        texts
    }

    fn duration(
        &mut self,
        table: &Map<String, Value>,
        field: &str,
        pointer: &str,
    ) -> Option<Duration> {
        let text = self.text(table, field, pointer)?;
        parse_duration(&text)
            .map_err(|fault| {
                self.problems
                    .add("config_invalid_value", fault, &format!("{pointer}/{field}"))
            })
            .ok()
    }

    fn count(
        &mut self,
        table: &Map<String, Value>,
        field: &str,
        pointer: &str,
        most: u32,
    ) -> Option<u32> {
        let value = table.get(field)?;
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
        let fitting = count.filter(|count| (1..=most).contains(count));
        if fitting.is_none() {
            let message = format!("`{field}` is a whole number from 1 to {most}");
            self.problems.add(
                "config_invalid_value",
                message,
                &format!("{pointer}/{field}"),
            );
        }
        fitting
    }

    fn flag(&mut self, table: &Map<String, Value>, field: &str, pointer: &str) -> bool {
        match table.get(field) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                self.problems
                    .wrong_type("a boolean", other, &format!("{pointer}/{field}"));
                false
            }
        }
    }
}
