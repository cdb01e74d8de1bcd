use std::fmt;

/// A version as Cargo writes it; `2` and `2.0` are read as `2.0.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Incompatible changes.
    pub major: u64,
    /// Additions.
    pub minor: u64,
    /// Repairs.
    pub patch: u64,
}

/// A compatibility line: the major version, or `0.minor` before the first.
///
/// Two versions of one line are compatible; the registry holds one contract a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// The major version.
    pub major: u64,
    /// The minor version where the major one is 0, else 0.
    pub minor: u64,
}

impl Version {
    /// A version of three numbers.
    pub const fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Reads a version that is known to be one, at compile time.
    ///
    /// # Panics
    ///
    /// When `text` is not a version; in a constant that is a compile error.
    pub const fn parse(text: &str) -> Self {
        match Self::try_parse(text) {
            Some(version) => version,
            None => panic!("not a version: write `major.minor.patch`"),
        }
    }

    /// Reads a version of one to three numbers; what follows `-` or `+` is left out.
    pub const fn try_parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut numbers = [0u64; 3];
        let (mut index, mut at, mut digits) = (0, 0, 0);
        while at < bytes.len() {
            match bytes[at] {
                digit @ b'0'..=b'9' => {
                    if digits == 18 {
                        return None;
                    }
                    numbers[index] = numbers[index] * 10 + (digit - b'0') as u64;
                    digits += 1;
                }
                b'.' if digits > 0 && index < 2 => {
                    index += 1;
                    digits = 0;
                }
                b'-' | b'+' if digits > 0 => break,
                _ => return None,
            }
            at += 1;
        }
        if digits == 0 {
            return None;
        }
        Some(Self::new(numbers[0], numbers[1], numbers[2]))
    }

    /// The compatibility line.
    pub const fn line(self) -> Line {
        Line {
            major: self.major,
            minor: if self.major == 0 { self.minor } else { 0 },
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.major {
            0 => write!(f, "0.{}", self.minor),
            major => write!(f, "{major}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_cargo_and_the_guide_write_them() {
        for (text, version) in [
            ("2.0", (2, 0, 0)),
            ("2", (2, 0, 0)),
            ("1.2.3", (1, 2, 3)),
            ("0.3.1-beta.1", (0, 3, 1)),
        ] {
            assert_eq!(
                Version::try_parse(text),
                Some(Version::new(version.0, version.1, version.2)),
                "{text}"
            );
        }
        for text in ["", "a", "1.", ".1", "1.2.3.4", "v1", "99999999999999999999"] {
            assert_eq!(Version::try_parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_line_is_the_major_version_or_zero_and_the_minor() {
        assert_eq!(
            Version::parse("1.9.3").line(),
            Version::parse("1.0.0").line()
        );
        assert_ne!(
            Version::parse("0.1.0").line(),
            Version::parse("0.2.0").line()
        );
        assert_eq!(Version::parse("0.2.7").line().to_string(), "0.2");
        assert_eq!(Version::parse("3.2.7").line().to_string(), "3");
    }
}
