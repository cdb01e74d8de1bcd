use std::fmt::Write;
use std::io;
use std::path::Path;
use std::process::Command;

use super::scratch::{Scratch, framework};
use crate::instructions::instructions;
use crate::{Bound, Claim, Outcome, Reading};

pub(super) const TITLE: &str = "start-up and index of registrations";

const ARRAY: &str = "static array by hand";
const LINKED: &str = "linked registrations";
const CHECKED: &str = "linked registrations, graph checked";

const COUNTS: [usize; 4] = [10, 100, 1_000, 10_000];

pub(super) fn measure(folder: &Path, _: usize) -> io::Result<Vec<Outcome>> {
    let scratch = Scratch::new(folder, "registrations", "target-registrations")?;
    scratch.write(
        "Cargo.toml",
        &format!(
            "[workspace]\n[package]\nname = \"registrations\"\nversion = \"1.0.0\"\nedition = \"2024\"\n[dependencies]\nlinkme = \"0.3\"\nweldkit = {{ path = {:?} }}\n",
            framework().display().to_string()
        ),
    )?;
    for count in COUNTS {
        scratch.write(
            &format!("src/bin/array{count}.rs"),
            &program(count, SORTED, &array(count)),
        )?;
        scratch.write(
            &format!("src/bin/linked{count}.rs"),
            &program(count, "weldkit::registry::linked()", &links(count)),
        )?;
    }
    scratch.cargo(&["build", "--release"])?;
    COUNTS
        .iter()
        .map(|count| outcome(&scratch, *count))
        .collect()
}

fn outcome(scratch: &Scratch, count: usize) -> io::Result<Outcome> {
    let collected = |program: String, argument: &str| {
        let mut command = Command::new("valgrind");
        command
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(scratch.program("release", &program))
            .arg(argument);
        instructions(&mut command).ok_or_else(|| io::Error::other("valgrind counts nothing here"))
    };
    let mut readings = vec![
        Reading::exact(ARRAY, collected(format!("array{count}"), "index")?),
        Reading::exact(LINKED, collected(format!("linked{count}"), "index")?),
    ];
    // Shown for its growth; beyond a thousand plugins it takes valgrind minutes.
    if count <= 1_000 {
        let checked = collected(format!("linked{count}"), "check")?;
        readings.push(Reading::exact(CHECKED, checked));
    }
    Ok(Outcome {
        title: format!("{TITLE}: {count}, whole process"),
        unit: "instructions",
        readings,
        claims: vec![Claim::new(LINKED, Bound::AtMostTimes(1.1), ARRAY)],
    })
}

/// Both sort by the same key and index by the same map; they differ in where the entries stand.
fn program(count: usize, entries: &str, registrations: &str) -> String {
    let mut descriptors = String::new();
    for plugin in 0..count {
        // Not in the order of the ids, so that there is something to sort.
        let id = (plugin * 7_919) % count;
        writeln!(
            descriptors,
            "static D{plugin}: PluginDescriptor = PluginDescriptor {{ id: \"plugin{id:05}\", ..BASE }};"
        )
        .expect("a string takes what is written");
    }
    PROGRAM
        .replace("@ENTRIES", entries)
        .replace("@COUNT", &count.to_string())
        + &descriptors
        + registrations
}

fn array(count: usize) -> String {
    let entries: String = (0..count)
        .map(|plugin| format!("entry(&D{plugin}),"))
        .collect();
    format!("static ENTRIES: [PluginEntry; {count}] = [{entries}];\n")
}

fn links(count: usize) -> String {
    (0..count)
        .map(|plugin| {
            format!("#[linkme::distributed_slice(weldkit::__private::PLUGINS)] static E{plugin}: PluginEntry = entry(&D{plugin});\n")
        })
        .collect()
}

/// What `linked` does, by hand.
const SORTED: &str = "{ let mut entries = ENTRIES.to_vec(); entries.sort_by_key(|entry| (entry.descriptor.id, entry.descriptor.package)); entries }";

const PROGRAM: &str = r#"
use std::collections::BTreeMap;
use std::sync::Arc;
use weldkit::Plugin;
use weldkit::call::BoxFuture;
use weldkit::contract::Stability;
use weldkit::registry::{Binder, PluginDescriptor, PluginEntry, Provided};

fn main() {
    let entries: Vec<PluginEntry> = @ENTRIES;
    if std::env::args().nth(1).as_deref() == Some("check") {
        let builder = entries.into_iter().fold(weldkit::Host::builder(), weldkit::HostBuilder::entry);
        assert_eq!(builder.check().unwrap().instances.len(), @COUNT);
        return;
    }
    let index: BTreeMap<&str, &PluginEntry> = entries.iter().map(|entry| (entry.descriptor.id, entry)).collect();
    assert_eq!(index.len(), @COUNT);
}

struct Empty;

impl Plugin for Empty {
    const DESCRIPTOR: &'static PluginDescriptor = &BASE;
    fn start(_: &Binder) -> BoxFuture<'_, weldkit::Result<Self>> { Box::pin(async { Ok(Self) }) }
    fn provide(self: Arc<Self>) -> Vec<Provided> { Vec::new() }
}

/// One constructor for all, so that what grows is the number of entries alone.
const fn entry(descriptor: &'static PluginDescriptor) -> PluginEntry {
    let mut entry = PluginEntry::new::<Empty>("");
    entry.descriptor = descriptor;
    entry
}

const BASE: PluginDescriptor = PluginDescriptor {
    id: "", version: "1.0.0", package: "registrations", description: "", authors: "", license: "MIT", source: "",
    stability: Stability::Stable, categories: &[], tags: &[], permissions: &[], access: &[], exclusive: false,
    provides: &[], needs: &[],
};
"#;
