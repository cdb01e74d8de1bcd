//! The tool on whole workspaces: Cargo, the linker and the audit are the real ones, the framework
//! is a fixture of a few lines.

#[expect(
    clippy::unwrap_used,
    reason = "a test helper that fails is a failed test"
)]
mod fixture;

use std::process::Command;

use fixture::{Fixture, Plugin, plugin, run};
use serde_json::Value;

fn shop() -> Fixture {
    Fixture::new(&[
        plugin("storage", &["storage@1.0.0"]),
        Plugin {
            requires: &["storage@^1.0.0"],
            ..plugin("report", &["report@1.0.0"])
        },
    ])
}

#[test]
fn a_build_is_static_audited_and_says_what_is_inside() {
    let shop = shop();
    let said = shop.xtask("build --edition small --profile fast").fine();
    assert_eq!(said.stdout, "dist/app\n");
    assert!(
        said.stderr.contains("nothing outside the edition `small`"),
        "{}",
        said.stderr
    );
    let output = Command::new(shop.path("dist/app")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "[\"storage\"]\n");

    let said = shop.xtask("inspect dist/app --format json").fine();
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(report["format"], 1);
    assert_eq!(report["edition"], "small");
    assert_eq!(report["profile"], "fast");
    assert_eq!(report["plugins"][0]["id"], "storage");
    assert_eq!(
        report["plugins"][0]["contracts"][0]["hash"],
        "0123456789abcdef"
    );
    assert_eq!(report["plugins"].as_array().unwrap().len(), 1);
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        assert_eq!(report["binary"]["static"], true);
        assert_eq!(report["libc"], "glibc");
    }
    let table = shop.xtask("inspect dist/app").fine().stdout;
    assert!(table.contains("edition    small"), "{table}");

    let bytes = std::fs::read(shop.path("dist/app")).unwrap();
    shop.xtask("build --edition small --profile fast").fine();
    assert_eq!(
        bytes,
        std::fs::read(shop.path("dist/app")).unwrap(),
        "the same build gives the same bytes"
    );
}

#[test]
fn everything_wrong_with_a_choice_is_told_before_compiling() {
    let shop = shop();
    shop.xtask("build --plugins report,stroage").refused(
        3,
        &[
            "unknown plugin `stroage`",
            "did you mean `storage`?",
            "`report` requires the service `storage` ^1.0.0, and no chosen plugin provides it",
            "cargo xtask build --plugins report,storage",
        ],
    );
    shop.xtask("build --edition huge")
        .refused(3, &["has no edition `huge`", "known: full, small"]);
    shop.xtask("build --plugins report --all")
        .refused(2, &["cannot be used with"]);
    shop.xtask("build --target s390x-unknown-linux-gnu")
        .refused(1, &["rustup target add s390x-unknown-linux-gnu"]);
    shop.xtask("build --target x86_64-unknown-linux-mulsl")
        .refused(2, &["did you mean `x86_64-unknown-linux-musl`?"]);
    assert!(!shop.path("target").exists(), "nothing was compiled");
}

#[test]
fn a_configuration_chooses_what_it_needs() {
    let shop = shop();
    shop.write("a.toml", "[plugins.report]\nfolder = \"x\"\n");
    let said = shop.xtask("build --for a.toml --dry-run").fine();
    assert!(
        said.stderr.contains("2 plugins: report, storage"),
        "{}",
        said.stderr
    );
    shop.write("b.toml", "[plugins.storage]\n");
    let said = shop.xtask("build --for b.toml --dry-run").fine();
    assert!(
        said.stderr.contains("has no use for: report"),
        "{}",
        said.stderr
    );
    shop.write(
        "c.toml",
        "[host]\ndisable = [\"storage\"]\n[plugins.report]\n[plugins.recods]\n",
    );
    shop.xtask("build --for c.toml").refused(
        3,
        &[
            "c.toml: unknown plugin `recods`",
            "`storage` is disabled and the others need it",
        ],
    );
    shop.write("d.toml", "x = [\n");
    shop.xtask("build --for d.toml")
        .refused(3, &["d.toml: TOML parse error at line"]);
    shop.write("e.toml", "");
    shop.xtask("build --for e.toml")
        .refused(3, &["e.toml names no plugin"]);
}

#[test]
fn a_plugin_that_the_linker_lost_fails_the_build() {
    let shop = shop();
    let main = shop.read("app/src/main.rs").replace(
        "mod plugins;",
        "mod plugins { pub const CHOSEN: &[&str] = &[]; }",
    );
    shop.write("app/src/main.rs", &main);
    shop.xtask("build --all --profile fast").refused(
        1,
        &[
            "`report` was asked for and is not in the binary",
            "`storage` was asked for and is not in the binary",
        ],
    );
    assert!(
        !shop.path("dist/app").exists(),
        "a refused binary does not reach dist/"
    );
}

#[test]
fn a_plugin_that_another_one_brings_along_fails_the_build() {
    let shop = Fixture::new(&[
        Plugin {
            dependency: "x-spy = { path = \"../x-spy\" }",
            source: "use x_spy as _;",
            ..plugin("storage", &["storage@1.0.0"])
        },
        plugin("spy", &["spy@1.0.0"]),
    ]);
    shop.xtask("build --edition small --profile fast").refused(
        1,
        &[
            "`spy` is outside the edition `small` and is in the binary",
            "cargo tree -i x-spy",
        ],
    );
}

#[test]
fn metadata_that_differs_from_the_linked_code_fails_the_build() {
    let shop = shop();
    let text = shop.read("plugins/x-storage/plugin_metadata.json");
    shop.write(
        "plugins/x-storage/plugin_metadata.json",
        &text.replace("About storage", "About nothing"),
    );
    shop.xtask("build --edition small --profile fast").refused(
        1,
        &[
            "plugin_metadata.json of `storage` is stale: description",
            "cargo xtask metadata",
        ],
    );
}

#[test]
fn broken_metadata_stops_only_those_who_ask_for_the_plugin() {
    let shop = shop();
    shop.write("plugins/x-report/plugin_metadata.json", "{");
    shop.xtask("build --edition small --dry-run").fine();
    shop.xtask("build --all --dry-run").refused(
        3,
        &["x-report/plugin_metadata.json", "cargo xtask metadata"],
    );
}

#[test]
fn a_plugin_is_added_by_path_and_comments_survive() {
    let shop = shop();
    let manifest = shop.read("app/Cargo.toml");
    shop.write("app/Cargo.toml", &format!("# ours\n{manifest}"));
    shop.add_plugin("far", &plugin("mail", &["mail@1.0.0"]));
    let said = shop.xtask("add --path far/x-mail").fine();
    assert_eq!(said.stdout, "mail\n");
    let manifest = shop.read("app/Cargo.toml");
    for line in [
        "# ours",
        "mail = [\"dep:x-mail\"]",
        "full = [\"storage\", \"report\", \"mail\"]",
    ] {
        assert!(
            manifest.contains(line),
            "{line:?} is missing in:\n{manifest}"
        );
    }
    assert!(shop.read("app/src/plugins.rs").contains("use x_mail as _;"));
    shop.xtask("build --plugins mail --profile fast").fine();
    shop.xtask("add --path far/x-mail")
        .refused(3, &["depends on it already"]);
    shop.xtask("add x-mial@1")
        .refused(1, &["did you mean `x-mail`?"]);
}

#[test]
fn what_does_not_fit_is_not_added_and_nothing_changes() {
    let shop = shop();
    shop.xtask("build --all --dry-run").fine();
    let before = [shop.read("app/Cargo.toml"), shop.read("Cargo.lock")];
    shop.write(
        "far/plain/Cargo.toml",
        "[package]\nname = \"plain\"\nversion = \"0.1.0\"\n[workspace]\n",
    );
    shop.write("far/plain/src/lib.rs", "");
    shop.xtask("add --path far/plain")
        .refused(3, &["far/plain is no plugin"]);
    shop.xtask("add --path far/nothing")
        .refused(3, &["far/nothing is no plugin"]);

    let other = Fixture::new(&[plugin("mail", &["mail@1.0.0"])]);
    let framework = other.read("weldkit/Cargo.toml").replace("0.1.0", "0.2.0");
    other.write("weldkit/Cargo.toml", &framework);
    let path = other.path("plugins/x-mail").display().to_string();
    shop.xtask(&format!("add --path {path}")).refused(
        3,
        &[
            "two copies of the framework in one graph",
            "weldkit 0.2.0",
            "wanted by x-mail v0.1.0",
        ],
    );
    assert_eq!(
        before,
        [shop.read("app/Cargo.toml"), shop.read("Cargo.lock")]
    );
}

#[test]
fn an_application_and_a_plugin_are_made_outside_this_repository() {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop");
    run(
        folder.path(),
        ["new", "app", "shop", "--plugins", "records,validation"],
    )
    .fine();
    run(folder.path(), ["new", "app", "shop"]).refused(3, &["is not empty"]);
    run(folder.path(), ["new", "app", "cafe", "--plugins", "record"])
        .refused(3, &["did you mean `records`?"]);
    run(folder.path(), ["new", "app", "Café"]).refused(2, &["is no name"]);
    run(folder.path(), ["new", "app", "cafe", "--framework", "shop"])
        .refused(2, &["no checkout of weldkit"]);
    assert!(!folder.path().join("cafe").exists(), "nothing half done");

    let said = run(&shop, ["new", "plugin", "rate-limit", "--no-metadata"]).fine();
    assert_eq!(said.stdout, "plugins/rate-limit\n");
    run(&shop, ["new", "plugin", "rate-limit"]).refused(3, &["`rate-limit` already"]);
    run(&shop, ["new", "plugin", "full"]).refused(2, &["means something else already"]);
    let manifest = std::fs::read_to_string(shop.join("Cargo.toml")).unwrap();
    let full = "full = [\"records\", \"validation\", \"rate-limit\"]";
    assert!(manifest.contains(full), "{manifest}");
    // `weldkit.toml` is the configuration of who runs it there; defaults of plugins that are not linked would break it.
    assert!(shop.join("defaults.toml").is_file() && !shop.join("weldkit.toml").exists());
    let list = std::fs::read_to_string(shop.join("src/plugins.rs")).unwrap();
    assert!(list.contains("use rate_limit as _;"), "{list}");
}

#[test]
fn a_folder_without_an_application_says_what_one_is() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    std::fs::write(folder.path().join("src/lib.rs"), "").unwrap();
    std::fs::write(
        folder.path().join("Cargo.toml"),
        "[package]\nname = \"x\"\nversion = \"0.1.0\"\n",
    )
    .unwrap();
    run(folder.path(), ["build"]).refused(
        3,
        &["there is no application here", "cargo xtask new app DIR"],
    );
    run(folder.path(), ["inspect", "Cargo.toml"]).refused(1, &["holds no weldkit plugin"]);
    run(folder.path(), ["inspect", "nothing"]).refused(1, &["read nothing: No such file"]);
}

#[test]
fn a_workflow_is_checked_by_names_before_anything_is_built() {
    let shop = shop();
    shop.write(
        "good.yaml",
        "do:\n  - a: { call: storage.get }\n  - b: { call: http }\n",
    );
    let said = shop.xtask("check --for good.yaml").fine();
    assert!(said.stdout.contains("storage"), "{}", said.stdout);
    assert!(
        said.stderr.contains("cargo xtask build --plugins storage"),
        "{}",
        said.stderr
    );
    shop.write(
        "bad.yaml",
        "do:\n  - a: { call: storage.gte }\n  - b:\n      call: stroage.get\n",
    );
    shop.xtask("check --for bad.yaml").refused(
        3,
        &[
            "bad.yaml:2:16: `storage` has no method `gte`",
            "known: get",
            "bad.yaml:4:13: no plugin of the application provides `stroage`",
            "did you mean `storage`?",
        ],
    );
    // A document without a call, and a file of another kind, were both said to be fine.
    shop.write("quiet.yaml", "do:\n  - a: { set: { b: 1 } }\n");
    let said = shop.xtask("check --for quiet.yaml").fine();
    for words in ["calls nothing of a plugin", "cargo xtask build && dist/app"] {
        assert!(said.stderr.contains(words), "{}", said.stderr);
    }
    shop.write("app.toml", "[plugins.storage]\n");
    shop.xtask("check --for app.toml").refused(
        3,
        &[
            "app.toml is no workflow document",
            "cargo xtask build --for app.toml",
        ],
    );
}
