//! Random graphs give what a naive evaluator computes, failures included.

use proptest::prelude::*;
use serde_json::{Value, json};
use weldkit::testing::TestHost;

use super::with;

/// Where an operand comes from.
#[derive(Debug, Clone)]
enum Operand {
    Input,
    Step(usize),
    Constant(i64),
}

/// What happens when the step fails.
#[derive(Debug, Clone)]
enum Policy {
    Fail,
    Skip,
    Default(i64),
}

#[derive(Debug, Clone)]
struct Planned {
    left: Operand,
    right: Operand,
    /// It calls a service that always fails, of which `left` is the input.
    fails: bool,
    policy: Policy,
}

/// The value of a step; nothing where it failed and counts as not there, an error where the whole fails.
fn naive(steps: &[Planned], x: i64) -> Result<i64, ()> {
    let mut values: Vec<Option<i64>> = Vec::new();
    for step in steps {
        let operand = |operand: &Operand| match operand {
            Operand::Input => Some(x),
            Operand::Constant(value) => Some(*value),
            Operand::Step(index) => match (&values[*index], &steps[*index].policy) {
                (Some(value), _) => Some(*value),
                (None, Policy::Default(value)) => Some(*value),
                (None, _) => None,
            },
        };
        // The left one must be there; the right one is 0 where it is left out.
        let left = operand(&step.left);
        let right = operand(&step.right).unwrap_or(0);
        values.push(match (step.fails, left) {
            (false, Some(left)) => Some(left + right),
            (true, _) if matches!(step.policy, Policy::Fail) => return Err(()),
            (true, _) => None,
            (false, None) => unreachable!("the generator lets nothing required be skipped"),
        });
    }
    // All steps are in the result as their sum.
    Ok(steps
        .iter()
        .zip(&values)
        .map(|(step, value)| {
            value.unwrap_or(match step.policy {
                Policy::Default(value) => value,
                Policy::Fail | Policy::Skip => 0,
            })
        })
        .sum())
}

fn toml(steps: &[Planned]) -> String {
    let mut toml =
        "[slots]\ndesk = { service = 'desk' }\nflaky = { service = 'flaky' }\n[methods.run]\n"
            .to_owned();
    let ports: Vec<String> = (0..steps.len())
        .map(|index| {
            format!(
                "s{index} = 's{index}{}'",
                if steps[index].fails { "" } else { "#/value" }
            )
        })
        .collect();
    toml.push_str(&format!(
        "result = {{ {} }}\nmap = '[.[]] | add // 0'\n",
        ports.join(", ")
    ));
    let mut bindings = String::new();
    toml.push_str("[methods.run.steps]\n");
    for (index, step) in steps.iter().enumerate() {
        let (call, left) = if step.fails {
            ("flaky.scale", "value")
        } else {
            ("desk.add", "a")
        };
        let mut constants = Vec::new();
        let mut operand = |operand: &Operand, name: &str| match operand {
            Operand::Constant(value) => constants.push(format!("{name} = {value}")),
            Operand::Input => bindings.push_str(&format!(
                "[[methods.run.bindings]]\nfrom = 'input#/x'\nto = 's{index}#/{name}'\n"
            )),
            Operand::Step(from) => {
                let field = if steps[*from].fails { "" } else { "#/value" };
                bindings.push_str(&format!(
                    "[[methods.run.bindings]]\nfrom = 's{from}{field}'\nto = 's{index}#/{name}'\n"
                ));
            }
        };
        operand(&step.left, left);
        if !step.fails {
            operand(&step.right, "b");
        }
        let policy = match &step.policy {
            Policy::Fail => "'fail'".to_owned(),
            Policy::Skip => "'skip'".to_owned(),
            Policy::Default(value) => format!("{{ default = {value} }}"),
        };
        toml.push_str(&format!(
            "s{index} = {{ call = '{call}', with = {{ {} }}, on_failure = {policy} }}\n",
            constants.join(", ")
        ));
    }
    toml + &bindings
}

fn operand(before: usize) -> impl Strategy<Value = Operand> {
    prop_oneof![
        Just(Operand::Input),
        (-100_i64..100).prop_map(Operand::Constant),
        (0..before.max(1)).prop_map(move |index| if before == 0 {
            Operand::Input
        } else {
            Operand::Step(index)
        }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Planned>> {
    let policy = || {
        prop_oneof![
            Just(Policy::Fail),
            Just(Policy::Skip),
            (-9_i64..9).prop_map(Policy::Default)
        ]
    };
    let step = move |index: usize| {
        (
            operand(index),
            operand(index),
            prop::bool::weighted(0.25),
            policy(),
        )
            .prop_map(|(left, right, fails, policy)| Planned {
                left,
                right,
                fails,
                policy,
            })
    };
    (1_usize..9).prop_flat_map(move |count| (0..count).map(step).collect::<Vec<_>>()).prop_map(|mut steps| {
        for index in 0..steps.len() {
            // What must be there is not bound to what may be skipped: the check would refuse it.
            let skipped = |operand: &Operand| matches!(operand, Operand::Step(from) if matches!(steps[*from].policy, Policy::Skip));
            if skipped(&steps[index].left) {
                steps[index].left = Operand::Input;
            }
        }
        steps
    })
}

#[test]
fn random_graphs_give_what_a_naive_evaluator_computes() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    proptest!(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() }, |(steps in steps(), x in -1000_i64..1000)| {
        let text = toml(&steps);
        let answer = runtime.block_on(async {
            let host = TestHost::new(|host| with(host.settings("flaky", json!({"mood": "fail"})), "calc", &text)).await.unwrap();
            let answer: Result<Value, _> = host.call("calc.run", &json!({ "x": x }).to_string()).await;
            let answer = match answer {
                // A graph that reads no input takes none.
                Err(error) if error.code().as_str() == "unknown_parameter" => host.call("calc.run", "{}").await,
                answer => answer,
            };
            host.stop().await.unwrap();
            answer
        });
        match (naive(&steps, x), answer) {
            (Ok(wanted), Ok(given)) => prop_assert_eq!(given, json!(wanted), "{}", text),
            (Err(()), Err(error)) => prop_assert_eq!(error.code().as_str(), "unavailable", "{}", text),
            (wanted, given) => prop_assert!(false, "{wanted:?} and {given:?} of\n{text}"),
        }
    });
}
