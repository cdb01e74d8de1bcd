//! The codes that no call has: each with its meaning and what to do.

/// A code, its meaning, and what to do.
type Entry = (&'static str, &'static str, &'static str);

/// What is wrong with the graph of plugins, a composite or a workflow, before anything is started.
pub(super) const GRAPH: &[Entry] = &[
    (
        "plugin_not_linked",
        "A plugin was chosen for this binary, but is not in it.",
        "Let src/plugins.rs name its crate: `cargo xtask tidy --fix`; then build again.",
    ),
    (
        "missing_service",
        "A plugin asks for a service that nobody provides.",
        "Build again with the plugin that the message names, or leave the consumer out.",
    ),
    (
        "incompatible_line",
        "A service is provided, but in another compatibility line than the one asked for.",
        "Build provider and consumer against one line of the contract crate.",
    ),
    (
        "ambiguous_provider",
        "Several instances provide a service and none is chosen.",
        "Choose one in [services].",
    ),
    (
        "cycle",
        "Plugins wait for each other to start, composites are made of each other, or data flows in a circle in one.",
        "Break the cycle: another provider in [services], one plugin that does without, or one binding less.",
    ),
    (
        "duplicate_plugin",
        "Two linked plugins have one id, or a composite has the name of a plugin or a service.",
        "Leave one out, or give one another id in its attribute; give the composite another name.",
    ),
    (
        "duplicate_instance",
        "An instance has the name of another.",
        "Give it another name in [instances].",
    ),
    (
        "unknown_plugin",
        "The configuration names a plugin that is not linked in.",
        "Correct the name, or build again with the plugin.",
    ),
    (
        "unknown_instance",
        "The configuration names an instance that does not exist, or that does not provide the service.",
        "Correct the name; `app list` shows the instances.",
    ),
    (
        "unknown_service",
        "The configuration names a service that nobody provides.",
        "Correct the name; `app list` shows the services.",
    ),
    (
        "unknown_method",
        "The configuration bounds a method that no service has.",
        "Correct the name; `app describe SERVICE` lists the methods.",
    ),
    (
        "bad_name",
        "A name has letters that a name may not have.",
        "Lower-case letters, digits, `_` and `-`; a letter first; at most 64.",
    ),
    (
        "bad_permission",
        "A grant in [permissions] is no permission.",
        "Write `storage.write`, `storage.*` or `*`.",
    ),
    (
        "too_many_principals",
        "[permissions] names more principals than a host has roles.",
        "Name at most 63 beside the operator.",
    ),
    (
        "unreachable_task",
        "Nothing leads to a task of a workflow.",
        "Name it in a `then`, or take it out.",
    ),
    (
        "endless_loop",
        "Tasks of a workflow lead to each other, and nothing leads out.",
        "Let a `switch` in the loop go on elsewhere, or end the run with `then: end`.",
    ),
    (
        "waits_in_transaction",
        "A task waits inside of a transaction of a workflow.",
        "Move it out: a transaction holds calls and what computes.",
    ),
    (
        "compensation_in_transaction",
        "A task inside of a transaction of a workflow has a compensation or is a pivot, which nothing would heed.",
        "Put it on the task that is the transaction: when that fails, what is inside is undone by itself.",
    ),
    (
        "type_mismatch",
        "A value of a workflow can never be taken where it is put, or its expression always fails.",
        "Correct the expression; the message names what it gives and what is taken.",
    ),
    (
        "may_fail",
        "A value of a workflow or a composite is not taken there with some input; the message shows one.",
        "Narrow the schema of the input, or give a way for the rest: `//`, `if`, `catch`, or a `map` of the binding.",
    ),
    (
        "unknown_type",
        "Too little is known of a value of a workflow or a composite to tell whether it is taken where it is put.",
        "Give a schema to the input, or to the output of the task or the composite's method that it comes from.",
    ),
    (
        "slot_not_found",
        "A step of a composite calls a slot that is not there, or one that only stands in for another.",
        "Correct the name, or declare the slot under [composites.NAME.slots].",
    ),
    (
        "step_not_found",
        "A binding or a result of a composite names a step that is not there.",
        "Correct the name; `input` stands for what the caller gives.",
    ),
    (
        "unknown_field",
        "A binding of a composite takes a field that is not in what the step gives, or writes one that is not taken.",
        "`app describe SERVICE.METHOD --schema output` shows the fields.",
    ),
    (
        "missing_parameter",
        "A step of a composite or a workflow needs a parameter that nothing brings.",
        "Bind something to it, or give it in `with`; `app describe SERVICE.METHOD` lists the parameters.",
    ),
    (
        "duplicate_binding",
        "Two bindings of a composite write one place.",
        "Keep one of them, or merge their values in a step between.",
    ),
    (
        "missing_grant",
        "A composite answers events with calls that its own principal may not make.",
        "Add the line that the message shows to [permissions].",
    ),
    (
        "invalid_expression",
        "A jq expression cannot be read, or uses what is not there.",
        "The message quotes the expression and says what is wrong.",
    ),
    (
        "impure_expression",
        "A jq expression reads the clock, the environment or more input.",
        "Give it what it needs as a value.",
    ),
    (
        "syntax",
        "The text of a workflow is no YAML, no JSON, or not one document.",
        "Correct the text at the place that the message names.",
    ),
    (
        "unreadable",
        "The file of a workflow cannot be read.",
        "Correct the path, or let the file be read by who runs the command.",
    ),
    (
        "unsupported",
        "A workflow uses a part of the language that is not carried out here.",
        "The message says what to write instead, or leave the part out.",
    ),
    (
        "missing_property",
        "A part of a workflow lacks a property that it needs.",
        "Add the property that the message names.",
    ),
    (
        "unknown_property",
        "A part of a workflow has a property that it does not know.",
        "Correct the name; the message shows the nearest.",
    ),
    (
        "wrong_type",
        "A property of a workflow has a value of another type.",
        "Give it the type that the message names.",
    ),
    (
        "invalid_value",
        "A property of a workflow has a value that it may not have.",
        "The message says what is allowed.",
    ),
    (
        "invalid_schema",
        "The schema that a workflow gives to a value is no JSON Schema.",
        "Correct the schema; the message says where it is wrong.",
    ),
    (
        "duplicate_key",
        "A property of a workflow stands twice in one place.",
        "Keep one of them.",
    ),
    (
        "duplicate_task",
        "Two tasks of one list of a workflow have one name.",
        "Give one of them another name.",
    ),
    (
        "no_kind",
        "A task of a workflow does not say what it does.",
        "Give it one of the properties that the message lists, such as `call`, `set` or `do`.",
    ),
    (
        "several_kinds",
        "A task of a workflow says more than one thing that it does.",
        "Keep one of them, and make a task of each other.",
    ),
    (
        "unknown_task",
        "A `then` of a workflow names a task that is not in the same list.",
        "Correct the name; the message shows the nearest.",
    ),
    (
        "unknown_function",
        "A workflow calls what is neither a function of its own nor a method.",
        "Call a method as `service.method`, or define the function under `use.functions`.",
    ),
    (
        "unknown_authentication",
        "A workflow names an authentication that it does not define.",
        "Correct the name, or define it under `use.authentications`.",
    ),
    (
        "unknown_error",
        "A workflow names an error that it does not define.",
        "Correct the name, or define it under `use.errors`.",
    ),
    (
        "unknown_retry",
        "A workflow names a retry policy that it does not define.",
        "Correct the name, or define it under `use.retries`.",
    ),
    (
        "unknown_timeout",
        "A workflow names a timeout that it does not define.",
        "Correct the name, or define it under `use.timeouts`.",
    ),
];

/// How a command fails as a whole.
pub(super) const COMMAND: &[Entry] = &[
    (
        "configuration",
        "The configuration is wrong; `problems` lists everything that is. Exit code 3.",
        "Each problem has a code of its own and says what to do; `app check` shows them without starting anything.",
    ),
    (
        "graph",
        "The plugins do not fit together; `problems` lists everything that does not. Exit code 3.",
        "Each problem has a code of its own and says what to do; `app check` shows them without starting anything.",
    ),
    (
        "refused",
        "Configuration and plugins were examined together, and something is wrong. Exit code 3.",
        "Each problem has a code of its own and says what to do; `app check` shows them without starting anything.",
    ),
    (
        "start",
        "A plugin did not start; what had started has stopped again. Exit code 1.",
        "The message names the plugin and its reason; `app doctor` shows what else is amiss.",
    ),
    (
        "stop",
        "A plugin did not stop in time or reported an error; the others have stopped. Exit code 1.",
        "The message names the plugin: report it to its author, or give `host.stop_deadline` more time.",
    ),
    (
        "state",
        "The state folder cannot be used, or another process uses it. Exit code 1.",
        "The message names the folder and the reason; choose another one with `--state DIR`.",
    ),
    (
        "usage",
        "The command line cannot be read. Exit code 2.",
        "The message names the word; `--help` shows what is accepted.",
    ),
    (
        "output",
        "The output of a command cannot be written. Exit code 1.",
        "Make room, or write elsewhere.",
    ),
    (
        "damaged",
        "A file of a backup is not what was written to it.",
        "Restore from another backup: this one cannot be trusted.",
    ),
];
