//! A workflow as a picture: what follows what, as the reader of the document has resolved it.

use super::definition::{Definition, Expr, Extra, Task, Then, Work};
use crate::drawing::{Drawing, Look, Towards};

/// Characters of an expression on an arrow.
const LABEL: usize = 40;

/// Draws a workflow.
pub(crate) fn graph(definition: &Definition) -> Drawing {
    let mut pen = Pen {
        definition,
        drawing: Drawing::new(definition.id.to_string(), Towards::Below),
        ended: Vec::new(),
    };
    let id = &definition.id;
    let start = pen
        .drawing
        .shape(format!("{}\n{}", id.name, id.version), Look::Round, None);
    let mut open = pen.list(&definition.tasks, vec![Open::from(start)], None);
    let end = pen.drawing.shape("end".to_owned(), Look::Round, None);
    open.append(&mut pen.ended);
    pen.join(open, end);
    pen.drawing
}

/// An arrow whose head is not known yet.
#[derive(Clone)]
struct Open {
    from: usize,
    label: String,
}

impl Open {
    fn from(from: usize) -> Self {
        Self::labelled(from, String::new())
    }

    fn labelled(from: usize, label: impl Into<String>) -> Self {
        Self {
            from,
            label: label.into(),
        }
    }
}

struct Pen<'a> {
    definition: &'a Definition,
    drawing: Drawing,
    /// What goes to the end of the run from anywhere.
    ended: Vec<Open>,
}

impl Pen<'_> {
    fn join(&mut self, open: Vec<Open>, to: usize) {
        for arrow in open {
            self.drawing.arrow(arrow.from, to, &arrow.label, false);
        }
    }

    /// Draws tasks one after the other; what leads out of the list.
    fn list(&mut self, tasks: &[Task], before: Vec<Open>, frame: Option<usize>) -> Vec<Open> {
        // What leads to each task, and behind the last to the end of the list.
        let mut ways: Vec<Vec<Open>> = vec![Vec::new(); tasks.len() + 1];
        let mut heads = Vec::with_capacity(tasks.len());
        ways[0] = before;
        for (index, task) in tasks.iter().enumerate() {
            let (head, mut out) = self.task(task, frame, index, &mut ways);
            if let Some(condition) = task.condition {
                out.push(Open::labelled(
                    head,
                    format!("unless {}", self.said(condition)),
                ));
            }
            heads.push(head);
            self.follow(task.then, out, index, &mut ways);
        }
        let behind = ways.pop().unwrap_or_default();
        for (way, head) in ways.into_iter().zip(heads) {
            self.join(way, head);
        }
        behind
    }

    /// Sends arrows to where a task says to go on.
    fn follow(&mut self, then: Then, mut out: Vec<Open>, index: usize, ways: &mut [Vec<Open>]) {
        let to = match then {
            Then::Continue => index + 1,
            Then::Exit => ways.len() - 1,
            Then::Goto(target) => target,
            Then::End => {
                self.ended.append(&mut out);
                return;
            }
        };
        ways[to].append(&mut out);
    }

    /// Draws a task: its head, and what leads out of it.
    fn task(
        &mut self,
        task: &Task,
        frame: Option<usize>,
        index: usize,
        ways: &mut [Vec<Open>],
    ) -> (usize, Vec<Open>) {
        let label = format!(
            "{}{}{}",
            task.name,
            self.does(&task.work),
            marks(&task.extra)
        );
        let look = match &task.work {
            Work::Switch(_) => Look::Diamond,
            _ => Look::Square,
        };
        let inner = match &task.work {
            Work::Do(_) | Work::For(_) | Work::Fork(_) | Work::Try(_) | Work::Function(..) => {
                Some(self.drawing.frame(framed(task), frame))
            }
            _ => frame,
        };
        let head = self.drawing.shape(label, look, inner);
        let out = match &task.work {
            Work::Switch(cases) => {
                for case in cases {
                    let arrow = Open::labelled(head, &*case.name);
                    self.follow(case.then, vec![arrow], index, ways);
                }
                let falls_through = cases.iter().all(|case| case.condition.is_some());
                let none = Open::labelled(head, "none of these");
                falls_through.then_some(none).into_iter().collect()
            }
            work => self.inside(work, head, inner),
        };
        (head, out)
    }

    /// Draws the tasks of a task, and what leads out of them.
    fn inside(&mut self, work: &Work, head: usize, inner: Option<usize>) -> Vec<Open> {
        match work {
            Work::Do(tasks) | Work::Function(_, tasks) => {
                self.list(tasks, vec![Open::from(head)], inner)
            }
            Work::For(work) => {
                let last = self.list(&work.tasks, vec![Open::labelled(head, "each")], inner);
                for arrow in last {
                    self.drawing.arrow(arrow.from, head, "next", true);
                }
                vec![Open::labelled(head, "done")]
            }
            Work::Fork(work) => {
                let branches = work.branches.iter();
                let ends = branches.flat_map(|branch| {
                    let alone = std::slice::from_ref(branch);
                    self.list(alone, vec![Open::from(head)], inner)
                });
                ends.collect()
            }
            Work::Try(work) => {
                let mut out = self.list(&work.tasks, vec![Open::from(head)], inner);
                match &work.handler {
                    Some(handler) => {
                        let caught = vec![Open::labelled(head, "on error")];
                        out.extend(self.list(handler, caught, inner));
                    }
                    None => out.push(Open::labelled(head, "on error")),
                }
                out
            }
            Work::Raise(_) => Vec::new(),
            _ => vec![Open::from(head)],
        }
    }

    /// What a task does, on a line of its own.
    fn does(&self, work: &Work) -> String {
        match work {
            Work::Call(call) => format!("\n{}", call.method),
            Work::For(work) => format!("\neach {} in {}", work.each, self.said(work.within)),
            Work::Fork(work) if work.compete => "\nthe first wins".to_owned(),
            Work::Wait(_) => "\nwait".to_owned(),
            Work::Emit(_) => "\nemit".to_owned(),
            Work::Listen(_) => "\nlisten".to_owned(),
            Work::Raise(error) => format!("\nraise {}", error.status),
            Work::Set(_) => "\nset".to_owned(),
            Work::Run(run) => format!("\nrun {}/{}", run.namespace, run.name),
            Work::Do(_) | Work::Fork(_) | Work::Function(..) | Work::Switch(_) | Work::Try(_) => {
                String::new()
            }
        }
    }

    fn said(&self, expr: Expr) -> String {
        let source = self.definition.expressions.get(expr.0 as usize);
        let text = source.map_or("", |source| &*source.text);
        let one_line: Vec<&str> = text.split_whitespace().collect();
        let one_line = one_line.join(" ");
        match one_line.char_indices().nth(LABEL) {
            Some((end, _)) => format!("{}…", &one_line[..end]),
            None => one_line,
        }
    }
}

/// What a frame says.
fn framed(task: &Task) -> String {
    match &task.extra.transaction {
        Some(_) => format!("{}: one transaction", task.name),
        None => task.name.to_string(),
    }
}

/// What `metadata` says of a task.
fn marks(extra: &Extra) -> String {
    let mut marks = String::new();
    if let Some(call) = &extra.compensate {
        marks.push_str(&format!("\nundone by {}", call.method));
    }
    if extra.is_pivot {
        marks.push_str("\npivot");
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Language;
    use crate::orchestration::definition::read;

    const ORDER: &str = r#"
document: { dsl: 1.0.3, namespace: shop, name: order, version: 1.0.0 }
do:
  - keep:
      call: storage.put
      with: { key: a }
      metadata: { compensate: { call: storage.delete, with: { key: a } } }
  - look:
      switch:
        - big: { when: "${ .total > 100 }", then: ask }
        - bad: { when: "${ .total < 0 }", then: end }
  - each:
      for: { each: item, in: "${ .items }" }
      do:
        - pack: { set: { a: "\"<b>\"" } }
      then: exit
  - ask:
      try:
        - call: { listen: { to: { one: { with: { type: shop.yes } } } } }
      catch:
        do:
          - give up: { raise: { error: { type: https://example.test/late, status: 408 } } }
"#;

    #[test]
    fn arrows_go_where_tasks_go() {
        let document = read(ORDER, "order.yaml").unwrap();
        let mermaid = graph(&document.definition).text(Language::Mermaid);
        let expected = r#"flowchart TD
  n0(["order<br/>1.0.0"])
  n1["keep<br/>storage.put<br/>undone by storage.delete"]
  n2{"look"}
  n8(["end"])
  subgraph f0["each"]
    n3["each<br/>each item in .items"]
    n4["pack<br/>set"]
  end
  subgraph f1["ask"]
    n5["ask"]
    n6["call<br/>listen"]
    n7["give up<br/>raise 408"]
  end
  n3 -->|"each"| n4
  n4 -.->|"next"| n3
  n5 --> n6
  n5 -->|"on error"| n7
  n0 --> n1
  n1 --> n2
  n2 -->|"none of these"| n3
  n2 -->|"big"| n5
  n3 -->|"done"| n8
  n6 --> n8
  n2 -->|"bad"| n8
"#;
        assert_eq!(mermaid, expected);
    }
}
