//! The plainest reading of a program: by recursion, one thing after the other.

use serde_json::{Value, json};

use super::program::{Node, Program};

/// How something has ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ended {
    Value(Value),
    /// The run is over.
    End(Value),
    /// With a status.
    Error(u16),
}

pub(super) struct Expected {
    pub(super) ended: Ended,
    /// Calls, unless a fork was left while other branches were on their way.
    pub(super) calls: Option<u64>,
}

struct State {
    context: Option<i64>,
    elements: Vec<i64>,
    calls: u64,
    is_certain: bool,
}

pub(super) fn interpret(program: &Program, input: &Value) -> Expected {
    let mut state = State {
        context: None,
        elements: Vec::new(),
        calls: 0,
        is_certain: true,
    };
    let ended = state.list(&program.0, input);
    Expected {
        ended,
        calls: state.is_certain.then_some(state.calls),
    }
}

fn number(value: &Value) -> i64 {
    value["n"].as_i64().expect("it is a number")
}

fn add(value: &Value, by: i64) -> Value {
    let mut seen = value["seen"].as_array().expect("it is a list").clone();
    seen.push(json!(by));
    json!({"n": number(value) + by, "seen": seen})
}

impl State {
    fn list(&mut self, nodes: &[Node], input: &Value) -> Ended {
        let (mut value, mut place) = (input.clone(), 0);
        while let Some(node) = nodes.get(place) {
            place += 1;
            let node = match node {
                Node::If(below, _) if number(&value) >= *below => continue,
                Node::If(_, inner) => inner,
                node => node,
            };
            if let Some(skip) = skipped(node, &value) {
                place += skip;
                continue;
            }
            match self.node(node, &value) {
                Ended::Value(given) => value = given,
                ended => return ended,
            }
        }
        Ended::Value(value)
    }

    fn node(&mut self, node: &Node, value: &Value) -> Ended {
        let n = number(value);
        match node {
            Node::Set(by) => Ended::Value(add(value, *by)),
            Node::SetElement => {
                let element = *self.elements.last().expect("it is in a loop");
                Ended::Value(add(value, element))
            }
            Node::SetContext => Ended::Value(add(value, self.context.unwrap_or(0))),
            Node::Call { by, limit } => {
                self.calls += 1;
                if n + by > *limit {
                    return Ended::Error(400);
                }
                Ended::Value(json!({"n": n + by, "seen": value["seen"]}))
            }
            Node::Do(body) => self.list(body, value),
            Node::For {
                elements,
                below,
                body,
            } => self.each(elements, *below, body, value),
            Node::Switch { .. } => Ended::Value(value.clone()),
            Node::EndAbove(most) if n > *most => Ended::End(value.clone()),
            Node::EndAbove(_) => Ended::Value(value.clone()),
            Node::Try {
                body,
                status,
                retries,
                handler,
            } => {
                let mut last = None;
                for _ in 0..=*retries {
                    match self.list(body, value) {
                        Ended::Error(found) if status.is_some_and(|status| status != found) => {
                            return Ended::Error(found);
                        }
                        Ended::Error(found) => last = Some(found),
                        ended => return ended,
                    }
                }
                match (handler, last) {
                    (Some(handler), _) => self.list(handler, value),
                    (None, Some(last)) if *retries > 0 => Ended::Error(last),
                    (None, _) => Ended::Value(value.clone()),
                }
            }
            Node::Raise(status) => Ended::Error(*status),
            Node::Fork(branches) => self.fork(branches, value),
            Node::Compete(sums) => Ended::Value(add(value, sums[0])),
            Node::If(..) => unreachable!("a list takes it apart"),
            Node::Export => {
                self.context = Some(n);
                Ended::Value(value.clone())
            }
        }
    }

    fn each(&mut self, elements: &[i64], below: i64, body: &[Node], input: &Value) -> Ended {
        let mut value = input.clone();
        for element in elements {
            if number(&value) >= below {
                break;
            }
            self.elements.push(*element);
            let ended = self.list(body, &value);
            self.elements.pop();
            match ended {
                Ended::Value(given) => value = given,
                ended => return ended,
            }
        }
        Ended::Value(value)
    }

    fn fork(&mut self, branches: &[Node], value: &Value) -> Ended {
        let (mut sum, mut seen) = (0, Vec::new());
        for branch in branches {
            match self.list(std::slice::from_ref(branch), value) {
                Ended::Value(given) => {
                    sum += number(&given);
                    seen.extend(given["seen"].as_array().expect("it is a list").clone());
                }
                ended => {
                    // The others may have been on their way.
                    self.is_certain &= branches.len() == 1;
                    return ended;
                }
            }
        }
        Ended::Value(json!({"n": sum, "seen": seen}))
    }
}

/// How many tasks a switch skips.
fn skipped(node: &Node, value: &Value) -> Option<usize> {
    match node {
        Node::Switch { below, skip } if number(value) < *below => Some(*skip),
        _ => None,
    }
}
