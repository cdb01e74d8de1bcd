//! A configuration file to start from: every name, explained, with its default.

mod example;
mod rules;

use serde_json::Value;

use example::{example, is_required};
use rules::{choices, rules};

use super::Service;
use super::catalog::{Catalog, Plugin};
use super::problem::one_line;
use super::section::{ALERT, Field, HOST, SECTIONS, Section};
use super::settings::unknown_to;
use super::toml_text::{dotted, key, value as toml_value};
use super::walk;

/// How deep settings are taken apart into dotted names; what is deeper stands in one value.
const DOTTED_DEPTH_MAX: usize = 4;

/// Writes a sample configuration for this binary.
///
/// Settings are commented out with their defaults: `#name = value`; remove the `#` to change one. Only what a plugin
/// requires is not commented out. `schema` is what the line for editors refers to, such as `./weldkit.schema.json`.
pub fn sample(catalog: &Catalog, schema: Option<&str>) -> String {
    let mut page = Page::default();
    if let Some(schema) = schema {
        page.line(format!("#:schema {}", one_line(schema)));
    }
    page.prose("Every setting with its default. Remove the `#` before a name to change its value.");
    for section in SECTIONS {
        page.section(section);
        match section.name {
            "host" => HOST.iter().for_each(|field| page.field(field)),
            "plugins" => catalog
                .plugins
                .iter()
                .for_each(|plugin| page.plugin(plugin)),
            "instances" => page.instance(catalog),
            "services" => page.services(catalog),
            "permissions" => page.permissions(catalog),
            "alerts" => page.alert(),
            _ => page.limits(catalog),
        }
    }
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    fn prose(&mut self, text: &str) {
        for paragraph in text
            .split("\n\n")
            .map(one_line)
            .filter(|paragraph| !paragraph.is_empty())
        {
            self.line(format!("# {paragraph}"));
        }
    }

    fn section(&mut self, section: &Section) {
        self.line("");
        self.prose(section.description);
        // Plugins and instances are tables of tables, which have headers of their own.
        if !matches!(section.name, "plugins" | "instances" | "alerts") {
            self.line(format!("[{}]", section.name));
        }
    }

    fn field(&mut self, field: &Field) {
        self.prose(field.description);
        let schema = field.kind.schema();
        let choices = choices(&schema, &schema);
        if !choices.is_empty() {
            self.prose(&format!("One of {}.", choices.join(", ")));
        }
        // What has no default is shown by an example.
        let value = field.default.unwrap_or("\"5s\"");
        self.line(format!("#{} = {value}", field.name));
    }

    fn plugin(&mut self, plugin: &Plugin) {
        self.line("");
        self.prose(&plugin.description);
        self.line(format!("[plugins.{}]", key(&plugin.id)));
        match plugin.settings() {
            Some(schema) => self.settings(schema),
            None => self.prose("It takes no settings."),
        }
    }

    fn settings(&mut self, schema: &Value) {
        if walk::properties(schema, schema).is_empty() {
            let open = unknown_to(schema, std::iter::once(&"any".to_owned())).is_empty();
            self.prose(if open {
                "Its settings have no fixed names."
            } else {
                "It takes no settings."
            });
        }
        let required = example(schema, schema, DOTTED_DEPTH_MAX);
        let fits = jsonschema::draft202012::new(schema)
            .is_ok_and(|validator| validator.is_valid(&required));
        let site = Site {
            root: schema,
            schema,
            default: None,
            required: true,
            given: fits.then_some(&required),
        };
        self.properties(&site, &mut Vec::new());
    }

    fn properties(&mut self, site: &Site<'_>, path: &mut Vec<String>) {
        for (name, schema) in walk::properties(site.root, site.schema) {
            let inner = Site {
                root: site.root,
                schema,
                default: site.default.map_or_else(
                    || walk::keyword(site.root, schema, "default"),
                    |table| table.get(name),
                ),
                required: site.required && is_required(site.root, site.schema, name),
                given: site.given.and_then(|given| given.get(name)),
            };
            path.push(name.to_owned());
            let is_table =
                walk::has_fixed_names(site.root, schema) && !walk::is_secret(site.root, schema);
            if is_table && path.len() < DOTTED_DEPTH_MAX {
                walk::description(site.root, schema)
                    .iter()
                    .for_each(|text| self.prose(text));
                self.properties(&inner, path);
            } else {
                self.setting(&inner, path);
            }
            path.pop();
        }
    }

    fn setting(&mut self, site: &Site<'_>, path: &[String]) {
        let (root, schema) = (site.root, site.schema);
        walk::description(root, schema)
            .iter()
            .for_each(|text| self.prose(text));
        let default = site.default.filter(|default| !default.is_null());
        let mut facts = rules(root, schema);
        match (site.required, default) {
            (true, _) => facts.push("Required.".to_owned()),
            (false, None) => facts.push("Not set unless given.".to_owned()),
            (false, Some(_)) => {}
        }
        if walk::is_secret(root, schema) {
            facts.push(
                "Secret: best a reference, `{ env = \"NAME\" }` or `{ file = \"PATH\" }`."
                    .to_owned(),
            );
        }
        if !facts.is_empty() {
            self.prose(&facts.join(" "));
        }
        let value = site.given.filter(|_| site.required).or(default).cloned();
        let value = value.unwrap_or_else(|| example(root, schema, DOTTED_DEPTH_MAX));
        let text = toml_value(&value).unwrap_or_else(|| "\"\"".to_owned());
        let mark = if site.required && site.given.is_some() {
            ""
        } else {
            "#"
        };
        self.line(format!(
            "{mark}{} = {text}",
            dotted(path.iter().map(String::as_str))
        ));
    }

    fn instance(&mut self, catalog: &Catalog) {
        let nothing_required = |plugin: &&Plugin| {
            let schema = plugin.settings();
            schema.is_none_or(|schema| {
                !walk::properties(schema, schema)
                    .keys()
                    .any(|name| is_required(schema, schema, name))
            })
        };
        let plugin = catalog
            .plugins
            .iter()
            .find(nothing_required)
            .or(catalog.plugins.first());
        let Some(plugin) = plugin else { return };
        self.line(format!("#[instances.{}]", key(&format!("{}-2", plugin.id))));
        self.line(format!(
            "#plugin = {}",
            toml_value(&Value::from(plugin.id.as_str())).unwrap_or_default()
        ));
        self.line("#settings = {}");
    }

    fn services(&mut self, catalog: &Catalog) {
        for service in &catalog.services {
            let provides = |plugin: &&Plugin| plugin.provides.contains(&service.name);
            let providers: Vec<&str> = catalog
                .plugins
                .iter()
                .filter(provides)
                .map(|plugin| plugin.id.as_str())
                .collect();
            if let Some(first) = providers.first() {
                self.prose(&format!(
                    "`{}` is provided by: {}.",
                    service.name,
                    providers.join(", ")
                ));
                self.line(format!(
                    "#{} = {}",
                    key(&service.name),
                    toml_value(&Value::from(*first)).unwrap_or_default()
                ));
            }
        }
    }

    fn permissions(&mut self, catalog: &Catalog) {
        self.prose("The operator is whoever starts the process; it holds everything unless this says otherwise.");
        self.line("#operator = [\"*\"]");
        if let (Some(plugin), Some(service)) = (catalog.plugins.first(), catalog.services.first()) {
            let principal = key(&format!("plugin:{}", plugin.id));
            self.line(format!("#{principal} = [\"{}.*\"]", service.name));
        }
    }

    fn alert(&mut self) {
        self.prose("With `below` in place of `above`, it is raised below the number.");
        self.line("#[alerts.many-errors]");
        // One bound is all that an alert may have.
        for field in ALERT.iter().filter(|field| field.name != "below") {
            self.prose(field.description);
            let example = match field.name {
                "metric" => "\"weldkit_calls_failed\"",
                "of" => "\"weldkit_calls_finished\"",
                "labels" => "{ instance = \"storage-redb\" }",
                "percentile" => "0.99",
                "above" => "0.05",
                _ => field.default.unwrap_or_default(),
            };
            self.line(format!("#{} = {example}", field.name));
        }
    }

    fn limits(&mut self, catalog: &Catalog) {
        let methods = |service: &Service| {
            service
                .methods
                .first()
                .map(|method| format!("{}.{method}", service.name))
        };
        if let Some(method) = catalog.services.iter().find_map(methods) {
            self.line(format!(
                "#{} = {{ concurrency = 4, timeout = \"10s\" }}",
                key(&method)
            ));
        }
    }
}

/// A schema within the schema of settings.
struct Site<'a> {
    root: &'a Value,
    schema: &'a Value,
    default: Option<&'a Value>,
    /// Whether nothing works without it.
    required: bool,
    /// An example that fits.
    given: Option<&'a Value>,
}
