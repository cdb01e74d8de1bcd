//! `call`: one call, through the running host if there is one, else through a host in this process.

mod flags;
mod lines;
mod local;
mod parameter;
mod remote;
mod show;

use super::args::{self, Format};
use super::control::Client;
use super::failure::Failure;
use super::output::say;
use super::session::Session;
use super::workers;
use crate::contract::MethodDescriptor;

use flags::Parsed;
use show::Show;

/// What to call.
#[derive(Debug)]
pub(super) struct Target {
    /// `service.method`.
    pub(super) name: String,
    pub(super) service: &'static str,
    pub(super) method: &'static MethodDescriptor,
}

impl Target {
    fn find(session: &Session, name: &str) -> Result<Self, Failure> {
        let found = name.rsplit_once('.').and_then(|(service, method)| {
            let service = session
                .services()
                .into_iter()
                .find(|known| known.name == service)?;
            let method = service.methods.iter().find(|known| known.name == method)?;
            Some((service.name, method))
        });
        let (service, method) = found.ok_or_else(|| session.not_found(name))?;
        Ok(Self {
            name: name.to_owned(),
            service,
            method,
        })
    }
}

pub(super) fn run(session: &Session, call: args::Call) -> Result<u8, Failure> {
    let (name, rest) = flags::split(&call.call)?;
    let target = Target::find(session, name)?;
    let Parsed {
        options,
        globals,
        input,
        lines,
    } = flags::parse(&target, rest, call.options)?;
    let session = &session.with(&globals);
    let show = Show::new(session.output);
    let loaded = session.load();
    let outcome = workers::wait(async {
        match Client::connect(loaded.state()).await? {
            Some(client) => remote::call(client, &target, &options, &input, &show).await,
            None => local::call(loaded, &target, &options, input, &show).await,
        }
    });
    show.bar.finish();
    outcome.or_else(|failure| {
        let code = failure.report(session.output.format);
        if let (Failure::Call(error), Some(lines), Format::Table) =
            (&failure, &lines, session.output.format)
            && let Some(note) = lines::note(lines, error)
        {
            say(&note);
        }
        Ok(code)
    })
}
