use jaq_core::load::parse::Term;
use jaq_core::path::{Opt, Part, Path};

use super::fault::{self, Fault};
use super::{Fails, Flow, Scope, infer};
use crate::contract::types::{Array, Kind, Shape, Span, Type, Whole};
use crate::orchestration::expression;

pub(super) fn path(
    inner: &Term<&str>,
    Path(parts): &Path<Term<&str>>,
    input: &Type,
    scope: &mut Scope,
) -> Flow {
    let mut flow = infer(inner, input, scope);
    for (part, option) in parts {
        let next = match part {
            Part::Index(index) => indexed(&flow.gives, index, input, scope),
            Part::Range(None, None) => elements(&flow.gives),
            Part::Range(..) => Flow::unknown(scope),
        };
        let next = match option {
            Opt::Essential => next,
            Opt::Optional if next.fails == Fails::Never => next,
            Opt::Optional => Flow {
                count: Span {
                    least: 0,
                    ..next.count
                },
                fails: Fails::Never,
                ..next
            },
        };
        flow = flow.pipe(next);
    }
    flow
}

fn indexed(of: &Type, index: &Term<&str>, input: &Type, scope: &mut Scope) -> Flow {
    if let Some(name) = expression::text(index) {
        return Flow::one(of.clone()).then(|of| member(of, &name));
    }
    if let Some(place) = expression::literal(index).and_then(|value| value.as_i64()) {
        return Flow::one(of.clone()).then(|of| element(of, place));
    }
    let index = infer(index, input, scope);
    let shapes = index.gives.shapes();
    let is_text = shapes
        .iter()
        .all(|index| matches!(index.kind, Kind::Text(_)));
    let is_place = shapes.iter().all(|index| {
        matches!(&index.kind, Kind::Number(number) if number.whole == Whole::Written && !number.is_wild)
    });
    if !is_text && !is_place {
        // Arrays and texts take arrays and objects too: rare, and not looked into.
        return Flow::unknown(scope);
    }
    let (gives, fails) = each(of, |shape| computed(shape, is_place));
    index.then(|_| (gives, fails))
}

/// What all shapes give together, and whether some or all of them fail.
pub(super) fn each(of: &Type, give: impl Fn(&Shape) -> Option<Type>) -> (Type, Fails) {
    let shapes = of.shapes();
    let given: Vec<Option<Type>> = shapes.iter().map(give).collect();
    let failed = given.iter().filter(|given| given.is_none()).count();
    let fails = match failed {
        0 => Fails::Never,
        _ if of.is_any() => Fails::Unknown,
        _ if failed == shapes.len() => Fails::Always,
        _ => Fails::May,
    };
    (Type::one_of(given.into_iter().flatten()), fails)
}

/// `.name`
pub(super) fn member(of: &Type, name: &str) -> (Type, Fails) {
    each(of, |shape| match &shape.kind {
        Kind::Null => Some(Type::null()),
        Kind::Object(object) => Some(match object.field(name) {
            (of, is_there) if is_there || fault::is(Fault::MemberIsThere) => of.clone(),
            (of, _) => of.or(&Type::null()),
        }),
        Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Array(_) => None,
    })
}

/// `.[place]`
pub(super) fn element(of: &Type, place: i64) -> (Type, Fails) {
    each(of, |shape| match &shape.kind {
        Kind::Null | Kind::Object(_) => Some(Type::null()),
        Kind::Array(array) => Some(placed(array, place)),
        Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => None,
    })
}

fn placed(array: &Array, place: i64) -> Type {
    let is_there = |needed: u64| array.len.least >= needed;
    let perhaps = |of: Type, is_there: bool| match is_there {
        true => of,
        false => of.or(&Type::null()),
    };
    match usize::try_from(place) {
        Ok(at) if array.len.most.is_some_and(|most| at as u64 >= most) => Type::null(),
        Ok(at) => perhaps(array.element(at).clone(), is_there(at as u64 + 1)),
        Err(_) if array.len.most == Some(array.len.least) => {
            match array.len.least.checked_sub(place.unsigned_abs()) {
                Some(at) => array
                    .element(usize::try_from(at).unwrap_or(usize::MAX))
                    .clone(),
                None => Type::null(),
            }
        }
        Err(_) => perhaps(array.elements(), is_there(place.unsigned_abs())),
    }
}

/// `.[index]`, of an index that is computed: a place, or a name.
fn computed(shape: &Shape, is_place: bool) -> Option<Type> {
    match &shape.kind {
        Kind::Null => Some(Type::null()),
        Kind::Object(_) if is_place => Some(Type::null()),
        Kind::Object(object) => {
            let fields = object.fields.values().map(|field| field.of.clone());
            let all = fields.chain([object.rest.clone(), Type::null()]);
            Some(Type::one_of(all))
        }
        Kind::Array(array) if is_place => Some(array.elements().or(&Type::null())),
        Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Array(_) => None,
    }
}

/// `.[]`
pub(super) fn elements(of: &Type) -> Flow {
    let (gives, fails) = each(of, |shape| match &shape.kind {
        Kind::Array(array) => Some(array.elements()),
        Kind::Object(object) => {
            let fields = object.fields.values().map(|field| field.of.clone());
            Some(Type::one_of(fields.chain([object.rest.clone()])))
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => None,
    });
    let counts = of.shapes();
    let counts = counts.iter().filter_map(|shape| match &shape.kind {
        Kind::Array(array) => Some(array.len),
        Kind::Object(object) => {
            let needed = object.fields.values().filter(|field| field.is_required);
            let known = object.fields.len() as u64;
            Some(Span {
                least: needed.count() as u64,
                most: object.rest.is_never().then_some(known),
            })
        }
        _ => None,
    });
    let count = counts.reduce(|one, other| Span {
        least: one.least.min(other.least),
        most: one.most.zip(other.most).map(|(one, other)| one.max(other)),
    });
    Flow {
        gives,
        count: count.unwrap_or(Span::exactly(0)),
        fails,
    }
}
