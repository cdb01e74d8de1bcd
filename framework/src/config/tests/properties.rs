//! Properties that hold for every configuration.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::config::place::{Kind as SourceKind, Place, Source};
use crate::config::tree::{Kind, merge};

/// A layer as plain data: what a naive model works on.
fn layer() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<u8>().prop_map(Value::from),
        "[a-c]".prop_map(Value::from)
    ];
    let names = "[a-c]";
    let tree = leaf.prop_recursive(4, 24, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map(names, tree, 0..4)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

fn node(value: &Value, source: &Arc<Source>) -> Node {
    let place = Place {
        source: Arc::clone(source),
        key: None,
        value: 0..0,
    };
    match value {
        Value::Object(object) => {
            let entries: BTreeMap<String, Node> = object
                .iter()
                .map(|(name, value)| (name.clone(), node(value, source)))
                .collect();
            Node::table(place, entries)
        }
        Value::Array(items) => Node {
            place,
            kind: Kind::Array(items.iter().map(|item| node(item, source)).collect()),
        },
        leaf => Node::leaf(place, leaf.clone()),
    }
}

fn layers(values: &[Value]) -> Vec<Node> {
    let source = |at: usize| {
        Arc::new(Source::new(
            SourceKind::Environment {
                variable: at.to_string(),
            },
            String::new(),
        ))
    };
    values
        .iter()
        .enumerate()
        .map(|(at, value)| node(value, &source(at)))
        .collect()
}

/// The naive model: one value over another, no origins, no memory.
fn over(lower: Value, upper: &Value) -> Value {
    match (lower, upper) {
        (Value::Object(mut lower), Value::Object(upper)) => {
            for (name, value) in upper {
                let value = match lower.remove(name) {
                    Some(covered) => over(covered, value),
                    None => value.clone(),
                };
                lower.insert(name.clone(), value);
            }
            Value::Object(lower)
        }
        (_, upper) => upper.clone(),
    }
}

/// Value and origin of every leaf, to compare trees by.
fn leaves(node: &Node) -> Vec<(Value, String)> {
    let mut leaves = Vec::new();
    node.visit_leaves(&mut |leaf| leaves.push((leaf.value(), leaf.place.origin().to_string())));
    leaves
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn layering_is_associative_and_agrees_with_the_naive_model(values in prop::collection::vec(layer(), 3)) {
        let [a, b, c] = layers(&values).try_into().unwrap();
        let left = merge(merge(a.clone(), b.clone()), c.clone());
        let right = merge(a, merge(b, c));
        prop_assert_eq!(left.value(), right.value());
        prop_assert_eq!(leaves(&left), leaves(&right));
        let naive = values[1..].iter().fold(values[0].clone(), over);
        prop_assert_eq!(left.value(), naive);
    }

    #[test]
    fn a_leaf_comes_from_the_highest_layer_that_has_it(values in prop::collection::vec(layer(), 3)) {
        let merged = layers(&values).into_iter().reduce(merge).unwrap();
        for (pointer, found) in pointers(&merged) {
            let Kind::Leaf(value) = &found.kind else { continue };
            let highest = values.iter().rposition(|layer| layer.pointer(&pointer).is_some()).unwrap();
            prop_assert_eq!(layers(&values)[highest].at(&pointer).unwrap().value(), value.clone());
            prop_assert_eq!(found.place.origin().to_string(), format!("environment {highest}"));
        }
    }

    #[test]
    fn no_text_panics(text in text(), name in "\\PC*", value in text()) {
        let sources = [
            file(&text),
            Sources::new(text.clone()),
            Sources::new("").set(text.clone()).set(format!("plugins.records.{name}={value}")),
            Sources::new("").environment([(format!("WELDKIT__PLUGINS__RECORDS__{name}"), value.clone())]),
            Sources::new("").environment([(format!("WELDKIT__{text}"), value.clone())]),
        ];
        for sources in sources {
            exercise(&load(&sources));
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        exercise(&load(&Sources::new("").file_content("f", bytes)));
    }

    #[test]
    fn what_is_shown_is_toml_and_stays_the_same(assignments in prop::collection::vec((names(), text()), 0..4)) {
        let sources = assignments.iter().fold(Sources::new(""), |sources, (name, value)| sources.set(format!("{name}={value}")));
        let shown = load(&sources).show(true);
        let again = load(&file(&shown));
        prop_assert!(again.problems().iter().all(|problem| problem.code != Code::Syntax), "{}", shown);
        prop_assert_eq!(again.show(false), load(&sources).show(false));
    }

    #[test]
    fn a_duration_reads_as_it_was_written(millis in any::<u32>()) {
        let duration = std::time::Duration::from_millis(millis.into());
        prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
    }
}

fn pointers(root: &Node) -> Vec<(String, &Node)> {
    let mut found = vec![(String::new(), root)];
    let mut next = 0;
    while let Some((pointer, node)) = found.get(next).cloned() {
        next += 1;
        found.extend(
            node.entries()
                .into_iter()
                .flatten()
                .map(|(name, node)| (join(&pointer, name), node)),
        );
    }
    found
}

/// Names that exist, so that values get past the first check.
fn names() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "host.state",
        "host.log",
        "plugins.records.mode",
        "plugins.records.csv",
        "plugins.records.password",
        "plugins.records.columns",
        "plugins.storage-redb.path",
        "services.storage",
        "permissions.x",
    ])
}

/// Text that is nearly TOML, as mistakes are.
fn text() -> impl Strategy<Value = String> {
    let pieces = vec![
        "[host]\n",
        "[plugins.records]\n",
        "[[plugins.records.columns]]\n",
        "state",
        "batch",
        "password",
        "columns",
        "=",
        " = ",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "\"\"\"",
        ".",
        ",",
        "\n",
        "\r\n",
        "#",
        "1",
        "-",
        "1e9",
        "true",
        "2024-01-01",
        "nan",
        "é",
        "\u{feff}",
        "\u{0}",
        "\\u0041",
        "\\",
        "services",
        "\"a.b\"",
        "limits",
        "instances.a.plugin",
        "\"records\"",
        "env",
        "file",
        " ",
    ];
    prop_oneof![
        4 => prop::collection::vec(prop::sample::select(pieces), 0..24).prop_map(|pieces| pieces.concat()),
        1 => "\\PC*",
    ]
}

/// Everything that can be asked of a configuration.
fn exercise(config: &Config) {
    let mut problems = config.check_all();
    for pointer in config.origins().keys() {
        assert!(config.origin(pointer).is_some());
        problems.push(config.problem_at(pointer, Code::InvalidValue, "no"));
    }
    render(&problems, true);
    config.show(true);
    assert!(changes(config, config).is_empty());
}
