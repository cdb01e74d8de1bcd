//! Whether calls can be made at all: methods, permissions, the names of parameters and what is written out.

use serde_json::{Map, Value};

use super::Looking;
use crate::contract::MethodDescriptor;
use crate::error::Problem;
use crate::name;
use crate::orchestration::definition::{Call, Template};
use crate::orchestration::types;

impl Looking<'_> {
    pub(super) fn call(&mut self, call: &Call, pointer: &str) {
        let Some(method) = types::find(self.around.services, &call.method) else {
            return self.missing(call, pointer);
        };
        let service = call
            .method
            .rsplit_once('.')
            .map_or("", |(service, _)| service);
        let permission = method.permission.unwrap_or(service);
        if !(self.around.holds)(permission) {
            let who = self.around.principal;
            let message = format!(
                "`{who}` may not call `{}`: it needs `{permission}`",
                call.method
            );
            let help = format!("add \"{permission}\" to `{who}` in [permissions]");
            let problem = Problem::new("permission_denied", message).help(help);
            self.problem(problem, &format!("{pointer}/call"));
        }
        self.parameters(method, call, pointer);
    }

    /// A method that nobody provides.
    fn missing(&mut self, call: &Call, pointer: &str) {
        let services = self.around.services;
        let all: Vec<String> = services
            .iter()
            .flat_map(|service| {
                let methods = service.methods.iter();
                methods.map(move |method| format!("{}.{}", service.name, method.name))
            })
            .collect();
        let message = format!("no plugin of this binary provides `{}`", call.method);
        let mut problem = Problem::new("method_not_found", message);
        let service = call
            .method
            .rsplit_once('.')
            .map_or(&*call.method, |(service, _)| service);
        let is_there = services.iter().any(|known| known.name == service);
        let supply = (!is_there).then(|| (self.around.supply)(service)).flatten();
        let near = || name::suggest(&call.method, all.iter().map(String::as_str));
        if let Some(help) = supply.or_else(near) {
            problem = problem.help(help);
        }
        self.problem(problem, &format!("{pointer}/call"));
    }

    /// Names that a method does not have or lacks, and values that it cannot take.
    fn parameters(&mut self, method: &MethodDescriptor, call: &Call, pointer: &str) {
        let (mut names, mut constants) = (Vec::new(), Map::new());
        match &call.with {
            Template::Value(value) => {
                let Value::Object(given) = &**value else {
                    let problem = Problem::new("invalid_parameter", "the parameters are an object");
                    return self.problem(problem, &format!("{pointer}/with"));
                };
                names.extend(given.keys().cloned());
                constants = given.clone();
            }
            Template::Object(entries) => {
                for (name, template) in entries {
                    names.push(name.to_string());
                    if let Template::Value(value) = template {
                        constants.insert(name.to_string(), (**value).clone());
                    }
                }
            }
            Template::Expr(_) | Template::Array(_) => return,
        }
        for name in names
            .iter()
            .filter(|name| !method.parameters.contains(&name.as_str()))
        {
            constants.remove(name);
            let message = format!("`{}` has no parameter `{name}`", call.method);
            let mut problem = Problem::new("unknown_parameter", message);
            if let Some(help) = name::suggest(name, method.parameters.iter().copied()) {
                problem = problem.help(help);
            }
            self.problem(problem, &format!("{pointer}/with/{name}"));
        }
        let mut schema = method.input.get().to_value();
        let required = schema
            .as_object_mut()
            .and_then(|schema| schema.remove("required"));
        let required = required.as_ref().and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        for name in required.filter(|name| !names.iter().any(|given| given == name)) {
            let message = format!("`{}` needs the parameter `{name}`", call.method);
            self.problem(Problem::new("missing_parameter", message), pointer);
        }
        self.constants(&schema, constants, call, pointer);
    }

    fn constants(
        &mut self,
        schema: &Value,
        constants: Map<String, Value>,
        call: &Call,
        pointer: &str,
    ) {
        let Ok(validator) = jsonschema::validator_for(schema) else {
            return;
        };
        let constants = Value::Object(constants);
        for error in validator
            .iter_errors(&constants)
            .take(crate::limit::VIOLATIONS)
        {
            let message = format!("`{}` cannot take this: {error}", call.method);
            let at = format!("{pointer}/with{}", error.instance_path());
            self.problem(Problem::new("invalid_parameter", message), &at);
            self.told.push(at);
        }
    }
}
