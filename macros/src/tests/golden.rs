//! What valid items expand to, in `tests/golden`; renewed by `UPDATE_GOLDEN=1`.

use std::path::Path;

use super::{CASES, tokens};

#[test]
fn valid_items_expand_as_they_did() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut changed = Vec::new();
    for case in CASES {
        let expansion = (case.expand)(tokens(case.attribute), tokens(case.item));
        let file = syn::parse2(expansion).unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
        let text = prettyplease::unparse(&file);
        let path = folder.join(format!("{}.rs", case.name));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &text).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != text {
            changed.push(format!("{}:\n{text}", case.name));
        }
    }
    assert!(
        changed.is_empty(),
        "expansions changed; look, and renew with UPDATE_GOLDEN=1\n{}",
        changed.join("\n")
    );
}
