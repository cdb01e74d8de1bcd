//! A running host reads its configuration again: what changes, what cannot, and what is refused.

use super::Place;

const GREET: &[&str] = &[
    "call",
    "echo.greet",
    "--mood",
    "short",
    "--input.format",
    "x",
];

#[test]
fn reload_replaces_just_what_changed() {
    let place = Place::new();
    let mut serving = place.serve(&[]);
    assert_eq!(place.run(GREET).fine(), "\"welcome x\"\n");
    place.write("weldkit.toml", "[plugins.echo]\ngreeting = 'new'");
    let ran = place.run(&["reload"]);
    ran.failed(0, &["replaced: echo"]);
    assert_eq!(place.run(GREET).fine(), "\"new x\"\n");
    let again = place.run(&["reload", "--format", "json"]).json();
    assert_eq!(
        (&again["format"], &again["replaced"]),
        (&1.into(), &serde_json::json!([]))
    );
    place.write("weldkit.toml", "[plugins.echo]\ngreeting = 'newer'");
    serving.signal("HUP");
    serving.hear("replaced: echo");
    assert_eq!(place.run(GREET).fine(), "\"newer x\"\n");
    assert_eq!(
        place.run(&["call", "relay.say", "--text", "still"]).fine(),
        "[\"still\"]\n"
    );
}

#[test]
fn what_needs_a_restart_is_named() {
    let place = Place::new();
    let mut serving = place.serve(&[]);
    let text = "[host]\nstop_deadline = '3s'\ndisable = ['trouble']\n[instances.second]\nplugin = 'echo'\n\
                [limits]\n'echo.say' = { timeout = '1s' }\n[permissions]\noperator = ['echo']\n[services]\necho = 'second'\n\
                [plugins.echo]\ngreeting = 'new'";
    place.write("weldkit.toml", text);
    let words = [
        "needs a restart: `second` is to start",
        "needs a restart: `trouble` is to stop",
        "needs a restart: [host]",
        "needs a restart: [services]",
        "needs a restart: [permissions]",
        "needs a restart: [limits]",
        "replaced: echo",
    ];
    place.run(&["reload"]).failed(0, &words);
    assert_eq!(place.run(GREET).fine(), "\"new x\"\n");
    serving.signal("HUP");
    let said = serving.hear("nothing was replaced");
    assert!(words[..6].iter().all(|word| said.contains(word)), "{said}");
}

/// A composite is replaced as an instance is, as long as its callers cannot tell.
#[test]
fn a_changed_composite_is_replaced_and_one_of_another_contract_is_not() {
    let declared = |name: &str, fixed: &str| {
        format!(
            "[composites.{name}.slots]\nvoice = {{ service = 'echo' }}\n\
             [composites.{name}.methods.loudly]\ncall = 'voice.say'\nwith = {{ {fixed} }}\n"
        )
    };
    let place = Place::new().file(&declared("greet", "loud = true"));
    let mut serving = place.serve(&[]);
    let said = ["call", "greet.loudly", "--the-text", "hello"];
    let loudly = place.run(&said).fine().to_owned();
    assert!(loudly.contains("HELLO"), "{loudly}");
    place.run(&["reload"]).failed(0, &["nothing was replaced"]);

    // Written in another place and way, it means the same.
    let same = declared("greet", "\"loud\" = true");
    place.write("weldkit.toml", format!("# moved\n\n{same}"));
    let again = place.run(&["reload", "--format", "json"]).json();
    assert_eq!(
        (&again["restart"], &again["replaced"]),
        (&serde_json::json!([]), &serde_json::json!([]))
    );

    let new = declared("greet", "loud = false") + &declared("shout", "loud = true");
    place.write("weldkit.toml", new);
    let words = ["needs a restart: `shout` is to start", "replaced: greet"];
    place.run(&["reload"]).failed(0, &words);
    assert!(place.run(&said).fine().contains("hello"));

    // The way back is a change as well, though the host was started with it.
    place.write("weldkit.toml", declared("greet", "loud = true"));
    serving.signal("HUP");
    serving.hear("replaced: greet");
    assert_eq!(place.run(&said).fine(), loudly);

    place.write("weldkit.toml", declared("greet", "times = 2"));
    let words = [
        "error: `greet` goes on as it was: its contract would change, which takes a restart: \
         `greet.loudly`: input is another",
        "nothing was replaced",
    ];
    place.run(&["reload"]).failed(1, &words);
    assert_eq!(place.run(&said).fine(), loudly);

    // What does not fit is refused before anything is replaced.
    place.write("weldkit.toml", declared("greet", "lod = false"));
    let words = ["unknown_parameter", "nothing has changed"];
    place.run(&["reload"]).failed(3, &words);
    serving.signal("HUP");
    serving.hear("nothing has changed");
    place.write("weldkit.toml", "");
    let words = ["needs a restart: `greet` is to stop"];
    place.run(&["reload"]).failed(0, &words);
}

#[test]
fn a_bad_new_configuration_changes_nothing() {
    let place = Place::new();
    let mut serving = place.serve(&[]);
    place.write(
        "weldkit.toml",
        "[plugins.echo]\ngreeting = 'new'\ngreetin = 'x'",
    );
    let words = [
        "weldkit.toml:3:1",
        "did you mean `greeting`?",
        "nothing has changed",
    ];
    place.run(&["reload"]).failed(3, &words);
    serving.signal("HUP");
    let said = serving.hear("nothing has changed");
    assert!(said.contains("did you mean `greeting`?"), "{said}");
    assert_eq!(place.run(GREET).fine(), "\"welcome x\"\n");
    place.write("weldkit.toml", "[plugins.echo");
    place.run(&["reload"]).failed(3, &["config_syntax"]);
    assert_eq!(place.run(GREET).fine(), "\"welcome x\"\n");
}

#[test]
fn an_instance_that_does_not_start_anew_goes_on_as_it_was() {
    let place = Place::new();
    let _serving = place.serve(&[]);
    place.write(
        "weldkit.toml",
        "[plugins.trouble]\nstart = 'fail'\n[plugins.echo]\ngreeting = 'new'",
    );
    place.run(&["reload"]).failed(
        1,
        &[
            "`trouble` goes on as it was",
            "no start today",
            "replaced: echo",
        ],
    );
    place
        .run(&["call", "trouble.panic"])
        .failed(1, &["error[panicked]"]);
    let listed = place.run(&["list"]);
    assert_eq!(listed.fine().matches("running").count(), 4, "{listed:?}");
}

#[test]
fn without_a_host_there_is_nothing_to_reload() {
    Place::new().run(&["reload"]).failed(
        1,
        &["no host runs on the state folder `./state`", "app serve"],
    );
}
