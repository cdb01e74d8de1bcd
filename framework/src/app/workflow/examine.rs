//! `workflow check`: everything that is wrong with documents, and what is not proven of them.

use serde_json::{Value, json};

use super::read;
use crate::app::args::Documents;
use crate::app::failure::{Failure, REFUSED, Refusal};
use crate::app::output::{envelope, table, unproven};
use crate::app::session::Session;
use crate::error::Problem;
use crate::orchestration::{Report, Shares, Surroundings, check};
use crate::security::{Policy, Principal};

/// On whose behalf `workflow run` and `workflow start` run a workflow.
const RUNS_AS: &str = "operator";

pub(super) fn run(session: &Session, with: &Documents) -> Result<u8, Failure> {
    let services = session.services();
    let loaded = session.load();
    // Grants that are wrong are told by `check`.
    let policy = Policy::new(loaded.config.permissions()).unwrap_or_default();
    let principal = with.principal.as_deref().unwrap_or(RUNS_AS);
    let around = Surroundings {
        services: &services,
        principal,
        holds: &|permission| policy.holds(&Principal::named(principal), permission),
        supply: &|service| session.supply(service),
    };
    let (mut reports, mut refusal) = (Vec::new(), Refusal::default());
    for file in &with.files {
        match read(file) {
            Ok(text) => reports.push((file, check(&text, file, &around))),
            Err(Failure::Refused(unread)) => refusal.graph.extend(unread.graph),
            Err(failure) => return Err(failure),
        }
    }
    let all = reports.iter().map(|(_, report)| report);
    refusal.graph.extend(
        all.clone()
            .flat_map(|report| report.problems.iter().cloned()),
    );
    let open: Vec<&Problem> = all.clone().flat_map(|report| &report.open).collect();
    let shares = all.fold(Shares::default(), |sum, report| sum.plus(report.answers));
    let text = || {
        let mut text = refusal.text(false);
        for problem in &open {
            text.push_str(&unproven(problem, with.strict));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&overview(&reports, with.strict));
        text
    };
    let json = || {
        let of_file = |(file, report): &(&String, Report)| {
            json!({
                "file": file,
                "workflow": report.workflow.as_ref().map(ToString::to_string),
                "answers": report.answers,
            })
        };
        let workflows: Vec<Value> = reports.iter().map(of_file).collect();
        envelope([
            ("workflows", json!(workflows)),
            ("answers", json!(shares)),
            ("problems", refusal.list()),
            ("open", json!(open)),
        ])
    };
    session.output.either(text, json)?;
    let is_fine = refusal.is_empty() && (open.is_empty() || !with.strict);
    Ok(if is_fine { 0 } else { REFUSED })
}

fn overview(reports: &[(&String, Report)], is_strict: bool) -> String {
    let row = |(file, report): &(&String, Report)| {
        let is_refused = !report.problems.is_empty() || (is_strict && !report.open.is_empty());
        let workflow = report.workflow.as_ref().map(ToString::to_string);
        let Shares {
            yes,
            no,
            may_fail,
            unknown,
        } = report.answers;
        [
            (*file).clone(),
            workflow.unwrap_or_default(),
            if is_refused { "refused" } else { "fine" }.to_owned(),
            yes.to_string(),
            no.to_string(),
            may_fail.to_string(),
            unknown.to_string(),
        ]
    };
    let head = [
        "FILE", "WORKFLOW", "CHECK", "YES", "NO", "MAY FAIL", "UNKNOWN",
    ];
    table(head, reports.iter().map(row))
}
