//! What each kind of task gives.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::infer::Fails;
use super::judge::{Given, Wanted};
use super::seen::Here;
use super::walk::{State, Walk};
use crate::contract::types::{Array, Span as Len};
use crate::contract::types::{Kind, Number, Type, Whole};
use crate::orchestration::definition::{
    Call, Consume, For, Fork, Listen, Span, Task, Template, Then, Try, Until, Work,
};

impl Walk<'_> {
    /// What a task gives, and where it goes on.
    pub(super) fn work(&mut self, task: &Task, input: &Type, here: Here<'_>) -> Vec<(Then, State)> {
        let state = |value: Type| State {
            value,
            context: here.context.clone(),
        };
        let done = match &task.work {
            Work::Set(template) => state(self.given(template, input, here)),
            Work::Do(tasks) => self.list(tasks, state(input.clone())),
            Work::Function(with, tasks) => {
                let with = self.given(with, input, here);
                self.list(tasks, state(with))
            }
            Work::Call(call) => state(self.call(call, &task.pointer, input, here)),
            Work::Switch(cases) => {
                let (mut ways, mut left) = (Vec::new(), input.clone());
                for case in cases {
                    let (held, not) = match case.condition {
                        Some(condition) => self.parted(condition, &left, here),
                        None => (left.clone(), Type::never()),
                    };
                    ways.push((case.then, state(held)));
                    left = not;
                }
                ways.push((task.then, state(left)));
                return ways;
            }
            Work::Raise(error) => {
                let parts = [&error.title, &error.detail, &error.instance];
                for part in parts.into_iter().flatten().chain([&error.kind]) {
                    self.given(part, input, here);
                }
                return Vec::new();
            }
            Work::Wait(span) => {
                self.span(span, input, here);
                state(input.clone())
            }
            Work::Emit(properties) => {
                self.given(properties, input, here);
                state(Type::Any)
            }
            Work::Run(run) => {
                self.given(&run.input, input, here);
                state(if run.wait { Type::Any } else { input.clone() })
            }
            Work::For(work) => self.looped(work, input, here),
            Work::Fork(work) => self.forked(work, input, here),
            Work::Try(work) => self.tried(work, input, here),
            Work::Listen(work) => self.listened(work, task, input, here),
        };
        vec![(task.then, done)]
    }

    /// What a template gives where it does not fail.
    fn given(&mut self, template: &Template, input: &Type, here: Here<'_>) -> Type {
        match self.render(template, input, here) {
            (_, Fails::Always) => Type::never(),
            (of, _) => of,
        }
    }

    pub(super) fn span(&mut self, span: &Span, input: &Type, here: Here<'_>) {
        if let Span::Computed(expr) = span {
            self.evaluate(*expr, input, here);
        }
    }

    /// Judges the parameters of a call; what it gives.
    pub(super) fn call(
        &mut self,
        call: &Call,
        pointer: &str,
        input: &Type,
        here: Here<'_>,
    ) -> Type {
        let Some(method) = self.methods.get(&call.method) else {
            self.render(&call.with, input, here);
            return Type::Any;
        };
        let mut judge = |name: Option<&str>, template: &Template| {
            let (taker, at, what) = match name {
                Some(name) => {
                    let Some(taker) = method.parameters.get(name) else {
                        return;
                    };
                    let escaped = crate::contract::escape(name);
                    let what = format!("the parameter `{name}` of `{}`", call.method);
                    (taker, format!("{pointer}/with/{escaped}"), what)
                }
                None => {
                    let what = format!("the parameters of `{}`", call.method);
                    (&method.whole, format!("{pointer}/with"), what)
                }
            };
            let given = Given {
                template: Some(template),
                value: input,
                here,
            };
            let wanted = Wanted {
                pointer: &at,
                what: &what,
                taker,
            };
            self.judge(given, wanted);
        };
        match &call.with {
            Template::Object(entries) => {
                for (name, template) in entries {
                    judge(Some(name), template);
                }
            }
            Template::Value(value) => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    judge(Some(name), &Template::Value(Arc::new(value.clone())));
                }
            }
            template @ (Template::Expr(_) | Template::Array(_)) => judge(None, template),
        }
        method.gives.clone()
    }

    /// Does a part of the document over and over until what goes in does not grow any more: all that went in, and
    /// what came out of the last round.
    fn repeated(
        &mut self,
        start: State,
        mut round: impl FnMut(&mut Self, State) -> State,
    ) -> (State, State) {
        let mut all = start;
        for rounds in 0.. {
            let outer = std::mem::replace(&mut self.exported, Type::never());
            let out = round(self, all.clone());
            let exported = std::mem::replace(&mut self.exported, outer);
            self.exported = self.exported.or(&exported);
            let next = State {
                value: all.value.or(&out.value),
                context: all.context.or(&out.context).or(&exported),
            };
            if next == all {
                return (all, out);
            }
            all = next.after(rounds);
        }
        (all, State::never())
    }

    fn looped(&mut self, work: &For, input: &Type, here: Here<'_>) -> State {
        let (within, _) = self.evaluate(work.within, input, here);
        let element = match &within {
            Type::Any => Type::Any,
            Type::Of(shapes) => Type::one_of(shapes.iter().filter_map(|shape| match &shape.kind {
                Kind::Array(array) => Some(array.elements()),
                _ => None,
            })),
        };
        let start = State {
            value: input.clone(),
            context: here.context.clone(),
        };
        if element.is_never() {
            return start;
        }
        let (all, _) = self.repeated(start, |walk, state| {
            let names = walk.names.len();
            walk.names.push((work.each.clone(), element.clone()));
            walk.names.push((work.at.clone(), Type::count()));
            if let Some(condition) = work.condition {
                let here = Here {
                    context: &state.context,
                    ..here
                };
                walk.evaluate(condition, &state.value, here);
            }
            let out = walk.list(&work.tasks, state);
            walk.names.truncate(names);
            out
        });
        all
    }

    fn forked(&mut self, work: &Fork, input: &Type, here: Here<'_>) -> State {
        let start = State {
            value: input.clone(),
            context: here.context.clone(),
        };
        let mut outputs = Vec::new();
        // Each branch sees what the others have exported so far.
        let (all, _) = self.repeated(start, |walk, state| {
            outputs.clear();
            for branch in work.branches.iter() {
                let begun = State {
                    value: input.clone(),
                    context: state.context.clone(),
                };
                outputs.push(walk.list(std::slice::from_ref(branch), begun).value);
            }
            State::never()
        });
        State {
            value: match work.compete {
                true => Type::one_of(outputs),
                false => Type::tuple(outputs),
            },
            context: all.context,
        }
    }

    fn tried(&mut self, work: &Try, input: &Type, here: Here<'_>) -> State {
        let start = State {
            value: input.clone(),
            context: here.context.clone(),
        };
        let outer = std::mem::replace(&mut self.exported, Type::never());
        let mut done = self.list(&work.tasks, start);
        if work.retry.is_some() && !self.exported.is_never() {
            let again = State {
                value: input.clone(),
                context: here.context.or(&self.exported).widened(),
            };
            done = self.list(&work.tasks, again);
        }
        let context = here.context.or(&self.exported);
        self.exported = self.exported.or(&outer);
        let error = match &work.errors {
            Some(filter) => error_type().and(&filtered(filter)),
            None => error_type(),
        };
        self.names.push((work.name.clone(), error));
        let inside = Here {
            context: &context,
            ..here
        };
        for condition in [work.condition, work.except].into_iter().flatten() {
            self.evaluate(condition, input, inside);
        }
        if let Some(retry) = &work.retry {
            for condition in [retry.condition, retry.except].into_iter().flatten() {
                self.evaluate(condition, input, inside);
            }
        }
        let caught = State {
            value: input.clone(),
            context: context.clone(),
        };
        let handled = match &work.handler {
            Some(tasks) => self.list(tasks, caught),
            None if work.retry.is_some() => State::never(),
            None => caught,
        };
        self.names.pop();
        State {
            value: done.value.or(&handled.value),
            context: done.context.or(&handled.context),
        }
    }

    fn listened(&mut self, work: &Listen, task: &Task, input: &Type, here: Here<'_>) -> State {
        self.consumed(&work.to, input, here);
        let start = State {
            value: input.clone(),
            context: here.context.clone(),
        };
        let (mut item, mut context) = (Type::Any, here.context.clone());
        if let Some(each) = &work.each {
            let (all, out) = self.repeated(start, |walk, state| {
                let names = walk.names.len();
                walk.names.push((each.item.clone(), Type::Any));
                walk.names.push((each.at.clone(), Type::count()));
                let tasks = each.tasks.clone().unwrap_or_else(|| Arc::from([]));
                let given = match tasks.is_empty() {
                    true => Type::Any,
                    false => input.clone(),
                };
                let begun = State {
                    value: given,
                    context: state.context.clone(),
                };
                let done = walk.list(&tasks, begun);
                let here = Here {
                    context: &done.context,
                    output: Some(&done.value),
                    ..here
                };
                let at = format!("{}/foreach/output", task.pointer);
                let output = walk.filter_out(&each.output, &at, &done.value, here);
                if each.export.map.is_some() {
                    let at = format!("{}/foreach/export", task.pointer);
                    let exported = walk.filter_out(&each.export, &at, &output, here);
                    walk.exported = walk.exported.or(&exported);
                }
                walk.names.truncate(names);
                State {
                    value: output,
                    context: done.context,
                }
            });
            (item, context) = (out.value, all.context);
        }
        let array = Array {
            len: Len::any(),
            first: Arc::from([]),
            rest: item,
        };
        let value = array
            .normal()
            .map_or_else(Type::never, |array| Kind::Array(array).into());
        State { value, context }
    }

    /// The expressions of what is listened for: they see events, of which nothing is known.
    fn consumed(&mut self, to: &Consume, input: &Type, here: Here<'_>) {
        let filters = match to {
            Consume::One(filter) => std::slice::from_ref(filter),
            Consume::All(filters) => filters,
            Consume::Any { filters, until } => {
                if let Some(Until::Event(other)) = until {
                    self.consumed(other, input, here);
                }
                filters
            }
        };
        for correlation in filters.iter().flat_map(|filter| &filter.correlate) {
            if let Some(expect) = &correlation.expect {
                self.given(expect, input, here);
            }
        }
    }
}

/// An error as a handler sees it.
fn error_type() -> Type {
    let status = Number {
        least: 0.0,
        most: 65_535.0,
        whole: Whole::Written,
        ..Number::any()
    };
    let text = |name| (name, Type::text(), false);
    Type::record([
        ("type", Type::text(), true),
        ("status", Kind::Number(status).into(), true),
        text("title"),
        text("detail"),
        text("instance"),
        text("code"),
        ("is_unknown", Kind::Bool(Some(true)).into(), false),
    ])
}

/// Errors with these properties.
fn filtered(filter: &Map<String, Value>) -> Type {
    use crate::contract::types::{Field, Object};
    let fields = filter.iter().map(|(name, value)| {
        let name = if name == "details" { "detail" } else { name };
        let field = Field {
            of: Type::of(value),
            is_required: true,
        };
        (Arc::from(name), field)
    });
    let object = Object {
        fields: Arc::new(fields.collect()),
        rest: Type::Any,
    };
    Kind::Object(object).into()
}
