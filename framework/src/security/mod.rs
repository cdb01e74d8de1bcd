//! Who may call what: principals, permissions and the policy that maps one to the other.
//!
//! Default deny. The policy is pure: it is made once from the configuration, and the gate sees
//! one word per method and one per principal.

mod policy;

pub(crate) use policy::Roles;
pub use policy::{Permission, Policy, Principal};
