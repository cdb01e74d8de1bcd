//! Wrong documents and what is said of them: `bad/*.yaml` beside its `*.txt`, renewed by `UPDATE_GOLDEN=1`.

use std::path::Path;

use super::super::read;

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/orchestration/definition/tests/bad");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_suffix(".yaml")?.to_string()))
        .collect();
    names.sort();
    assert!(names.len() >= 12, "{names:?}");
    for name in names {
        let file = format!("{name}.yaml");
        let text = std::fs::read_to_string(folder.join(&file)).unwrap();
        let problems = read(&text, &file).unwrap_err();
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let said = said.join("\n\n") + "\n";
        let golden = folder.join(format!("{name}.txt"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &said).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(said, expected, "{name}: renew with UPDATE_GOLDEN=1");
    }
}
