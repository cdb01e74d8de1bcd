//! What does not fit is refused before anything starts: code, both ends, the nearest name.

use super::refused;

const SLOTS: &str = "
[slots]
desk = { service = 'desk' }
ledger = { service = 'ledger' }
flaky = { service = 'flaky' }
";

fn run(body: &str) -> String {
    format!("{SLOTS}[methods.run]\n{body}")
}

#[test]
fn each_misfit_is_told_with_its_code_and_the_nearest_name() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "an unknown slot",
            "call = 'dask.add'",
            &["slot_not_found", "`dask`", "did you mean `desk`?"],
        ),
        (
            "an unknown method",
            "call = 'desk.ad'",
            &["method_not_found", "did you mean `add`?"],
        ),
        (
            "two forms",
            "call = 'desk.add'\nchain = ['desk.add']",
            &["config_invalid_value", "a method has one of"],
        ),
        (
            "an unknown name",
            "cal = 'desk.add'\nchain = ['desk.add']",
            &["config_unknown_name", "did you mean `call`?"],
        ),
        (
            "an unknown rule",
            "fan_out = { a = 'desk.add' }\nmerge = 'lists'",
            &["there is no merge rule `lists`", "did you mean `list`?"],
        ),
        (
            "an unknown step",
            "result = 'one'\nsteps = { one = 'desk.add' }\nbindings = [{ from = 'on', to = 'one#/a' }]",
            &["step_not_found", "did you mean `one`?"],
        ),
        (
            "an unknown field",
            "result = 'two'\nsteps = { one = 'desk.add', two = 'desk.double' }\nbindings = [{ from = 'one#/valu', to = 'two#/value' }, { from = 'one#/name', to = 'two#/name' }]",
            &["unknown_field", "`desk.add`", "did you mean `value`?"],
        ),
        (
            "an unknown parameter",
            "result = 'one'\nsteps = { one = 'desk.double' }\nbindings = [{ from = 'input#/n', to = 'one#/nam' }]",
            &["unknown_parameter", "did you mean `name`?"],
        ),
        (
            "a wrong type",
            "result = 'two'\nsteps = { one = 'desk.add', two = { call = 'desk.double', with = { name = 'x' } } }\nbindings = [{ from = 'one#/name', to = 'two#/value' }]",
            &[
                "incompatible_interface",
                "what `one#/name` (desk.add) gives to `two#/value` (desk.double)",
                "is string, and integer",
            ],
        ),
        (
            "a chain that does not fit",
            "chain = ['desk.text', 'desk.add']",
            &[
                "incompatible_interface",
                "desk.text",
                "desk.add",
                "is string, and {a: integer",
            ],
        ),
        (
            "a constant that does not fit",
            "call = 'desk.add'\nwith = { b = 'two' }",
            &[
                "invalid_parameter",
                "cannot take `b`: \"two\" is not of type \"integer\"",
            ],
        ),
        (
            "a mapped value that does not fit",
            "result = 'two'\nsteps = { one = 'desk.add', two = 'desk.text' }\nbindings = [{ from = 'one', to = 'two#/value', map = '{n: .value}' }]",
            &["incompatible_interface", "is {n: integer", "is taken"],
        ),
        (
            "an expression that always fails",
            "result = 'two'\nsteps = { one = 'desk.add', two = 'desk.text' }\nbindings = [{ from = 'one', to = 'two#/value', map = '.value.x' }]",
            &["incompatible_interface", "fails for every input"],
        ),
        (
            "a declared input that does not fit",
            "result = 'one'\nsteps = { one = 'desk.text' }\nbindings = [{ from = 'input#/n', to = 'one#/value' }]\ninput = { type = 'object', properties = { n = { type = 'string' } }, required = ['n'] }",
            &[
                "incompatible_interface",
                "`input#/n`",
                "is string, and integer",
            ],
        ),
        (
            "a circle",
            "result = 'one'\nsteps = { one = 'desk.add', two = 'desk.add' }\nbindings = [{ from = 'one#/value', to = 'two#/a' }, { from = 'two#/value', to = 'one#/a' }]",
            &[
                "error[cycle]",
                "data flows in a circle in `run`: ",
                "one -> two -> one",
            ],
        ),
        (
            "a missing permission",
            "call = 'ledger.write'",
            &[
                "permission_denied",
                "`ledger.write`",
                "permissions = [\"ledger.write\"]",
            ],
        ),
        (
            "a skipped binding that must be there",
            "result = 'two'\nsteps = { one = 'flaky.scale', two = 'desk.text' }\nbindings = [{ from = 'one', to = 'two#/value', on_failure = 'skip' }]",
            &["missing_parameter", "may not be left out", "default"],
        ),
        (
            "two bindings to one place",
            "result = 'one'\nsteps = { one = 'desk.text' }\nbindings = [{ from = 'input#/a', to = 'one#/value' }, { from = 'input#/b', to = 'one#/value' }]",
            &["duplicate_binding"],
        ),
        (
            "a jq that does not compile",
            "result = 'one'\nsteps = { one = 'desk.text' }\nbindings = [{ from = 'input', to = 'one#/value', map = '.a +' }]",
            &["invalid_expression"],
        ),
        (
            "a stream read twice",
            "result = { a = 'one', b = 'two' }\nsteps = { all = 'desk.count', one = 'desk.sum', two = 'desk.sum' }\nbindings = [{ from = 'all', to = 'one#/values' }, { from = 'all', to = 'two#/values' }]",
            &["is read 2 times"],
        ),
        (
            "items of what is no stream",
            "result = 'two'\nsteps = { one = 'desk.add', two = 'desk.text' }\nbindings = [{ from = 'one#/value', to = 'two#/value', each = true }]",
            &["for each item of what is no stream"],
        ),
        (
            "no result",
            "steps = { one = 'desk.add', two = 'desk.add' }",
            &["config_missing", "which step gives the result"],
        ),
    ];
    for (what, body, wanted) in cases {
        let told = refused("calc", &run(body));
        for part in *wanted {
            assert!(told.contains(part), "{what}: no `{part}` in\n{told}");
        }
    }
}

#[test]
fn every_problem_of_a_composite_is_told_at_once() {
    let told = refused(
        "calc",
        "[slots]
        desk = { service = 'dask' }
        ledger = { service = 'ledger', instance = 'ledge' }
        spare = { service = 'flaky', role = 'secondary', of = 'desk' }
        [methods.run]
        call = 'ledger.write'
        [methods.walk]
        call = 'ledger.wrote'",
    );
    for code in [
        "service_not_found",
        "unknown_instance",
        "permission_denied",
        "method_not_found",
    ] {
        assert!(told.contains(code), "no `{code}` in\n{told}");
    }
}

#[test]
fn an_observer_decides_nothing_and_a_stand_in_is_not_called_by_name() {
    let told = refused(
        "calc",
        "[slots]
        desk = { service = 'desk' }
        audit = { service = 'desk', role = 'auxiliary' }
        spare = { service = 'flaky', role = 'secondary', of = 'desk' }
        [methods.run]
        result = 'one'
        steps = { one = 'audit.add', two = 'desk.text' }
        bindings = [{ from = 'one#/value', to = 'two#/value' }]
        [methods.walk]
        call = 'spare.scale'
        [methods.swim]
        call = 'desk.text'",
    );
    for part in [
        "`one` only observes: its result cannot be part of one",
        "nothing can hang on its result",
        "slot `spare` only stands in for `desk`",
        "`flaky` has no method `text`",
    ] {
        assert!(told.contains(part), "no `{part}` in\n{told}");
    }
}

#[test]
fn composites_that_are_made_of_each_other_are_refused_with_the_path() {
    let composite = |name: &str, other: &str| {
        let toml = format!(
            "[slots]\nother = {{ service = '{other}' }}\n[methods.run]\ncall = 'other.run'"
        );
        weldkit::composition::Composite::parse(name, &toml).unwrap()
    };
    let host = weldkit::Host::builder()
        .composite(composite("one", "two"))
        .composite(composite("two", "one"));
    let told = host.check().unwrap_err().to_string();
    assert!(
        told.contains("composites are made of each other: one -> two -> one"),
        "{told}"
    );
}

#[test]
fn a_composite_cannot_take_the_name_of_a_plugin() {
    let told = refused(
        "desk",
        "[slots]\nledger = { service = 'ledger' }\n[methods.lines]\ncall = 'ledger.lines'",
    );
    assert!(told.contains("duplicate_plugin"), "{told}");
}
