//! Which schemas are at hand: the registered ones by name, and the inline ones that were used last.

use std::collections::BTreeMap;
use std::sync::Arc;

use weldkit_validation::{SchemaInfo, SchemaName, ValidationError};

use crate::compiled::Compiled;

/// Most registered schemas.
const SCHEMAS_MAX: usize = 1_000;
/// Inline schemas that stay compiled.
const INLINE_MAX: usize = 64;

/// The schemas at hand.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    named: BTreeMap<SchemaName, Arc<Compiled>>,
    /// By their text; the number says when it was used last.
    inline: BTreeMap<String, (u64, Arc<Compiled>)>,
    uses: u64,
}

impl Catalog {
    /// Registers a schema; the same again changes nothing.
    pub(crate) fn register(
        &mut self,
        name: SchemaName,
        compiled: Compiled,
        replace: bool,
    ) -> Result<SchemaInfo, ValidationError> {
        match self.named.get(&name) {
            Some(present) if present.schema == compiled.schema => return Ok(present.info(name)),
            Some(_) if !replace => return Err(ValidationError::SchemaExists { name: name.into() }),
            Some(_) => {}
            None if self.named.len() == SCHEMAS_MAX => {
                let reason =
                    format!("{SCHEMAS_MAX} schemas are registered already; remove one first");
                return Err(ValidationError::TooLarge {
                    what: "the catalog".into(),
                    reason,
                });
            }
            None => {}
        }
        let info = compiled.info(name.clone());
        self.named.insert(name, Arc::new(compiled));
        Ok(info)
    }

    pub(crate) fn remove(&mut self, name: &SchemaName) -> bool {
        self.named.remove(name).is_some()
    }

    pub(crate) fn list(&self) -> Vec<SchemaInfo> {
        self.named
            .iter()
            .map(|(name, compiled)| compiled.info(name.clone()))
            .collect()
    }

    pub(crate) fn named(&self, name: &SchemaName) -> Result<Arc<Compiled>, ValidationError> {
        self.named
            .get(name)
            .cloned()
            .ok_or_else(|| self.not_found(name))
    }

    fn not_found(&self, name: &SchemaName) -> ValidationError {
        let likeness = |known: &SchemaName| strsim::jaro_winkler(known.as_str(), name.as_str());
        let nearest = self
            .named
            .keys()
            .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let advice = match nearest {
            Some(nearest) => format!("the nearest name is `{nearest}`"),
            None => "register it first".into(),
        };
        ValidationError::SchemaNotFound {
            name: name.as_str().into(),
            advice,
        }
    }

    /// An inline schema that was used before.
    pub(crate) fn inline(&mut self, text: &str) -> Option<Arc<Compiled>> {
        self.uses += 1;
        let (used, compiled) = self.inline.get_mut(text)?;
        *used = self.uses;
        Some(Arc::clone(compiled))
    }

    /// Keeps an inline schema, in place of the one that was not used for longest.
    pub(crate) fn keep(&mut self, text: String, compiled: Arc<Compiled>) {
        if self.inline.len() == INLINE_MAX && !self.inline.contains_key(&text) {
            let oldest = self
                .inline
                .iter()
                .min_by_key(|(_, (used, _))| *used)
                .map(|(text, _)| text.clone());
            oldest.and_then(|oldest| self.inline.remove(&oldest));
        }
        self.inline.insert(text, (self.uses, compiled));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compiled(schema: weldkit::Json) -> Compiled {
        Compiled::new(schema, true).unwrap()
    }

    fn name(text: &str) -> SchemaName {
        SchemaName::new(text).unwrap()
    }

    #[test]
    fn a_name_stands_for_one_schema() {
        let mut catalog = Catalog::default();
        let error = catalog.named(&name("strike")).unwrap_err().to_string();
        assert_eq!(error, "no schema `strike` is registered; register it first");
        let schema = json!({"type": "object", "title": "Strike"});
        let info = catalog
            .register(name("strike"), compiled(schema.clone()), false)
            .unwrap();
        assert_eq!(
            (info.title.as_deref(), info.draft.as_str()),
            (Some("Strike"), "2020-12")
        );
        assert_eq!(
            catalog
                .register(name("strike"), compiled(schema.clone()), false)
                .unwrap(),
            info
        );
        let error = catalog
            .register(name("strike"), compiled(json!(true)), false)
            .unwrap_err();
        assert!(
            matches!(error, ValidationError::SchemaExists { .. }),
            "{error}"
        );
        assert_eq!(catalog.named(&name("strike")).unwrap().schema, schema);
        catalog
            .register(name("strike"), compiled(json!(true)), true)
            .unwrap();
        assert_eq!(catalog.named(&name("strike")).unwrap().schema, json!(true));
        let error = catalog.named(&name("stirke")).unwrap_err().to_string();
        assert_eq!(
            error,
            "no schema `stirke` is registered; the nearest name is `strike`"
        );
        assert_eq!(catalog.list().len(), 1);
        assert!(catalog.remove(&name("strike")) && !catalog.remove(&name("strike")));
    }

    #[test]
    fn the_catalog_has_a_bound() {
        let mut catalog = Catalog::default();
        for at in 0..SCHEMAS_MAX {
            catalog
                .register(name(&format!("s{at}")), compiled(json!(true)), false)
                .unwrap();
        }
        let error = catalog
            .register(name("more"), compiled(json!(true)), false)
            .unwrap_err();
        assert!(matches!(error, ValidationError::TooLarge { .. }), "{error}");
        catalog
            .register(name("s0"), compiled(json!(false)), true)
            .unwrap();
    }

    #[test]
    fn the_inline_schemas_used_last_are_kept() {
        let mut catalog = Catalog::default();
        let compiled = Arc::new(compiled(json!(true)));
        for at in 0..INLINE_MAX {
            catalog.inline(&at.to_string());
            catalog.keep(at.to_string(), Arc::clone(&compiled));
        }
        assert!(catalog.inline("0").is_some());
        assert!(catalog.inline("new").is_none());
        catalog.keep("new".into(), compiled);
        assert_eq!(catalog.inline.len(), INLINE_MAX);
        assert!(
            catalog.inline("0").is_some()
                && catalog.inline("new").is_some()
                && catalog.inline("1").is_none()
        );
    }
}
