//! The structured JSON form of an event, both ways.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{Attribute, Data, Event, Time, rules};
use crate::contract::{Bytes, duplicate_key, escape, refused};
use crate::error::CallError;
use crate::limit;

const SPEC_VERSION: &str = "1.0";

impl Event {
    /// Reads the structured JSON form.
    ///
    /// # Errors
    ///
    /// `limit` when it is larger than [`limit::EVENT_BYTES`]; `invalid_parameter` with everything
    /// that is wrong in `details.violations`.
    pub fn parse(json: &[u8]) -> Result<Self, CallError> {
        if json.len() > limit::EVENT_BYTES {
            return Err(CallError::limit(format!(
                "an event of {} bytes; at most {} are taken",
                json.len(),
                limit::EVENT_BYTES
            )));
        }
        let members: Members = serde_json::from_slice(json)
            .map_err(|fault| refused(vec![(String::new(), fault.to_string())]))?;
        let twice = duplicate_key(json).filter(|pointer| pointer.starts_with("/data/"));
        let mut reader = Reader::new(members.0);
        if let Some(pointer) = twice {
            reader.fault(pointer, "stands twice".to_owned());
        }
        reader.finish().map_err(refused)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Members::deserialize(deserializer)?;
        Reader::new(members.0).finish().map_err(|faults| {
            let faults: Vec<String> = faults
                .into_iter()
                .map(|(pointer, fault)| format!("{pointer}: {fault}"))
                .collect();
            D::Error::custom(faults.join("; "))
        })
    }
}

/// The members of an object in their order, those that stand twice as well.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event: a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// Takes members and collects what is wrong with them.
struct Reader {
    members: BTreeMap<String, Value>,
    faults: Vec<(String, String)>,
}

impl Reader {
    fn new(listed: Vec<(String, Value)>) -> Self {
        let (mut members, mut faults) = (BTreeMap::new(), Vec::new());
        for (name, value) in listed {
            let pointer = pointer(&name);
            if members.insert(name, value).is_some() {
                faults.push((pointer, "stands twice".to_owned()));
            }
        }
        // A member that is null is one that is not there; data may be null.
        members.retain(|name, value| !value.is_null() || name == "data");
        Self { members, faults }
    }

    fn fault(&mut self, pointer: impl Into<String>, fault: String) {
        self.faults.push((pointer.into(), fault));
    }

    fn finish(mut self) -> Result<Event, Vec<(String, String)>> {
        let id = self.required("id", rules::text);
        let source = self.required("source", rules::uri_reference);
        let kind = self.required("type", rules::text);
        self.required("specversion", |version| match version {
            SPEC_VERSION => Ok(()),
            other => Err(format!("`{other}` is not `{SPEC_VERSION}`")),
        });
        let time = self.optional("time", |time| time.parse::<Time>().map(drop));
        let subject = self.optional("subject", rules::text);
        let data_content_type = self.optional("datacontenttype", rules::media_type);
        let data_schema = self.optional("dataschema", rules::uri);
        let data = self.data();
        let extensions = self.extensions();
        if !self.faults.is_empty() {
            self.faults.truncate(limit::VIOLATIONS);
            return Err(self.faults);
        }
        Ok(Event {
            id,
            source,
            kind,
            time: time.and_then(|time| time.parse().ok()),
            subject,
            data_content_type,
            data_schema,
            extensions,
            data,
        })
    }

    fn required(&mut self, name: &str, rule: impl Fn(&str) -> Result<(), String>) -> String {
        if !self.members.contains_key(name) {
            self.fault(format!("/{name}"), "is required".to_owned());
        }
        self.optional(name, rule).unwrap_or_default()
    }

    fn optional(
        &mut self,
        name: &str,
        rule: impl Fn(&str) -> Result<(), String>,
    ) -> Option<String> {
        let value = self.members.remove(name)?;
        let Value::String(text) = value else {
            self.fault(format!("/{name}"), "is not a string".to_owned());
            return None;
        };
        if let Err(fault) = rule(&text) {
            self.fault(format!("/{name}"), fault);
        }
        Some(text)
    }

    fn data(&mut self) -> Option<Data> {
        let json = self.members.remove("data");
        let bytes = self.members.remove("data_base64");
        match (json, bytes) {
            (Some(_), Some(_)) => {
                self.fault("/data", "stands beside `data_base64`".to_owned());
                None
            }
            (Some(json), None) => Some(Data::Json(json)),
            (None, Some(bytes)) => match Bytes::deserialize(bytes) {
                Ok(bytes) => Some(Data::Bytes(bytes)),
                Err(fault) => {
                    self.fault("/data_base64", fault.to_string());
                    None
                }
            },
            (None, None) => None,
        }
    }

    fn extensions(&mut self) -> BTreeMap<String, Attribute> {
        let members = std::mem::take(&mut self.members);
        if let Err(fault) = rules::extensions(members.len()) {
            self.fault("", fault);
        }
        let mut extensions = BTreeMap::new();
        for (name, value) in members {
            let read = rules::extension_name(&name).and_then(|()| attribute(value));
            match read {
                Ok(value) => {
                    extensions.insert(name, value);
                }
                Err(fault) => self.fault(pointer(&name), fault),
            }
        }
        extensions
    }
}

fn pointer(name: &str) -> String {
    format!("/{}", escape(name))
}

fn attribute(value: Value) -> Result<Attribute, String> {
    match value {
        Value::Bool(value) => Ok(Attribute::Boolean(value)),
        Value::String(text) => {
            rules::characters(&text)?;
            Ok(Attribute::Text(text))
        }
        Value::Number(number) => number
            .as_i64()
            .and_then(|number| i32::try_from(number).ok())
            .map(Attribute::Integer)
            .ok_or_else(|| format!("{number} is not a whole number of 32 bits")),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err("an attribute is a string, a number or a boolean".to_owned())
        }
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("specversion", SPEC_VERSION)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("source", &self.source)?;
        map.serialize_entry("type", &self.kind)?;
        if let Some(time) = self.time {
            map.serialize_entry("time", &time.to_string())?;
        }
        for (name, value) in [
            ("subject", &self.subject),
            ("datacontenttype", &self.data_content_type),
            ("dataschema", &self.data_schema),
        ] {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        for (name, value) in &self.extensions {
            match value {
                Attribute::Boolean(value) => map.serialize_entry(name, value)?,
                Attribute::Integer(value) => map.serialize_entry(name, value)?,
                Attribute::Text(value) => map.serialize_entry(name, value)?,
            }
        }
        match &self.data {
            None => {}
            Some(Data::Json(value)) => map.serialize_entry("data", value)?,
            Some(Data::Bytes(bytes)) => map.serialize_entry("data_base64", bytes)?,
        }
        map.end()
    }
}
