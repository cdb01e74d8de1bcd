//! The parameters of a method as flags, made from the schema of its input.

use std::ffi::OsString;
use std::io::Read;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Target;
use super::lines::Lines;
use super::parameter::{Flag, Kind, flags};
use crate::app::args::{CallOptions, Globals};
use crate::app::failure::Failure;
use crate::contract::MethodKind;
use crate::error::CallError;
use crate::{limit, name};

/// The options of `call` itself; a parameter of one of these names is given as `--input.NAME`.
pub(super) const OPTIONS: &[&str] = &[
    "as",
    "config",
    "format",
    "help",
    "input",
    "lines",
    "set",
    "state",
    "timeout",
    #[cfg(feature = "transaction")]
    "transaction",
];

/// What stood on the command line behind the name of the method.
pub(super) struct Parsed {
    pub(super) options: CallOptions,
    pub(super) globals: Globals,
    /// The parameter object as JSON.
    pub(super) input: Vec<u8>,
    /// Which parameter was read from lines.
    pub(super) lines: Option<String>,
}

/// Takes the name of the method apart from what stands behind it.
pub(super) fn split(words: &[OsString]) -> Result<(&str, &[OsString]), Failure> {
    let (first, rest) = words
        .split_first()
        .ok_or_else(|| Failure::usage("write what to call: SERVICE.METHOD"))?;
    let name = first.to_str().filter(|name| !name.starts_with('-'));
    let name = name.ok_or_else(|| {
        let shown = first.to_string_lossy();
        Failure::usage(&format!(
            "`{shown}` stands where SERVICE.METHOD is due; parameters stand behind it"
        ))
    })?;
    Ok((name, rest))
}

/// Reads options and parameters.
pub(super) fn parse(
    target: &Target,
    rest: &[OsString],
    before: CallOptions,
) -> Result<Parsed, Failure> {
    let schema = target.method.input.get().to_value();
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
    let lines = options.lines.as_deref();
    let lines = lines
        .map(|from| Lines::read(target, &flags, from))
        .transpose()?;
    let input = match &options.input {
        Some(_) if !given.is_empty() || lines.is_some() => {
            return Err(Failure::usage(
                "give the parameters either with --input or one by one",
            ));
        }
        Some(input) => read(input)?,
        None => object(&given, lines.as_ref())?,
    };
    Ok(Parsed {
        options,
        globals,
        input,
        lines: lines.map(|lines| lines.parameter),
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
            .value_name(flag.value)
            .allow_negative_numbers(true)
            .action(ArgAction::Set)
            .help_heading("Parameters");
        let argument = match flag.kind {
            Kind::Text | Kind::Json => argument,
            Kind::Switch => argument.num_args(0..=1).default_missing_value("true"),
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

/// The parameter object; what is JSON already goes in as it was written, digit by digit.
fn object(given: &[(&Flag, &String)], lines: Option<&Lines>) -> Result<Vec<u8>, Failure> {
    let mut entries = Vec::new();
    for (flag, text) in given {
        let value = match flag.kind {
            Kind::Text => quoted(text),
            Kind::Json | Kind::Switch => json(flag, text)?,
        };
        entries.push(format!("{}:{value}", quoted(&flag.name)));
    }
    entries.extend(lines.map(|lines| format!("{}:{}", quoted(&lines.parameter), lines.json)));
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
pub(super) fn read(input: &str) -> Result<Vec<u8>, Failure> {
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
}
