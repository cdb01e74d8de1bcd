//! JSON with line breaks. Works on the text, so that a number of any length stays what it is.

/// Indents JSON by two spaces. Whatever is not JSON comes out with other white space.
pub(super) fn indented(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut bytes = json.iter().copied().peekable();
    let mut in_string = false;
    while let Some(byte) = bytes.next() {
        if in_string {
            out.push(byte);
            match byte {
                b'"' => in_string = false,
                b'\\' => out.extend(bytes.next()),
                _ => {}
            }
            continue;
        }
        match byte {
            space if space.is_ascii_whitespace() => {}
            b'"' => {
                in_string = true;
                out.push(byte);
            }
            b'{' | b'[' => {
                out.push(byte);
                while bytes.next_if(u8::is_ascii_whitespace).is_some() {}
                if let Some(close) = bytes.next_if(|next| matches!(next, b'}' | b']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend(b": "),
            other => out.push(other),
        }
    }
    out
}

fn line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b' ', depth * 2));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_one_digit_changes() {
        let check = |json: &str, expected: &str| {
            let indented = String::from_utf8(indented(json.as_bytes())).unwrap();
            assert_eq!(indented, expected);
        };
        check("9007199254740993", "9007199254740993");
        check("[]", "[]");
        check(r#"{ }"#, "{}");
        check(
            r#"{"a":[1.0,{"b":"x,\"{ y"}],"c":123456789012345678901234567890}"#,
            "{\n  \"a\": [\n    1.0,\n    {\n      \"b\": \"x,\\\"{ y\"\n    }\n  ],\n  \"c\": 123456789012345678901234567890\n}",
        );
    }
}
