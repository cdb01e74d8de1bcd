//! `compose`: the composites of the configuration, whether they fit, and how they look.

use serde_json::{Value, json};

use super::args::{ComposeCommand, DrawnComposite};
use super::failure::{Failure, REFUSED};
use super::output::{envelope, list, table, unproven};
use super::session::Session;
use crate::composition::{Plan, Role, draw};
use crate::contract::MethodKind;
use crate::error::{CallError, Code};
use crate::name;
use crate::orchestration::Shares;

pub(super) fn run(session: &Session, what: &ComposeCommand) -> Result<u8, Failure> {
    match what {
        ComposeCommand::List(_) => overview(session),
        ComposeCommand::Check(_) => check(session),
        ComposeCommand::Graph(with) => graph(session, &with.command),
    }
}

fn overview(session: &Session) -> Result<u8, Failure> {
    let loaded = session.load();
    let plans = loaded.builder.composites();
    let text = || {
        if plans.is_empty() {
            return "no composites: `[composites.NAME]` in the configuration declares one\n"
                .to_owned();
        }
        let rows = plans.iter().map(|plan| {
            let methods: Vec<&str> = plan
                .service
                .methods
                .iter()
                .map(|method| method.name)
                .collect();
            let slots: Vec<String> = plan
                .slots
                .iter()
                .map(|slot| slot_text(&slot.name, slot.service.name, &slot.slot.role))
                .collect();
            [
                plan.service.name.to_owned(),
                plan.service.version.to_string(),
                list(&methods),
                list(&slots),
                plan.service
                    .docs
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            ]
        });
        table(["COMPOSITE", "VERSION", "METHODS", "SLOTS", "DOES"], rows)
    };
    let json = || {
        envelope([(
            "composites",
            plans.iter().map(|plan| report(plan)).collect(),
        )])
    };
    session.output.either(text, json)?;
    Ok(0)
}

fn slot_text(name: &str, service: &str, role: &Role) -> String {
    match role {
        Role::Primary => format!("{name} ({service})"),
        Role::Secondary { of, .. } => format!("{name} ({service}, for {of})"),
        Role::Auxiliary => format!("{name} ({service}, observes)"),
    }
}

fn report(plan: &Plan) -> Value {
    let slots = plan.slots.iter().map(|slot| {
        let role = match &slot.slot.role {
            Role::Primary => "primary",
            Role::Secondary { .. } => "secondary",
            Role::Auxiliary => "auxiliary",
        };
        json!({ "name": slot.name, "service": slot.service.name, "instance": slot.slot.instance, "role": role })
    });
    let methods = plan.service.methods.iter().zip(&plan.graphs).map(|(method, graph)| {
        let steps: Vec<&str> = graph.nodes.iter().map(|node| node.name.as_str()).collect();
        json!({ "name": method.name, "is_stream": method.kind == MethodKind::Stream, "steps": steps })
    });
    json!({
        "name": plan.service.name,
        "version": plan.service.version.to_string(),
        "slots": slots.collect::<Vec<_>>(),
        "methods": methods.collect::<Vec<_>>(),
        "answers": plan.answers,
        "open": plan.open,
    })
}

fn check(session: &Session) -> Result<u8, Failure> {
    let loaded = session.load();
    let refusal = loaded.refusal();
    let plans = loaded.builder.composites();
    if !refusal.is_empty() {
        let problems = refusal.list();
        let fitting: Vec<Value> = plans.iter().map(|plan| report(plan)).collect();
        let json = || envelope([("composites", fitting.into()), ("problems", problems)]);
        session.output.either(|| refusal.text(false), json)?;
        return Ok(REFUSED);
    }
    let text = || {
        let open = plans.iter().flat_map(|plan| &plan.open);
        let mut text: String = open.map(|problem| unproven(problem, false)).collect();
        if !text.is_empty() {
            text.push('\n');
        }
        let rows = plans.iter().map(|plan| {
            let Shares {
                yes,
                may_fail,
                unknown,
                ..
            } = plan.answers;
            let count = |answers: u32| answers.to_string();
            let name = plan.service.name.to_owned();
            [
                name,
                "fits".to_owned(),
                count(yes),
                count(may_fail),
                count(unknown),
            ]
        });
        let head = ["COMPOSITE", "CHECK", "YES", "MAY FAIL", "UNKNOWN"];
        text.push_str(&table(head, rows));
        text
    };
    let json = || {
        envelope([
            (
                "composites",
                plans.iter().map(|plan| report(plan)).collect(),
            ),
            ("problems", json!([])),
        ])
    };
    session.output.either(text, json)?;
    Ok(0)
}

fn graph(session: &Session, wanted: &DrawnComposite) -> Result<u8, Failure> {
    let loaded = session.load();
    let plans = loaded.builder.composites();
    let Some(plan) = plans.iter().find(|plan| plan.service.name == wanted.name) else {
        let known = plans.iter().map(|plan| plan.service.name);
        let help = name::suggest(&wanted.name, known).unwrap_or_else(|| {
            "`compose list` shows them, `compose check` what is wrong".to_owned()
        });
        let message = format!("there is no composite `{}` that fits: {help}", wanted.name);
        return Err(CallError::new(Code::NotFound, message).into());
    };
    let picture = draw(plan).text(wanted.to.into());
    session
        .output
        .either(|| picture.clone(), || envelope([("graph", json!(picture))]))?;
    Ok(0)
}
