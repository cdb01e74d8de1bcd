//! The rules of CloudEvents 1.0 for the values and names of attributes.

use crate::limit;

/// The names that the specification and its JSON form have taken.
pub(super) const TAKEN: [&str; 10] = [
    "id",
    "source",
    "type",
    "specversion",
    "time",
    "subject",
    "datacontenttype",
    "dataschema",
    "data",
    "data_base64",
];

/// A name that an extension attribute may have.
pub(super) fn extension_name(name: &str) -> Result<(), String> {
    if TAKEN.contains(&name) {
        return Err(format!("`{name}` is an attribute of the specification"));
    }
    if name.is_empty() || name.len() > limit::NAME_LEN {
        return Err(format!(
            "the name of an attribute has 1 to {} characters",
            limit::NAME_LEN
        ));
    }
    match name.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9')) {
        Some(bad) => Err(format!(
            "`{name}` contains `{}`; the name of an attribute has lower-case letters and digits only",
            bad.escape_default()
        )),
        None => Ok(()),
    }
}

/// How many extension attributes an event may have.
pub(super) fn extensions(len: usize) -> Result<(), String> {
    if len > limit::EVENT_ATTRIBUTES {
        return Err(format!(
            "an event has at most {} extension attributes",
            limit::EVENT_ATTRIBUTES
        ));
    }
    Ok(())
}

/// Text without control characters, and not too long.
pub(super) fn characters(text: &str) -> Result<(), String> {
    if text.len() > limit::EVENT_ATTRIBUTE_BYTES {
        return Err(format!(
            "an attribute has at most {} bytes",
            limit::EVENT_ATTRIBUTE_BYTES
        ));
    }
    match text.chars().find(|c| c.is_control()) {
        Some(bad) => Err(format!(
            "an attribute has no control characters; here is `{}`",
            bad.escape_default()
        )),
        None => Ok(()),
    }
}

/// The same, and not empty.
pub(super) fn text(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("may not be empty".to_owned());
    }
    characters(text)
}

/// A URI reference of RFC 3986, by its characters.
pub(super) fn uri_reference(uri: &str) -> Result<(), String> {
    text(uri)?;
    let bytes = uri.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let fine = match byte {
            b'%' => bytes
                .get(at + 1..at + 3)
                .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => false,
            byte => byte.is_ascii_graphic(),
        };
        if !fine {
            return Err(format!(
                "`{uri}` is no URI reference: write `{}` as %{byte:02X}",
                byte.escape_ascii()
            ));
        }
    }
    Ok(())
}

/// A URI with a scheme.
pub(super) fn uri(uri: &str) -> Result<(), String> {
    uri_reference(uri)?;
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if is_scheme {
        Ok(())
    } else {
        Err(format!("`{uri}` has no scheme such as `https:`"))
    }
}

/// A media type: `type/subtype`, with parameters or without.
pub(super) fn media_type(media: &str) -> Result<(), String> {
    text(media)?;
    let name = media.split(';').next().unwrap_or_default().trim_end();
    let token = |part: &str| {
        let letter = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
        !part.is_empty() && part.chars().all(letter)
    };
    match name.split_once('/') {
        Some((kind, sub)) if token(kind) && token(sub) => Ok(()),
        _ => Err(format!(
            "`{media}` is no media type such as `application/json`"
        )),
    }
}
