//! A program, and the document that says the same.

use serde_json::{Map, Value, json};

/// What a workflow is made of here. A value is `{ n, seen }`: a number, and the tasks that have touched it.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// Adds to the number.
    Set(i64),
    /// Adds the element of the innermost loop.
    SetElement,
    /// Adds what the context holds, if anything.
    SetContext,
    /// Adds by a call that is refused above the limit.
    Call {
        by: i64,
        limit: i64,
    },
    Do(Vec<Node>),
    For {
        elements: Vec<i64>,
        below: i64,
        body: Vec<Node>,
    },
    /// Skips so many of the next tasks while the number is below.
    Switch {
        below: i64,
        skip: usize,
    },
    /// Ends the run once the number is above.
    EndAbove(i64),
    Try {
        body: Vec<Node>,
        status: Option<u16>,
        retries: u64,
        handler: Option<Vec<Node>>,
    },
    Raise(u16),
    Fork(Vec<Node>),
    /// Branches that do not wait: the first wins.
    Compete(Vec<i64>),
    /// Done only while the number is below.
    If(i64, Box<Node>),
    /// Keeps the number in the context.
    Export,
}

#[derive(Debug, Clone)]
pub(super) struct Program(pub(super) Vec<Node>);

/// Where a node is made: what it may do.
#[derive(Clone, Copy)]
struct Place {
    depth: u32,
    /// At most one branch of a fork fails, ends the run or touches the context: else what happens first counts.
    is_alone: bool,
    in_loop: bool,
}

/// Choices, taken from bytes; none are left at the end.
struct Choices<'b>(std::slice::Iter<'b, u8>);

impl Choices<'_> {
    fn next(&mut self, most: u8) -> u8 {
        self.0.next().map_or(0, |byte| byte % (most + 1))
    }

    fn number(&mut self) -> i64 {
        i64::from(self.next(20)) - 5
    }

    fn list(&mut self, place: Place) -> Vec<Node> {
        let count = 1 + self.next(3);
        (0..count).map(|_| self.node(place)).collect()
    }

    fn node(&mut self, place: Place) -> Node {
        let inner = Place {
            depth: place.depth + 1,
            ..place
        };
        let kinds = if place.depth >= 4 { 6 } else { 13 };
        match self.next(kinds) {
            1 if place.in_loop => Node::SetElement,
            2 if place.is_alone => Node::Export,
            3 if place.is_alone => Node::SetContext,
            4 => Node::Call {
                by: self.number(),
                limit: if place.is_alone { 25 } else { i64::MAX },
            },
            5 if place.is_alone => Node::Raise(400 + u16::from(self.next(3))),
            6 if place.is_alone => Node::EndAbove(10 + 3 * i64::from(self.next(20))),
            7 => Node::Do(self.list(inner)),
            8 => {
                let count = self.next(4);
                let elements = (0..count).map(|_| self.number()).collect();
                let inner = Place {
                    in_loop: true,
                    ..inner
                };
                Node::For {
                    elements,
                    below: 5 + 4 * self.number(),
                    body: self.list(inner),
                }
            }
            9 => Node::Switch {
                below: self.number(),
                skip: usize::from(self.next(3)),
            },
            10 => Node::Try {
                body: self.list(inner),
                status: (self.next(1) == 1).then(|| 400 + u16::from(self.next(3))),
                retries: u64::from(self.next(2)),
                handler: (self.next(2) > 0).then(|| self.list(inner)),
            },
            11 => {
                let count = 1 + self.next(2);
                let branch = |index| Place {
                    is_alone: place.is_alone && index == 0,
                    ..inner
                };
                Node::Fork((0..count).map(|index| self.node(branch(index))).collect())
            }
            12 => {
                let count = 1 + self.next(2);
                Node::Compete((0..count).map(|_| self.number()).collect())
            }
            13 => match self.node(inner) {
                // A task has one condition.
                node @ Node::If(..) => node,
                node => Node::If(self.number(), Box::new(node)),
            },
            _ => Node::Set(self.number()),
        }
    }
}

impl Program {
    /// The program that bytes stand for.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let place = Place {
            depth: 0,
            is_alone: true,
            in_loop: false,
        };
        Self(Choices(bytes.iter()).list(place))
    }

    pub(super) fn document(&self, version: &str) -> Value {
        json!({
            "document": {"dsl": "1.0.3", "namespace": "test", "name": "generated", "version": version},
            "do": list(&self.0, 0),
        })
    }
}

/// Tasks, named by their places; a loop names its element by its depth.
fn list(nodes: &[Node], loops: usize) -> Value {
    let tasks = nodes.iter().enumerate().map(|(place, node)| {
        let mut task = Map::new();
        fill(&mut task, node, place, nodes.len(), loops);
        json!({ name(place): task })
    });
    tasks.collect()
}

fn name(place: usize) -> String {
    format!("t{place}")
}

fn add(what: &str) -> Value {
    json!({"n": format!("${{ .n + {what} }}"), "seen": format!("${{ .seen + [{what}] }}")})
}

fn fill(task: &mut Map<String, Value>, node: &Node, place: usize, count: usize, loops: usize) {
    let mut put = |key: &str, value: Value| drop(task.insert(key.to_owned(), value));
    match node {
        Node::Set(by) => put("set", add(&format!("({by})"))),
        Node::SetElement => put("set", add(&format!("$e{}", loops - 1))),
        Node::SetContext => put("set", add("($context.c // 0)")),
        Node::Call { by, limit } => {
            put("call", json!("sums.add"));
            put("with", json!({"value": "${ . }", "by": by, "limit": limit}));
        }
        Node::Do(body) => put("do", list(body, loops)),
        Node::For {
            elements,
            below,
            body,
        } => {
            let elements = json!(elements);
            put(
                "for",
                json!({"each": format!("e{loops}"), "in": format!("${{ {elements} }}")}),
            );
            put("while", json!(format!("${{ .n < {below} }}")));
            put("do", list(body, loops + 1));
        }
        Node::Switch { below, skip } => {
            let target = place + 1 + skip;
            let then = if target < count {
                name(target)
            } else {
                "exit".to_owned()
            };
            let case = json!({"when": format!("${{ .n < {below} }}"), "then": then});
            put("switch", json!([{ "low": case }]));
        }
        Node::EndAbove(most) => {
            let case = json!({"when": format!("${{ .n > {most} }}"), "then": "end"});
            put("switch", json!([{ "high": case }]));
        }
        Node::Try {
            body,
            status,
            retries,
            handler,
        } => {
            put("try", list(body, loops));
            let mut catch = Map::new();
            if let Some(status) = status {
                catch.insert("errors".to_owned(), json!({"with": {"status": status}}));
            }
            if *retries > 0 {
                let retry = json!({"limit": {"attempt": {"count": retries}}});
                catch.insert("retry".to_owned(), retry);
            }
            if let Some(handler) = handler {
                catch.insert("do".to_owned(), list(handler, loops));
            }
            put("catch", Value::Object(catch));
        }
        Node::Raise(status) => {
            let error = json!({"type": "https://example.com/raised", "status": status});
            put("raise", json!({ "error": error }));
        }
        Node::Fork(branches) => {
            put("fork", json!({ "branches": list(branches, loops) }));
            let joined = json!({"n": "${ map(.n) | add }", "seen": "${ map(.seen) | add }"});
            put("output", json!({ "as": joined }));
        }
        Node::Compete(sums) => {
            let branches: Vec<Node> = sums.iter().map(|by| Node::Set(*by)).collect();
            put(
                "fork",
                json!({"compete": true, "branches": list(&branches, loops)}),
            );
        }
        Node::If(below, inner) => {
            fill(task, inner, place, count, loops);
            task.insert("if".to_owned(), json!(format!("${{ .n < {below} }}")));
        }
        Node::Export => {
            put("set", json!({"n": "${ .n }", "seen": "${ .seen }"}));
            put("export", json!({"as": {"c": "${ .n }"}}));
        }
    }
}
