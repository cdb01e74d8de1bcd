//! What a file is: its format, machine, and whether it is static. Never runs it.
//!
//! An ELF file is static when it asks for no interpreter and no shared library; that is all its
//! program headers need to be read for.

use serde::Serialize;

/// What the headers say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Binary {
    /// `elf`, `mach-o`, `pe`, `wasm` or `unknown`.
    pub format: &'static str,
    /// The processor, as in a target triple, where we know it.
    pub machine: Option<&'static str>,
    /// Whether it needs nothing but the kernel; nothing where the headers were not read.
    #[serde(rename = "static")]
    pub is_static: Option<bool>,
    /// The dynamic loader it asks for.
    pub interpreter: Option<String>,
}

/// Reads the headers.
pub fn read(bytes: &[u8]) -> Binary {
    let format = match bytes {
        [0x7f, b'E', b'L', b'F', ..] => return elf(bytes).unwrap_or(UNREADABLE_ELF),
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => "mach-o",
        [b'M', b'Z', ..] => "pe",
        [0, b'a', b's', b'm', ..] => "wasm",
        _ => "unknown",
    };
    Binary {
        format,
        ..UNREADABLE_ELF
    }
}

/// An ELF file that is cut off, and the base for formats that we do not read.
const UNREADABLE_ELF: Binary = Binary {
    format: "elf",
    machine: None,
    is_static: None,
    interpreter: None,
};

const PT_DYNAMIC: u64 = 2;
const PT_INTERP: u64 = 3;
const DT_NEEDED: u64 = 1;

/// Numbers in the file's own width and order.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    wide: bool,
    little: bool,
}

impl<'a> Reader<'a> {
    /// Reads the first bytes of an ELF file for its width and order.
    pub(crate) fn of_elf(bytes: &'a [u8]) -> Option<Self> {
        bytes.starts_with(b"\x7fELF").then_some(())?;
        Some(Self {
            bytes,
            wide: *bytes.get(4)? == 2,
            little: *bytes.get(5)? == 1,
        })
    }

    /// A number of so many bytes.
    pub(crate) fn number(&self, at: usize, len: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(len)?)?;
        let push = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(if self.little {
            bytes.iter().rev().fold(0, push)
        } else {
            bytes.iter().fold(0, push)
        })
    }

    /// An address or offset, at one place in a 32-bit file and at another in a 64-bit one.
    pub(crate) fn word(&self, narrow: usize, wide: usize) -> Option<usize> {
        let word = if self.wide {
            self.number(wide, 8)
        } else {
            self.number(narrow, 4)
        };
        usize::try_from(word?).ok()
    }
}

/// The ELF header, then each program header.
fn elf(bytes: &[u8]) -> Option<Binary> {
    let reader = Reader::of_elf(bytes)?;
    let table = reader.word(0x1c, 0x20)?;
    let (size_at, count_at) = if reader.wide {
        (0x36, 0x38)
    } else {
        (0x2a, 0x2c)
    };
    let size = usize::try_from(reader.number(size_at, 2)?).ok()?;
    let count = usize::try_from(reader.number(count_at, 2)?).ok()?;
    let mut interpreter = None;
    let mut needs_libraries = false;
    for index in 0..count {
        let at = table.checked_add(index.checked_mul(size)?)?;
        let offset = reader.word(at + 0x04, at + 0x08)?;
        let len = reader.word(at + 0x10, at + 0x20)?;
        match reader.number(at, 4)? {
            PT_INTERP => {
                let text = bytes.get(offset..offset.checked_add(len)?)?;
                let text = String::from_utf8_lossy(text);
                interpreter = Some(text.trim_end_matches('\0').to_owned());
            }
            PT_DYNAMIC => needs_libraries |= needs_library(&reader, offset, len)?,
            _ => {}
        }
    }
    Some(Binary {
        format: "elf",
        machine: machine(&reader),
        is_static: Some(interpreter.is_none() && !needs_libraries),
        interpreter,
    })
}

/// Whether the dynamic section names a shared library.
fn needs_library(reader: &Reader<'_>, offset: usize, len: usize) -> Option<bool> {
    let entry = if reader.wide { 16 } else { 8 };
    let end = offset.checked_add(len)?;
    for at in (offset..end).step_by(entry) {
        if reader.number(at, entry / 2)? == DT_NEEDED {
            return Some(true);
        }
    }
    Some(false)
}

fn machine(reader: &Reader<'_>) -> Option<&'static str> {
    Some(match reader.number(0x12, 2)? {
        3 => "i686",
        21 => "powerpc64",
        22 => "s390x",
        40 => "arm",
        62 => "x86_64",
        183 => "aarch64",
        243 => "riscv64",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A little 64-bit ELF file with these program headers: (type, offset, length).
    fn elf_file(segments: &[(u32, u64, u64)], tail: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1]);
        bytes[0x12] = 183;
        bytes[0x20] = 64;
        bytes[0x36] = 56;
        bytes[0x38] = u8::try_from(segments.len()).unwrap();
        for (kind, offset, len) in segments {
            let mut header = vec![0; 56];
            header[..4].copy_from_slice(&kind.to_le_bytes());
            header[8..16].copy_from_slice(&offset.to_le_bytes());
            header[32..40].copy_from_slice(&len.to_le_bytes());
            bytes.extend(header);
        }
        bytes.extend(tail);
        bytes
    }

    #[test]
    fn a_file_is_static_without_interpreter_and_libraries() {
        let end = 64 + 56;
        let check = |segments: &[(u32, u64, u64)], tail: &[u8], is_static, interpreter| {
            let found = read(&elf_file(segments, tail));
            assert_eq!(found.is_static, Some(is_static));
            assert_eq!(found.interpreter.as_deref(), interpreter);
            assert_eq!(found.machine, Some("aarch64"));
        };
        check(&[], b"", true, None);
        check(&[(3, end, 7)], b"/lib/x\0", false, Some("/lib/x"));
        let mut needed = vec![0; 32];
        needed[16] = 1;
        check(&[(2, end, 32)], &needed, false, None);
        needed[16] = 7;
        check(&[(2, end, 32)], &needed, true, None);
    }

    #[test]
    fn this_program_is_dynamic_or_static_but_known() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let found = read(&own);
        if cfg!(all(
            target_os = "linux",
            target_env = "gnu",
            not(target_feature = "crt-static")
        )) {
            assert_eq!(found.is_static, Some(false));
            assert!(found.interpreter.unwrap().contains("ld-linux"));
        }
    }

    #[test]
    fn other_formats_are_named_and_cut_files_say_nothing() {
        let check = |bytes: &[u8], format| assert_eq!(read(bytes).format, format);
        check(b"MZ\x90\0", "pe");
        check(&[0xcf, 0xfa, 0xed, 0xfe], "mach-o");
        check(b"\0asm", "wasm");
        check(b"#!/bin/sh", "unknown");
        check(b"", "unknown");
        let whole = elf_file(&[(3, 120, 7)], b"/lib/x\0");
        for len in 4..whole.len() {
            assert_eq!(read(&whole[..len]).is_static, None, "first {len} bytes");
        }
    }
}
