//! Faults that a test puts in, to see that it would find them.

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::orchestration::types) enum Fault {
    /// A property that need not be there is taken to be there.
    MemberIsThere,
    /// The bounds of a sum are those of its left side.
    SumStaysSmall,
    /// The left side of `//` is taken to be true.
    AlternativeIsTrue,
}

#[cfg(test)]
thread_local! {
    static FAULT: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
}

/// Puts a fault in, on this thread.
#[cfg(test)]
pub(in crate::orchestration::types) fn put(fault: Option<Fault>) {
    FAULT.set(fault);
}

#[cfg(test)]
pub(super) fn is(fault: Fault) -> bool {
    FAULT.get() == Some(fault)
}

#[cfg(not(test))]
pub(super) const fn is(_: Fault) -> bool {
    false
}
