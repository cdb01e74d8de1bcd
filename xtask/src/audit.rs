//! The audit after linking: what was asked for against what the file holds.
//!
//! A linker drops what nothing names, and a dependency may bring what nobody asked for. Both show
//! only in the finished file, so that is what is read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use crate::error::Problem;
use crate::frame::{Contents, Descriptor};
use crate::metadata::PluginMetadata;
use crate::record::BuildRecord;

/// Everything in which a binary differs from what was asked for.
pub fn compare(contents: &Contents, record: &BuildRecord) -> Vec<Problem> {
    let asked: BTreeMap<&str, &PluginMetadata> = record
        .metadata
        .iter()
        .map(|plugin| (plugin.id.as_str(), plugin))
        .collect();
    let mut problems = Vec::new();
    for (id, metadata) in &asked {
        match contents.plugins.get(*id).map(Vec::as_slice) {
            None | Some([]) => problems.push(
                Problem::new(format!("`{id}` was asked for and is not in the binary"))
                    .help("plugins.rs must name its crate: cargo xtask tidy --fix"),
            ),
            Some([found]) => problems.extend(differences(metadata, found)),
            Some(several) => {
                let packages: Vec<&str> = several.iter().map(|d| d.package.as_str()).collect();
                let packages = packages.join(", ");
                problems.push(Problem::new(format!(
                    "`{id}` is in the binary more than once: {packages}"
                )));
            }
        }
    }
    for (id, found) in &contents.plugins {
        if !asked.contains_key(id.as_str()) {
            problems.push(extra(id, found, record));
        }
    }
    problems.extend(
        contents
            .damaged
            .iter()
            .map(|what| Problem::new(format!("a damaged descriptor: {what}"))),
    );
    problems.extend(wrong_record(contents, record));
    problems
}

fn extra(id: &str, found: &[Descriptor], record: &BuildRecord) -> Problem {
    let package = found
        .first()
        .map_or(id, |descriptor| descriptor.package.as_str());
    let outside = match &record.edition {
        Some(edition) => format!("`{id}` is outside the edition `{edition}` and is in the binary"),
        None => format!("`{id}` was not asked for and is in the binary"),
    };
    Problem::new(outside).help(format!(
        "see who brings it: cargo tree -i {package} -e normal"
    ))
}

/// The record must be there, whole, and the one of this build.
fn wrong_record(contents: &Contents, record: &BuildRecord) -> Option<Problem> {
    let expected = serde_json::to_value(record).expect("plain data always serialises");
    match contents.builds.as_slice() {
        [found] if *found == expected => None,
        [_] => Some(Problem::new(
            "the build record in the binary is of another build",
        )),
        [] => Some(
            Problem::new("there is no build record in the binary")
                .help("main.rs starts the application with `weldkit::app!`, which embeds it"),
        ),
        _ => Some(Problem::new(
            "there are several build records in the binary",
        )),
    }
}

/// Where the metadata file and the linked code disagree.
fn differences(metadata: &PluginMetadata, found: &Descriptor) -> Option<Problem> {
    let mut lines = Vec::new();
    let mut differ = |what: &str, file: &dyn Debug, binary: &dyn Debug| {
        let (file, binary) = (format!("{file:?}"), format!("{binary:?}"));
        if file != binary {
            lines.push(format!(
                "{what}: {file} in the file, {binary} in the binary"
            ));
        }
    };
    differ(
        "version",
        &metadata.version.to_string(),
        &found.version.to_string(),
    );
    differ("package", &metadata.package, &found.package);
    differ("description", &metadata.description, &found.description);
    differ("license", &metadata.license, &found.license);
    differ("source", &metadata.source, &found.source);
    differ("stability", &metadata.stability, &found.stability);
    differ("exclusive", &metadata.exclusive, &found.exclusive);
    differ("provides", &provided(metadata), &found_provided(found));
    differ(
        "requires",
        &sorted(&metadata.requires, need),
        &sorted(&found.requires, need),
    );
    differ(
        "permissions",
        &sorted(&metadata.permissions, String::clone),
        &sorted(&found.permissions, String::clone),
    );
    differ(
        "access",
        &sorted(&metadata.access, String::clone),
        &sorted(&found.access, String::clone),
    );
    differ(
        "categories",
        &sorted(&metadata.categories, String::clone),
        &sorted(&found.categories, String::clone),
    );
    if lines.is_empty() {
        return None;
    }
    let id = &metadata.id;
    let problem = Problem::new(format!(
        "the {} of `{id}` is stale: {}",
        crate::metadata::FILE,
        lines.join("; ")
    ));
    Some(problem.help("write it anew: cargo xtask metadata"))
}

fn need(need: &crate::metadata::Requirement) -> String {
    let mark = if need.optional { "?" } else { "" };
    format!("{} {}{mark}", need.service, need.version)
}

fn provided(metadata: &PluginMetadata) -> BTreeSet<String> {
    sorted(&metadata.service_contracts, |c| {
        format!("{} {}", c.name, c.version)
    })
}

fn found_provided(found: &Descriptor) -> BTreeSet<String> {
    sorted(&found.provides, |p| format!("{} {}", p.name, p.version))
}

fn sorted<T>(items: &[T], shown: impl Fn(&T) -> String) -> BTreeSet<String> {
    items.iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::scan;
    use crate::frame::tests::{descriptor, frame};
    use crate::metadata::tests::plugin;

    fn record(ids: &[&str]) -> BuildRecord {
        BuildRecord {
            format: 1,
            app: "app-template".to_owned(),
            version: semver::Version::new(0, 1, 0),
            edition: Some("community".to_owned()),
            plugins: ids.iter().map(|id| (*id).to_owned()).collect(),
            features: Vec::new(),
            target: "x86_64-unknown-linux-gnu".to_owned(),
            libc: "glibc".to_owned(),
            profile: "release".to_owned(),
            is_static: true,
            framework: "0.1.0".to_owned(),
            rustc: "rustc 1.95.0".to_owned(),
            metadata: ids
                .iter()
                .map(|id| plugin(id, &[], &[]).without_schema())
                .collect(),
        }
    }

    fn binary(ids: &[&str], record: &BuildRecord) -> Vec<u8> {
        let plugins = ids
            .iter()
            .map(|id| frame("plugin", &descriptor(id).to_string()));
        let build = frame("build", &serde_json::to_string(record).unwrap());
        plugins.chain([build]).collect::<Vec<_>>().concat()
    }

    fn check(file: &[u8], record: &BuildRecord, expected: &[&str]) {
        let problems = compare(&scan(file), record);
        let messages: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(messages, expected);
    }

    #[test]
    fn a_binary_with_exactly_what_was_asked_for_passes() {
        let record = record(&["one", "two"]);
        check(&binary(&["two", "one"], &record), &record, &[]);
    }

    #[test]
    fn lost_and_extra_plugins_fail_and_the_edition_is_named() {
        let record = record(&["one", "two"]);
        check(
            &binary(&["one", "three"], &record),
            &record,
            &[
                "`two` was asked for and is not in the binary",
                "`three` is outside the edition `community` and is in the binary",
            ],
        );
    }

    #[test]
    fn another_version_or_requirement_than_the_file_says_is_stale() {
        let record = record(&["one"]);
        let mut other = descriptor("one");
        other["version"] = "0.2.0".into();
        other["requires"] =
            serde_json::json!([{"service": "storage", "version": "^1.0.0", "optional": true}]);
        let build = frame("build", &serde_json::to_string(&record).unwrap());
        let file = [frame("plugin", &other.to_string()), build].concat();
        check(
            &file,
            &record,
            &[
                "the plugin_metadata.json of `one` is stale: version: \"0.1.0\" in the file, \"0.2.0\" in the binary; \
               requires: {} in the file, {\"storage ^1.0.0?\"} in the binary",
            ],
        );
    }

    #[test]
    fn the_record_must_be_there_and_of_this_build() {
        let asked = record(&["one"]);
        let plugin = frame("plugin", &descriptor("one").to_string());
        check(&plugin, &asked, &["there is no build record in the binary"]);
        let other = BuildRecord {
            profile: "dev".to_owned(),
            ..asked.clone()
        };
        check(
            &binary(&["one"], &other),
            &asked,
            &["the build record in the binary is of another build"],
        );
        let both = [binary(&["one"], &asked), binary(&["one"], &other)].concat();
        check(
            &both,
            &asked,
            &["there are several build records in the binary"],
        );
    }

    #[test]
    fn two_crates_with_one_id_and_damage_fail() {
        let record = record(&["one"]);
        let mut other = descriptor("one");
        other["package"] = "someone-elses".into();
        let mut damaged = frame("plugin", &descriptor("two").to_string());
        let last = damaged.len() - 1;
        damaged[last] = b'!';
        let file = [
            binary(&["one"], &record),
            frame("plugin", &other.to_string()),
            damaged,
        ]
        .concat();
        let problems = compare(&scan(&file), &record);
        assert_eq!(
            problems[0].message,
            "`one` is in the binary more than once: weldkit-one, someone-elses"
        );
        assert!(
            problems[1]
                .message
                .starts_with("a damaged descriptor: plugin at byte")
        );
    }
}
