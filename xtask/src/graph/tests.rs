//! The graph check on plugins that were never compiled.

use super::*;
use crate::metadata::tests::plugin;

struct Case {
    chosen: Vec<PluginMetadata>,
    known: Vec<PluginMetadata>,
    given: &'static [(&'static str, &'static str)],
    preferred: &'static [(&'static str, &'static str)],
}

impl Case {
    fn new(chosen: Vec<PluginMetadata>) -> Self {
        Self {
            chosen,
            known: Vec::new(),
            given: &[],
            preferred: &[],
        }
    }

    fn graph(&self) -> Graph<'_> {
        let map = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect()
        };
        Graph {
            chosen: self.chosen.iter().collect(),
            known: self.chosen.iter().chain(&self.known).collect(),
            elsewhere: Vec::new(),
            choices: Choices {
                given: map(self.given),
                preferred: map(self.preferred),
            },
            framework: Some(semver::Version::new(0, 1, 4)),
        }
    }

    fn messages(&self) -> Vec<String> {
        self.graph()
            .check()
            .into_iter()
            .map(|problem| problem.message)
            .collect()
    }
}

fn report() -> PluginMetadata {
    plugin(
        "report",
        &["report@1.0.0"],
        &["storage@^1.0.0", "validation@^1.0.0?"],
    )
}

fn redb() -> PluginMetadata {
    plugin("storage-redb", &["storage@1.2.0"], &[])
}

fn memory() -> PluginMetadata {
    plugin("storage-memory", &["storage@1.0.0"], &[])
}

#[test]
fn a_whole_graph_has_no_problems() {
    assert!(Case::new(vec![report(), redb()]).messages().is_empty());
}

#[test]
fn what_the_host_provides_itself_is_not_asked_of_plugins() {
    let otlp = plugin("otlp", &["otlp@1.0.0"], &["weldkit.monitoring@^1.0.0"]);
    assert!(Case::new(vec![otlp]).messages().is_empty());
}

#[test]
fn a_missing_service_names_its_suppliers_and_the_exact_command() {
    let case = Case {
        known: vec![memory(), redb()],
        preferred: &[("storage", "storage-redb")],
        ..Case::new(vec![report()])
    };
    let problems = case.graph().check();
    assert_eq!(
        problems,
        [Problem::new(
            "`report` requires the service `storage` ^1.0.0, and no chosen plugin provides it"
        )
        .help("`storage-redb` provides it: cargo xtask build --plugins report,storage-redb")
        .help("`storage-memory` provides it: cargo xtask build --plugins report,storage-memory")]
    );
}

#[test]
fn a_supplier_outside_the_application_is_one_command_away() {
    let (chosen, far) = (report(), redb());
    let graph = Graph {
        chosen: vec![&chosen],
        elsewhere: vec![&far],
        ..Graph::default()
    };
    assert_eq!(
        graph.check()[0].help,
        ["`storage-redb` provides it: cargo xtask add weldkit-storage-redb"]
    );
}

#[test]
fn another_line_of_a_service_is_named_with_its_provider() {
    let old = plugin("storage-old", &["storage@2.0.0"], &[]);
    let messages = Case::new(vec![report(), old]).messages();
    assert_eq!(
        messages,
        ["`report` requires the service `storage` ^1.0.0, but `storage-old` provides 2.0.0"]
    );
}

#[test]
fn an_optional_service_may_be_missing_but_not_of_another_line() {
    let wrong = plugin("validation", &["validation@3.0.0"], &[]);
    let messages = Case::new(vec![report(), redb(), wrong]).messages();
    assert_eq!(
        messages,
        ["`report` requires the service `validation` ^1.0.0, but `validation` provides 3.0.0"]
    );
}

#[test]
fn several_providers_need_a_choice_and_an_absent_preference_means_nothing() {
    let chosen = || vec![report(), memory(), redb()];
    let ambiguous =
        "the service `storage` 1 has several providers: `storage-memory`, `storage-redb`";
    assert_eq!(Case::new(chosen()).messages(), [ambiguous]);
    let absent = Case {
        preferred: &[("storage", "storage-s3")],
        ..Case::new(chosen())
    };
    assert_eq!(absent.messages(), [ambiguous]);
    let preferred = Case {
        preferred: &[("storage", "storage-redb")],
        ..Case::new(chosen())
    };
    assert!(preferred.messages().is_empty());
    let given = Case {
        given: &[("storage", "storage-memory")],
        ..Case::new(chosen())
    };
    assert!(given.messages().is_empty());
}

#[test]
fn a_given_choice_must_be_there_and_fit() {
    let case = Case {
        given: &[("storage", "storage-s3"), ("report.storage", "report")],
        ..Case::new(vec![report(), redb()])
    };
    assert_eq!(
        case.messages(),
        [
            "`[services] report.storage` names `report`, which does not provide `storage`",
            "`[services] storage` names `storage-s3`, which is not in this build",
        ]
    );
}

#[test]
fn a_cycle_is_shown_with_its_path_once() {
    let a = plugin("a", &["a@1.0.0"], &["c@^1"]);
    let b = plugin("b", &["b@1.0.0"], &["a@^1"]);
    let c = plugin("c", &["c@1.0.0"], &["b@^1"]);
    let messages = Case::new(vec![b, a, c]).messages();
    assert_eq!(messages, ["plugins wait for each other: a -> c -> b -> a"]);
    let own = plugin("own", &["own@1.0.0"], &["own@^1"]);
    assert_eq!(
        Case::new(vec![own]).messages(),
        ["plugins wait for each other: own -> own"]
    );
}

#[test]
fn every_problem_is_reported_at_once() {
    let mut skewed = plugin("skewed", &[], &[]);
    skewed.requirements.weldkit_version = "^0.3.0".parse().unwrap();
    let messages = Case::new(vec![report(), memory(), memory(), skewed]).messages();
    assert_eq!(
        messages,
        [
            "two plugins are called `storage-memory`: weldkit-storage-memory, weldkit-storage-memory",
            "`skewed` 0.1.0 is made for weldkit ^0.3.0, and this application has 0.1.4",
        ]
    );
}

#[test]
fn completing_adds_what_is_clear_and_leaves_what_is_not() {
    let case = Case {
        known: vec![
            memory(),
            redb(),
            plugin("validation", &["validation@1.0.0"], &[]),
        ],
        ..Case::new(vec![report()])
    };
    let ids = |graph: Graph<'_>| -> Vec<String> {
        graph
            .chosen
            .iter()
            .map(|plugin| plugin.id.clone())
            .collect()
    };
    assert_eq!(ids(case.graph().complete(&BTreeSet::new())), ["report"]);
    let clear = Case {
        preferred: &[("storage", "storage-redb")],
        ..case
    };
    assert_eq!(
        ids(clear.graph().complete(&BTreeSet::new())),
        ["report", "storage-redb"]
    );
    let limited = BTreeSet::from(["validation".to_owned()]);
    assert_eq!(
        ids(clear.graph().complete(&limited)),
        ["report", "storage-redb", "validation"]
    );
}
