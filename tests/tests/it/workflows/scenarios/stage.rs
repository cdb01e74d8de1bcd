//! One scenario on a host of its own, in time that the scenario moves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use weldkit::event::{Subscriber, Subscription};
use weldkit::orchestration::definition::DefinitionId;
use weldkit::orchestration::{Status, Terms};
use weldkit::testing::TestHost;

use crate::workflows::gherkin::{Line, Scenario, yaml};
use crate::workflows::tally::Tallies;

/// What a scenario is given before anything starts.
#[derive(Default)]
struct Given {
    document: String,
    other: Option<String>,
    input: Option<Value>,
    secret: Option<(String, String)>,
}

pub(super) async fn play(scenario: &Scenario) {
    let mut given = Given::default();
    let mut stage: Option<Stage> = None;
    for line in &scenario.lines {
        match (&*line.text, &mut stage) {
            ("the workflow is executed" | "the workflow is started", None) => {
                let mut begun = Stage::begin(&given).await;
                if line.text.ends_with("executed") {
                    begun.ended().await;
                }
                stage = Some(begun);
            }
            (_, None) => given.take(line),
            (_, Some(stage)) => stage.step(line, &given).await,
        }
    }
    let stage = stage.expect("a scenario executes its workflow");
    stage.test.stop().await.unwrap();
}

impl Given {
    fn take(&mut self, line: &Line) {
        let block = || line.block.clone().expect("the step has a text");
        match &*line.text {
            "a workflow with definition:" => self.document = block(),
            "another workflow with definition:" => self.other = Some(block()),
            "given the workflow input is:" => self.input = Some(yaml(&block())),
            text => {
                let secret = text.strip_prefix("the secret ");
                let secret = secret.and_then(|text| text.split_once(" is "));
                let (name, value) = secret.unwrap_or_else(|| unknown(text));
                self.secret = Some((name.to_owned(), value.to_owned()));
            }
        }
    }
}

fn unknown(text: &str) -> ! {
    panic!("the step `{text}` is not known");
}

/// What was told of one task.
#[derive(Debug, Default)]
struct Told {
    /// Where in the order of all starts it began.
    started: Vec<usize>,
    completed: usize,
    faulted: usize,
}

struct Stage {
    test: TestHost,
    events: Subscriber,
    other: Option<DefinitionId>,
    /// The run, or why there is none.
    run: Result<String, String>,
    tasks: BTreeMap<String, Told>,
    starts: usize,
    kinds: Vec<String>,
}

impl Stage {
    async fn begin(given: &Given) -> Self {
        let test = TestHost::new(|host| {
            let host = host.plugin::<Tallies>();
            match &given.secret {
                Some((name, value)) => host.secret(name, value),
                None => host,
            }
        });
        let test = test.await.unwrap();
        let lifecycle = Subscription::new("scenario").kind("io.serverlessworkflow.*");
        let events = test.events().subscribe(lifecycle.capacity(4_096)).unwrap();
        let register = |text: &str| match test.workflows().register(text, "scenario.yaml") {
            Ok(id) => id,
            Err(problems) => panic!("{problems:#?}"),
        };
        let other = given.other.as_deref().map(register);
        let id = register(&given.document);
        let terms = Terms {
            input: given.input.clone().unwrap_or_else(|| json!({})),
            ..Terms::default()
        };
        let run = test.workflows().start(&test.ctx(), &id, terms).await;
        Self {
            run: run.map(|run| run.run).map_err(|error| error.to_string()),
            test,
            events,
            other,
            tasks: BTreeMap::new(),
            starts: 0,
            kinds: Vec::new(),
        }
    }

    fn run(&self) -> &str {
        self.run.as_deref().expect("it was started")
    }

    async fn status(&self) -> Status {
        self.test.workflows().status(self.run()).await.unwrap()
    }

    async fn ended(&mut self) -> Option<Status> {
        let run = self.run.clone().ok()?;
        let ended = self.test.workflows().wait(&run).await.unwrap();
        while self.kinds.last().is_none_or(|kind| !is_end(kind)) {
            let event = self.events.next().await.expect("the end of a run is told");
            let event = serde_json::to_value(&*event).unwrap();
            self.hear(&event, &run);
        }
        Some(ended)
    }

    /// Takes a lifecycle event of the run.
    fn hear(&mut self, event: &Value, run: &str) {
        if event["subject"] != json!(run) {
            return;
        }
        let kind = event["type"].as_str().unwrap().to_owned();
        if let Some(name) = event["data"]["name"].as_str() {
            let task = self.tasks.entry(name.to_owned()).or_default();
            match &*kind {
                "io.serverlessworkflow.task.started.v1" => {
                    task.started.push(self.starts);
                    self.starts += 1;
                }
                "io.serverlessworkflow.task.completed.v1" => task.completed += 1,
                "io.serverlessworkflow.task.faulted.v1" => task.faulted += 1,
                _ => {}
            }
        }
        self.kinds.push(kind);
    }

    async fn step(&mut self, line: &Line, given: &Given) {
        let text = &*line.text;
        if let Some(taken) = text.strip_prefix("the event is ") {
            let event = yaml(line.block.as_deref().expect("the step has a text"));
            let signalled = self.test.workflows().signal(self.run(), event).await;
            assert_eq!(signalled.unwrap(), taken == "taken:", "{text}");
        } else if let Some(place) = text.strip_prefix("it waits at ") {
            self.waits_at(place).await;
        } else if let Some(span) = text.strip_suffix(" pass") {
            self.test.clock().advance(duration(span));
        } else if let Some(what) = text.strip_prefix("it is ") {
            let (workflows, run) = (self.test.workflows(), self.run());
            match what {
                "paused" => workflows.pause(run).await.unwrap(),
                "resumed" => workflows.resume(run).await.unwrap(),
                "cancelled" => workflows.cancel(run, "enough").await.unwrap(),
                _ => unknown(text),
            };
        } else if text == "the other workflow is executed" {
            let other = self.other.clone().expect("there is another one");
            let (workflows, ctx) = (self.test.workflows(), self.test.ctx());
            let started = workflows.start(&ctx, &other, Terms::default()).await;
            workflows.wait(&started.unwrap().run).await.unwrap();
        } else if text == "time passes until it ends" {
            self.let_time_pass().await;
        } else if let Some(what) = text.strip_prefix("the workflow should ") {
            self.should(what, line).await;
        } else {
            self.check(text, given).await;
        }
    }

    async fn waits_at(&self, place: &str) {
        let mut watching = self.test.workflows().watch(self.run()).unwrap();
        let is_there = |key: &String| {
            let rest = key.strip_prefix(place);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['@', '#', '!']))
        };
        let waits = watching.wait_for(|status| status.waiting.iter().any(is_there));
        waits.await.unwrap();
    }

    /// Moves the time to the end of each wait, as they come.
    async fn let_time_pass(&self) {
        let mut moved = BTreeSet::new();
        loop {
            let status = self.status().await;
            if status.is_over() {
                return;
            }
            let waits = self.waits().await;
            // Each wait once: its end may not have been seen yet.
            let open = |(key, _, _): &&(String, u64, u64)| {
                status.waiting.contains(key) && !moved.contains(key)
            };
            match waits.iter().find(open) {
                Some((key, _, length)) => {
                    moved.insert(key.clone());
                    self.test.clock().advance(Duration::from_millis(*length));
                }
                // What undoes has pauses of its own.
                None if status.state == "compensating" => {
                    self.test.clock().advance(Duration::from_millis(50));
                }
                None => {}
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The waits of the run so far: their keys, when they began, and how long they are.
    async fn waits(&self) -> Vec<(String, u64, u64)> {
        let history = self.test.workflows().history(self.run()).await.unwrap();
        let due = history.iter().filter(|entry| entry["is"] == "due");
        let wait = due.map(|entry| {
            let number = |name: &str| entry[name].as_u64().unwrap();
            let length = number("at") - number("at_ms");
            let key = entry["key"].as_str().unwrap().to_owned();
            (key, number("at_ms"), length)
        });
        wait.collect()
    }

    async fn should(&mut self, what: &str, line: &Line) {
        let block = || yaml(line.block.as_deref().expect("the step has a text"));
        match what {
            "be running" | "be paused" => {
                assert_eq!(self.status().await.state, what.trim_start_matches("be "));
                return;
            }
            _ => {}
        }
        if let Some(words) = what.strip_prefix("be refused with: ") {
            let refused = self.run.as_ref().unwrap_err();
            assert!(refused.contains(words), "{refused}");
            return;
        }
        let ended = self.ended().await.unwrap();
        let state = |state: &str| assert_eq!(ended.state, state, "{:?}", ended.error);
        if what == "complete" {
            state("completed");
        } else if what == "complete with output:" {
            state("completed");
            assert_eq!(ended.output, Some(block()));
        } else if what == "fault with error:" {
            state("faulted");
            assert_eq!(ended.error, Some(block()));
        } else if let Some(status) = what.strip_prefix("fault with status ") {
            state("faulted");
            let status: u16 = status.parse().unwrap();
            let error = ended.error.unwrap();
            assert_eq!(error["status"], json!(status), "{error}");
        } else if what == "be cancelled" || what == "be parked" {
            state(what.trim_start_matches("be "));
        } else {
            unknown(what);
        }
    }

    async fn check(&mut self, text: &str, given: &Given) {
        let call = async |method: &str, input: Value| {
            let answer = self.test.call(method, &input.to_string()).await;
            answer.unwrap()
        };
        if let Some((name, sum)) = middle(text, "the tally of ", " should be ") {
            let sum: i64 = sum.parse().unwrap();
            assert_eq!(call("tally.look", json!({"name": name})).await, json!(sum));
        } else if let Some((name, sum)) = middle(text, "the tally of ", " becomes ") {
            let sum: i64 = sum.parse().unwrap();
            while call("tally.look", json!({"name": name})).await != json!(sum) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        } else if let Some((name, count)) = middle(text, "the calls of ", " should be ") {
            let count: u64 = count.parse().unwrap();
            let calls = call("tally.calls", json!({"name": name})).await;
            assert_eq!(calls, json!(count));
        } else if let Some(words) = text.strip_prefix("the log should be ") {
            let words: Vec<&str> = words.split(' ').collect();
            assert_eq!(call("tally.log", json!({})).await, json!(words));
        } else if let Some(words) = text.strip_prefix("the error should mention: ") {
            let error = self.status().await.error.unwrap().to_string();
            assert!(error.contains(words), "{error}");
        } else if let Some((kind, _)) = middle(text, "the event ", " should be published") {
            assert!(
                self.kinds.iter().any(|heard| heard == kind),
                "{:?}",
                self.kinds
            );
        } else if text == "the secret should not be kept" {
            let (_, secret) = given.secret.as_ref().expect("there is one");
            self.is_nowhere(secret).await;
        } else if text.contains(" waits should last ") || text.starts_with("the waits ") {
            self.lasted(text).await;
        } else {
            self.order(text);
        }
    }

    /// Looks for a text in everything that is kept and shown.
    async fn is_nowhere(&self, secret: &str) {
        let history = self.test.workflows().history(self.run()).await.unwrap();
        let shown = format!("{history:?} {:?} {:?}", self.status().await, self.kinds);
        assert!(!shown.contains(secret), "{shown}");
        let mut files = 0;
        for entry in std::fs::read_dir(self.test.state()).unwrap() {
            let path = entry.unwrap().path();
            let inner = path.is_dir().then(|| std::fs::read_dir(&path).unwrap());
            let inner = inner.into_iter().flatten();
            let paths = inner.map(|entry| entry.unwrap().path());
            for path in paths.chain([path.clone()]).filter(|path| path.is_file()) {
                let bytes = std::fs::read(&path).unwrap();
                let mut windows = bytes.windows(secret.len());
                let is_there = windows.any(|window| window == secret.as_bytes());
                assert!(!is_there, "{}", path.display());
                files += 1;
            }
        }
        assert!(files > 0, "the journal is a file");
    }

    async fn lasted(&self, text: &str) {
        let lengths: Vec<u64> = self.waits().await.iter().map(|wait| wait.2).collect();
        let wanted = text.strip_suffix(" ms").unwrap_or_else(|| unknown(text));
        if let Some((count, range)) = middle(wanted, "the ", " waits should last between ") {
            let (least, most) = range.split_once(" and ").unwrap();
            let range = least.parse::<u64>().unwrap()..=most.parse::<u64>().unwrap();
            assert_eq!(lengths.len().to_string(), count);
            assert!(lengths.iter().all(|ms| range.contains(ms)), "{lengths:?}");
        } else {
            let wanted = wanted.strip_prefix("the waits should last ");
            let wanted: Vec<u64> = wanted
                .unwrap_or_else(|| unknown(text))
                .split(", ")
                .map(|ms| ms.parse().unwrap())
                .collect();
            assert_eq!(lengths, wanted);
        }
    }

    /// In which order tasks ran, how often, and what became of them.
    fn order(&self, text: &str) {
        let none = Told::default();
        let told = |name: &str| self.tasks.get(name).unwrap_or(&none);
        let tasks = &self.tasks;
        let count = |times: &str| times.trim_end_matches(" times").parse::<usize>().unwrap();
        if let Some(task) = text.strip_suffix(" should run first") {
            assert_eq!(told(task).started.first(), Some(&0), "{tasks:?}");
        } else if let Some(task) = text.strip_suffix(" should run last") {
            assert_eq!(
                told(task).started.last(),
                Some(&(self.starts - 1)),
                "{tasks:?}"
            );
        } else if let Some((later, sooner)) = text.split_once(" should run after ") {
            assert!(
                told(sooner).started[0] < told(later).started[0],
                "{tasks:?}"
            );
        } else if let Some((task, times)) = text.split_once(" should run ") {
            assert_eq!(told(task).started.len(), count(times), "{tasks:?}");
        } else if let Some((task, times)) = text.split_once(" should fault ") {
            assert_eq!(told(task).faulted, count(times), "{tasks:?}");
        } else if let Some(task) = text.strip_suffix(" should fault") {
            assert_eq!(told(task).faulted, 1, "{tasks:?}");
        } else if let Some(task) = text.strip_suffix(" should complete") {
            assert_eq!(told(task).completed, 1, "{tasks:?}");
        } else {
            unknown(text);
        }
    }
}

fn is_end(kind: &str) -> bool {
    let words = ["completed", "faulted", "cancelled", "parked"];
    let ends = words.map(|word| format!("io.serverlessworkflow.workflow.{word}.v1"));
    ends.iter().any(|end| end == kind)
}

/// What stands around the middle of a step.
fn middle<'t>(text: &'t str, before: &str, between: &str) -> Option<(&'t str, &'t str)> {
    text.strip_prefix(before)?.split_once(between)
}

/// `3 hours`.
fn duration(span: &str) -> Duration {
    let (count, unit) = span.split_once(' ').expect("a number and a unit");
    let seconds = match unit {
        "seconds" => 1,
        "minutes" => 60,
        "hours" => 3_600,
        "days" => 86_400,
        _ => unknown(span),
    };
    Duration::from_secs(seconds * count.parse::<u64>().unwrap())
}
