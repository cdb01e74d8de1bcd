//! The parameters of a method as flags, made from the schema of its input.

use std::ffi::OsString;
use std::io::Read;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Target;
use crate::app::args::{CallOptions, Globals};
use crate::app::failure::Failure;
use crate::contract::MethodKind;
use crate::error::CallError;
use crate::{limit, name};

/// The options of `call` itself; a parameter of one of these names is given as `--input.NAME`.
const OPTIONS: [&str; 8] = [
    "as", "config", "format", "help", "input", "set", "state", "timeout",
];

/// What stood on the command line behind the name of the method.
pub(super) struct Parsed {
    pub(super) options: CallOptions,
    pub(super) globals: Globals,
    /// The parameter object as JSON.
    pub(super) input: Vec<u8>,
}

/// One parameter as a flag.
struct Flag {
    name: String,
    /// Kebab case; with `input.` before it where the command line has an option of that name.
    long: String,
    kind: Kind,
    help: String,
}

/// How the text behind a flag is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// As it is.
    Text,
    /// As JSON, or as text where it is none.
    Json,
    /// As JSON; without a value it means `true`.
    Switch,
}

/// Takes the name of the method apart from what stands behind it.
pub(super) fn split(words: &[OsString]) -> Result<(&str, &[OsString]), Failure> {
    let (first, rest) = words
        .split_first()
        .ok_or_else(|| usage("write what to call: SERVICE.METHOD"))?;
    let name = first.to_str().filter(|name| !name.starts_with('-'));
    let name = name.ok_or_else(|| {
        let shown = first.to_string_lossy();
        usage(&format!(
            "`{shown}` stands where SERVICE.METHOD is due; parameters stand behind it"
        ))
    })?;
    Ok((name, rest))
}

fn usage(message: &str) -> Failure {
    clap::Error::raw(ErrorKind::InvalidValue, format!("{message}\n")).into()
}

/// Reads options and parameters.
pub(super) fn parse(
    target: &Target,
    rest: &[OsString],
    before: CallOptions,
) -> Result<Parsed, Failure> {
    let schema = (target.method.input)().to_value();
    let flags = flags(target, &schema);
    let matches = command(target, &flags)
        .try_get_matches_from(rest)
        .map_err(|fault| refused(target, &flags, fault))?;
    let options = before.under(CallOptions::from_arg_matches(&matches)?);
    let globals = Globals::from_arg_matches(&matches)?;
    let given: Vec<(&Flag, &String)> = flags
        .iter()
        .filter_map(|flag| Some((flag, given(&matches, flag)?)))
        .collect();
    let input = match &options.input {
        Some(_) if !given.is_empty() => {
            return Err(usage(
                "give the parameters either with --input or one by one",
            ));
        }
        Some(input) => read(input)?,
        None => object(&given)?,
    };
    Ok(Parsed {
        options,
        globals,
        input,
    })
}

fn given<'a>(matches: &'a ArgMatches, flag: &Flag) -> Option<&'a String> {
    matches.get_one::<String>(&id(&flag.name))
}

/// An option that does not exist was meant to be a parameter, most likely: names the nearest, or all.
fn refused(target: &Target, flags: &[Flag], fault: clap::Error) -> clap::Error {
    let given = match (fault.kind(), fault.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(given))) => given.strip_prefix("--"),
        _ => None,
    };
    let Some(given) = given else {
        return fault;
    };
    let given = given.split('=').next().unwrap_or(given);
    let options = OPTIONS.iter().copied();
    let parameters: Vec<String> = flags.iter().map(|flag| flag.long.clone()).collect();
    let all = parameters.iter().map(String::as_str).chain(options);
    let near = name::nearest(given, all).map(|near| format!("did you mean `--{near}`?"));
    let list = parameters
        .iter()
        .map(|name| format!("`--{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    let help = match (near, parameters.is_empty()) {
        (Some(near), _) => near,
        (None, true) => "it has none".to_owned(),
        (None, false) => format!("there are: {list}"),
    };
    let name = &target.name;
    let message = format!(
        "`{name}` has no parameter `--{given}`: {help}\n\nFor more information, try `app call {name} --help`.\n"
    );
    clap::Error::raw(ErrorKind::UnknownArgument, message)
}

/// Apart from the ids of options, which are words without a colon.
fn id(parameter: &str) -> String {
    format!("parameter:{parameter}")
}

/// The command line of one method; its help is the method's documentation.
fn command(target: &Target, flags: &[Flag]) -> clap::Command {
    let about = match target.method.kind {
        MethodKind::Stream => format!(
            "{}\n\nPrints one line of JSON for each item of its stream.",
            target.method.docs
        ),
        MethodKind::Sync | MethodKind::Async => target.method.docs.to_owned(),
    };
    let arguments = flags.iter().map(|flag| {
        let argument = Arg::new(id(&flag.name))
            .long(flag.long.clone())
            .help(flag.help.clone())
            .allow_negative_numbers(true)
            .action(ArgAction::Set)
            .help_heading("Parameters");
        let argument = match flag.kind {
            Kind::Text => argument.value_name("TEXT"),
            Kind::Json => argument.value_name("JSON"),
            Kind::Switch => argument
                .value_name("true|false")
                .num_args(0..=1)
                .default_missing_value("true"),
        };
        if flag.long.contains('-') {
            argument.alias(flag.long.replace('-', "_"))
        } else {
            argument
        }
    });
    let command = clap::Command::new(target.name.clone())
        .bin_name(format!("app call {}", target.name))
        .no_binary_name(true)
        .args(arguments);
    // The options bring texts of their own along, so this one comes last.
    Globals::augment_args(CallOptions::augment_args(command)).about(about)
}

fn flags(target: &Target, schema: &Value) -> Vec<Flag> {
    let flag = |name: &&str| {
        let parameter = &schema["properties"][*name];
        let long = name.replace('_', "-");
        let long = if OPTIONS.contains(&long.as_str()) {
            format!("input.{long}")
        } else {
            long
        };
        let is_required = schema["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|known| known == *name));
        Flag {
            name: (*name).to_owned(),
            long,
            kind: kind(schema, parameter),
            help: help(schema, parameter, is_required),
        }
    };
    target.method.parameters.iter().map(flag).collect()
}

/// The description, the type, the choices and the default of a parameter.
fn help(root: &Value, parameter: &Value, is_required: bool) -> String {
    let resolved = resolve(root, parameter);
    let text = |key: &str| parameter[key].as_str().or_else(|| resolved[key].as_str());
    let mut notes = Vec::new();
    if let Some(kind) = text("type") {
        notes.push(kind.to_owned());
    }
    let choices = choices(resolved);
    if !choices.is_empty() {
        notes.push(choices.join(" | "));
    }
    match parameter.get("default") {
        Some(default) => notes.push(format!("default: {}", plain(default))),
        None if is_required => notes.push("required".to_owned()),
        None => {}
    }
    let description = text("description").unwrap_or_default();
    let notes = notes.join("; ");
    match (description.is_empty(), notes.is_empty()) {
        (true, _) => format!("[{notes}]"),
        (false, true) => description.to_owned(),
        (false, false) => format!("{description} [{notes}]"),
    }
}

/// The values that an enumeration takes; none where it is no enumeration.
fn choices(schema: &Value) -> Vec<String> {
    let own = schema["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .chain(schema.get("const"));
    let branches = schema["oneOf"].as_array().into_iter().flatten();
    own.map(plain).chain(branches.flat_map(choices)).collect()
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Follows a `$ref` inside of the schema; schemars writes no chains of more than a few.
fn resolve<'a>(root: &'a Value, mut schema: &'a Value) -> &'a Value {
    for _ in 0..8 {
        let reference = schema["$ref"]
            .as_str()
            .and_then(|reference| reference.strip_prefix('#'));
        match reference.and_then(|pointer| root.pointer(pointer)) {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

/// How the text behind a flag is read: text where the schema takes nothing but strings, and null beside them.
fn kind(root: &Value, schema: &Value) -> Kind {
    let mut types = Vec::new();
    types_of(root, schema, 0, &mut types);
    types.retain(|kind| kind != "null");
    types.sort();
    types.dedup();
    match types
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["string"] => Kind::Text,
        ["boolean"] => Kind::Switch,
        _ => Kind::Json,
    }
}

/// Collects the types that a schema takes; `any` where it does not say.
fn types_of(root: &Value, schema: &Value, depth: usize, types: &mut Vec<String>) {
    let schema = resolve(root, schema);
    let branches = ["anyOf", "oneOf"]
        .iter()
        .find_map(|keyword| schema[keyword].as_array());
    let kind_of = |value: &Value| match value {
        Value::String(_) => "string",
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) | Value::Array(_) | Value::Object(_) => "any",
    };
    match (&schema["type"], branches) {
        (Value::String(kind), _) => types.push(kind.clone()),
        (Value::Array(kinds), _) => {
            types.extend(kinds.iter().filter_map(Value::as_str).map(str::to_owned))
        }
        (_, Some(branches)) if depth < 8 => {
            branches
                .iter()
                .for_each(|branch| types_of(root, branch, depth + 1, types));
        }
        _ => match (schema["enum"].as_array(), schema.get("const")) {
            (Some(values), _) => types.extend(values.iter().map(|value| kind_of(value).to_owned())),
            (None, Some(value)) => types.push(kind_of(value).to_owned()),
            (None, None) => types.push("any".to_owned()),
        },
    }
}

/// The parameter object; what is JSON already goes in as it was written, digit by digit.
fn object(given: &[(&Flag, &String)]) -> Result<Vec<u8>, Failure> {
    let mut entries = Vec::new();
    for (flag, text) in given {
        let value = match flag.kind {
            Kind::Text => quoted(text),
            Kind::Json | Kind::Switch => json(flag, text)?,
        };
        entries.push(format!("{}:{value}", quoted(&flag.name)));
    }
    Ok(format!("{{{}}}", entries.join(",")).into_bytes())
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// JSON as it was written; a word that is none is a string, but what looks like JSON has to be it.
fn json(flag: &Flag, text: &str) -> Result<String, Failure> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) => Ok(raw.get().to_owned()),
        Err(fault) if text.starts_with(['{', '[', '"']) => {
            let message = format!("the value of `--{}` is not JSON: {fault}", flag.long);
            Err(CallError::invalid_parameter(message)
                .pointer(format!("/{}", flag.name))
                .into())
        }
        Err(_) => Ok(quoted(text)),
    }
}

/// The value of `--input`: JSON, a file or stdin; at most what a call may take and one byte more.
fn read(input: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let most = limit::JSON_BYTES as u64 + 1;
    let outcome = match (input, input.strip_prefix('@')) {
        ("-", _) => std::io::stdin()
            .lock()
            .take(most)
            .read_to_end(&mut bytes)
            .map_err(|fault| ("stdin", fault)),
        (_, Some(path)) => std::fs::File::open(path)
            .and_then(|file| file.take(most).read_to_end(&mut bytes))
            .map_err(|fault| (path, fault)),
        (json, None) => {
            bytes.extend_from_slice(json.as_bytes());
            Ok(0)
        }
    };
    match outcome {
        Ok(_) => Ok(bytes),
        Err((from, fault)) => {
            let message = format!("cannot read the input from `{from}`: {fault}");
            Err(CallError::invalid_parameter(message).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_of_call_is_known_by_name() {
        let command = Globals::augment_args(CallOptions::augment_args(clap::Command::new("")));
        let mut names: Vec<&str> = command
            .get_arguments()
            .filter_map(Arg::get_long)
            .chain(["help"])
            .collect();
        names.sort_unstable();
        assert_eq!(names, OPTIONS);
    }

    #[test]
    fn the_schema_says_how_text_is_read() {
        let root = serde_json::json!({ "$defs": {
            "Key": { "type": "string" },
            "Mood": { "oneOf": [{ "const": "polite" }, { "enum": ["short", "none"] }] },
        } });
        let check =
            |schema: Value, expected: Kind| assert_eq!(kind(&root, &schema), expected, "{schema}");
        check(serde_json::json!({ "type": "string" }), Kind::Text);
        check(
            serde_json::json!({ "type": ["string", "null"] }),
            Kind::Text,
        );
        check(serde_json::json!({ "$ref": "#/$defs/Key" }), Kind::Text);
        check(
            serde_json::json!({ "anyOf": [{ "$ref": "#/$defs/Mood" }, { "type": "null" }] }),
            Kind::Text,
        );
        check(serde_json::json!({ "type": "boolean" }), Kind::Switch);
        check(
            serde_json::json!({ "type": ["boolean", "null"] }),
            Kind::Switch,
        );
        check(serde_json::json!({ "type": "integer" }), Kind::Json);
        check(
            serde_json::json!({ "type": ["string", "integer"] }),
            Kind::Json,
        );
        check(serde_json::json!(true), Kind::Json);
        check(serde_json::json!({}), Kind::Json);
    }
}
