use crate::error::CallError;

/// A key of a [`Map`](super::Map): as bytes that sort as the keys do.
pub trait MapKey: Sized {
    /// Appends the bytes. What follows a text or a number never changes its order: each ends by itself.
    fn write(&self, bytes: &mut Vec<u8>);

    /// Reads what [`write`](Self::write) wrote, and leaves the rest; `None` when it is something else.
    fn read(bytes: &mut &[u8]) -> Option<Self>;
}

/// The bytes of a key.
pub(super) fn encoded<K: MapKey>(key: &K) -> Vec<u8> {
    let mut bytes = Vec::new();
    key.write(&mut bytes);
    bytes
}

/// The key of these bytes.
pub(super) fn decoded<K: MapKey>(mut bytes: &[u8]) -> Result<K, CallError> {
    let key = K::read(&mut bytes).filter(|_| bytes.is_empty());
    key.ok_or_else(|| {
        CallError::internal("a key in the container is of another type than its map; was the type of the key changed?")
    })
}

/// Text ends with two zero bytes; a zero byte inside of it is followed by 0xff (as FoundationDB's tuples have it).
impl MapKey for String {
    fn write(&self, bytes: &mut Vec<u8>) {
        for byte in self.bytes() {
            bytes.push(byte);
            if byte == 0 {
                bytes.push(0xff);
            }
        }
        bytes.extend([0, 0]);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let mut text = Vec::new();
        loop {
            let (first, rest) = bytes.split_first()?;
            *bytes = rest;
            if *first == 0 {
                let (second, rest) = bytes.split_first()?;
                *bytes = rest;
                match second {
                    0 => return String::from_utf8(text).ok(),
                    0xff => {}
                    _ => return None,
                }
            }
            text.push(*first);
        }
    }
}

macro_rules! unsigned {
    ($($number:ty),*) => {$(
        impl MapKey for $number {
            fn write(&self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_be_bytes());
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                let (first, rest) = bytes.split_first_chunk()?;
                *bytes = rest;
                Some(Self::from_be_bytes(*first))
            }
        }
    )*};
}

unsigned!(u8, u16, u32, u64, u128);

macro_rules! signed {
    ($($number:ty),*) => {$(
        impl MapKey for $number {
            fn write(&self, bytes: &mut Vec<u8>) {
                // With the sign turned round, negative numbers come first.
                bytes.extend((self ^ Self::MIN).to_be_bytes());
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                let (first, rest) = bytes.split_first_chunk()?;
                *bytes = rest;
                Some(Self::from_be_bytes(*first) ^ Self::MIN)
            }
        }
    )*};
}

signed!(i8, i16, i32, i64, i128);

impl<A: MapKey, B: MapKey> MapKey for (A, B) {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some((A::read(bytes)?, B::read(bytes)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check<K: MapKey + Ord + Clone + std::fmt::Debug>(one: &K, other: &K) {
        assert_eq!(decoded::<K>(&encoded(one)).unwrap(), *one);
        assert_eq!(
            encoded(one).cmp(&encoded(other)),
            one.cmp(other),
            "{one:?} {other:?}"
        );
    }

    proptest! {
        #[test]
        fn bytes_sort_as_keys_do(
            texts: (String, String),
            numbers: (i64, i64),
            pairs: ((String, u32), (String, u32)),
            zeros in ("[\0\u{1}a]{0,4}", "[\0\u{1}a]{0,4}"),
        ) {
            check(&texts.0, &texts.1);
            check(&numbers.0, &numbers.1);
            check(&pairs.0, &pairs.1);
            check(&zeros.0, &zeros.1);
            check(&(zeros.0.clone(), zeros.1.clone()), &(zeros.1, zeros.0));
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bytes in [&b""[..], b"a", b"a\0", b"a\0\x01", b"\xff\0\0", b"a\0\0b"] {
            assert!(decoded::<String>(bytes).is_err(), "{bytes:?}");
        }
        assert!(decoded::<u64>(b"1234567").is_err());
    }
}
