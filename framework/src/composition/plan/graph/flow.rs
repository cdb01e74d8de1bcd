//! Bindings to parameters: whether what is given fits what is taken, and whether all that is needed comes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Call, Calls};
use crate::composition::definition::{Binding, End, Method, OnFailure};
use crate::composition::plan::contract::Derived;
use crate::composition::plan::fits::{Given, Through, given, taker};
use crate::composition::plan::{Edge, Node, Planner, Source};
use crate::composition::schema::{ANYTHING, At, Shape, steps};
use crate::contract::escape;
use crate::contract::types::Answer;
use crate::orchestration::definition::Expr;

/// The end of a binding that takes.
struct Wanted<'a> {
    call: &'a Call<'a>,
    target: Shape<'a>,
    /// Whether the call cannot be made without it.
    is_required: bool,
    /// Whether nothing else brings parameters.
    is_whole: bool,
}

impl Planner<'_> {
    /// Takes all bindings of a method in.
    pub(super) fn bindings(
        &mut self,
        method: &Method,
        calls: &Calls<'_>,
        derived: &mut Derived<'_>,
        nodes: &mut [Node],
    ) {
        let mut written: BTreeMap<(usize, &str), &str> = BTreeMap::new();
        for binding in &method.bindings {
            let Some(from) = self.source(binding, calls) else {
                continue;
            };
            match &binding.to.end {
                End::Event(kind) => self.emission(binding, from, kind, nodes),
                End::Step(to) => {
                    let Some(to) = self.step(to, calls, &format!("{}/to", binding.pointer)) else {
                        continue;
                    };
                    if let Some(other) = written.insert((to, &binding.to.pointer), &binding.pointer)
                    {
                        let message = format!(
                            "`{}` and `{other}` both write `{}`",
                            binding.pointer, binding.to
                        );
                        let at = format!("{}/to", binding.pointer);
                        self.problems.add_with(
                            "duplicate_binding",
                            message,
                            &at,
                            "keep one of them, or merge their values in a step between",
                        );
                        continue;
                    }
                    self.binding(binding, from, (calls, to), derived, nodes);
                }
                End::Input => {
                    let message =
                        "nothing can be bound to `input`: it is what the caller gives".to_owned();
                    self.problems.add(
                        "incompatible_interface",
                        message,
                        &format!("{}/to", binding.pointer),
                    );
                }
            }
        }
    }

    /// A binding to parameters of a step.
    fn binding(
        &mut self,
        binding: &Binding,
        from: Source,
        (calls, to): (&Calls<'_>, usize),
        derived: &mut Derived<'_>,
        nodes: &mut [Node],
    ) {
        let call = &calls[to];
        let at = format!("{}/to", binding.pointer);
        if !self.parameter(call, &binding.to.pointer, &at) {
            return;
        }
        let shape = Shape::of(&call.input);
        let target = match shape.at(&binding.to.pointer) {
            At::Schema(schema) => shape.with(schema),
            At::Anything => Shape::of(&ANYTHING),
            At::Nothing(name, known) => {
                let what = format!("field of `{}` called", call.said());
                self.problems
                    .unknown_as("unknown_field", &what, &name, &at, known);
                return;
            }
        };
        match from {
            Source::Input if binding.map.is_some() => derived.open(&binding.from.pointer),
            Source::Input => derived.reads(&binding.from.pointer, call, &binding.to.pointer),
            Source::Node(_) => {}
        }
        let on_failure = on_failure(binding, from, calls);
        let is_required = !binding.to.pointer.is_empty() && shape.is_required(&binding.to.pointer);
        if on_failure == OnFailure::Skip && is_required {
            let message = format!("`{}` may not be left out of `{}`", binding.to, call.said());
            let help = "write on_failure = { default = VALUE }, or let the call fail";
            self.problems.add_with(
                "missing_parameter",
                message,
                &format!("{}/on_failure", binding.pointer),
                help,
            );
        }
        self.default(binding, (from, &on_failure), target, call);
        let map = binding
            .map
            .as_ref()
            .map(|map| self.expression(map, &format!("{}/map", binding.pointer)));
        let is_whole = call.step.with.is_empty() && nodes[to].inputs.is_empty();
        match given(binding, from, calls, derived.method) {
            Some(given) => {
                let wanted = Wanted {
                    call,
                    target,
                    is_required,
                    is_whole,
                };
                self.flow(binding, map, given, &wanted);
            }
            // The caller is held to what is taken here.
            None => self.answers.count(Answer::Yes),
        }
        nodes[to].inputs.push(Edge {
            from,
            pointer: binding.from.pointer.clone(),
            map,
            to: binding.to.pointer.clone(),
            on_failure,
            each: binding.each,
        });
    }

    /// Whether what one end gives fits what the other takes.
    fn flow(&mut self, binding: &Binding, map: Option<Expr>, given: Given, wanted: &Wanted<'_>) {
        let loose;
        // Of several sources none has to bring everything.
        let target = if binding.to.pointer.is_empty() && !wanted.is_whole {
            loose = without_required(wanted.target.schema);
            wanted.target.with(&loose)
        } else {
            wanted.target
        };
        let taker = taker(target);
        let said = wanted.call.said();
        let what = format!("what {} gives to `{}` ({said})", given.said, binding.to);
        let pointer = &binding.pointer;
        if let Some(expr) = map {
            self.through.push(Through {
                expr,
                of: given.of,
                taker,
                what,
                pointer: format!("{pointer}/map"),
            });
            return;
        }
        let answer = match taker.judge(&given.of) {
            (Answer::Yes | Answer::Unknown, _) if given.may_lack && wanted.is_required => {
                let why = format!("may be left out, and `{said}` needs it");
                (Answer::MayFail, why)
            }
            answer => answer,
        };
        let help = "bind another field, or say how with `map`";
        self.answered(answer, &what, pointer, help);
    }

    /// Whether what comes in place of a giver that has failed is taken.
    fn default(
        &mut self,
        binding: &Binding,
        from: (Source, &OnFailure),
        target: Shape<'_>,
        call: &Call<'_>,
    ) {
        let (Source::Node(_), OnFailure::Default(value)) = from else {
            return;
        };
        // In place of an item it goes where the item would have gone, and is judged as little as an expression is.
        if binding.each && (binding.map.is_some() || !binding.from.pointer.is_empty()) {
            return;
        }
        let loose = without_required(target.schema);
        let target = match binding.to.pointer.as_str() {
            "" => target.with(&loose),
            _ => target,
        };
        if let Some(why) = taker(target).refusal(value) {
            let message = format!(
                "`{}` ({}) cannot take the default of `{}`: {why}",
                binding.to,
                call.said(),
                binding.from
            );
            let at = format!("{}/on_failure", binding.pointer);
            self.problems.add("invalid_parameter", message, &at);
        }
    }

    /// Whether a pointer begins with a parameter of the method.
    fn parameter(&mut self, call: &Call<'_>, pointer: &str, at: &str) -> bool {
        let Some(first) = steps(pointer).next() else {
            return true;
        };
        let known = call.method.parameters;
        if known.contains(&first.as_str()) {
            return true;
        }
        let what = format!("parameter of `{}` called", call.said());
        self.problems.unknown_as(
            "unknown_parameter",
            &what,
            &first,
            at,
            known.iter().copied(),
        );
        false
    }

    /// Whether the parameters that are always the same are parameters, and fit.
    pub(super) fn constants(&mut self, call: &Call<'_>) {
        for (name, value) in &call.step.with {
            let at = format!("{}/with/{}", call.step.pointer, escape(name));
            let pointer = format!("/{}", escape(name));
            if !self.parameter(call, &pointer, &at) {
                continue;
            }
            let shape = Shape::of(&call.input);
            let At::Schema(schema) = shape.at(&pointer) else {
                continue;
            };
            if let Some(why) = taker(shape.with(schema)).refusal(value) {
                let message = format!("`{}` cannot take `{name}`: {why}", call.said());
                self.problems.add("invalid_parameter", message, &at);
            }
        }
    }

    /// Parameters that a method must have, and nobody brings.
    pub(super) fn missing(&mut self, node: &Node, calls: &Calls<'_>, index: usize) {
        let call = &calls[index];
        for name in Shape::of(&call.input).required() {
            let brought = node.inputs.iter().any(|edge| match steps(&edge.to).next() {
                Some(first) => first == name,
                // All of something: what is in it has been compared, or is the caller's to bring.
                None => match edge.from {
                    Source::Node(step)
                        if edge.pointer.is_empty()
                            && edge.map.is_none()
                            && node.inputs.len() > 1 =>
                    {
                        Shape::of(&calls[step].output)
                            .properties()
                            .is_none_or(|has| has.contains_key(name))
                    }
                    Source::Node(_) | Source::Input => true,
                },
            });
            if !brought && !call.step.with.contains_key(name) {
                let message = format!(
                    "`{}` needs the parameter `{name}`, which nothing brings",
                    call.said()
                );
                let help = format!(
                    "bind something to `{}#/{name}`, or give it in `with`",
                    call.name
                );
                self.problems
                    .add_with("missing_parameter", message, &call.step.pointer, help);
            }
        }
    }
}

/// The same without what must be there.
fn without_required(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Value::Object(schema) = &mut schema {
        schema.remove("required");
    }
    schema
}

/// What comes when the giver fails.
fn on_failure(binding: &Binding, from: Source, calls: &Calls<'_>) -> OnFailure {
    match (&binding.on_failure, from) {
        (Some(own), _) => own.clone(),
        (None, Source::Node(step)) => calls[step].step.on_failure.clone(),
        (None, Source::Input) => OnFailure::Fail,
    }
}
