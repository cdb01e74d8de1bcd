use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use crate::error::Problem;
use crate::{limit, name};

/// On whose behalf a call is made: `operator`, `plugin:INSTANCE`, or a name of the configuration's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal(Arc<str>);

impl Principal {
    /// The local operator: whoever starts the process or reaches its control socket.
    pub fn operator() -> Self {
        // Every root `Ctx` of a host asks for it.
        static OPERATOR: LazyLock<Principal> = LazyLock::new(|| Principal::named("operator"));
        OPERATOR.clone()
    }

    /// A plugin instance that works on its own.
    pub fn plugin(instance: &str) -> Self {
        Self(format!("plugin:{instance}").into())
    }

    /// A principal of that name.
    pub fn named(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(feature = "orchestration")]
impl From<Arc<str>> for Principal {
    fn from(name: Arc<str>) -> Self {
        Self(name)
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A permission pattern: a name, or names with dots, or `*`, or `prefix.*`.
///
/// ```
/// use weldkit::Permission;
///
/// let all = Permission::new("storage.*").expect("a permission");
/// assert!(all.covers("storage.write") && all.covers("storage") && !all.covers("storages"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission(String);

impl Permission {
    /// Reads a pattern; the error says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        let names = text.strip_suffix(".*").unwrap_or(text);
        if text != "*"
            && let Some(fault) = names.split('.').find_map(name::fault)
        {
            return Err(format!(
                "`{text}` is not a permission: {fault}; write `storage.write`, `storage.*` or `*`"
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether the pattern grants `permission`. `storage.*` grants `storage` as well.
    pub fn covers(&self, permission: &str) -> bool {
        if self.0 == "*" || self.0 == permission {
            return true;
        }
        self.0.strip_suffix(".*").is_some_and(|prefix| {
            permission
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

/// The roles of a principal, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Roles(pub(crate) u64);

impl Roles {
    /// No role at all.
    pub(crate) const NONE: Self = Self(0);
}

/// What each principal is granted. Every principal that the configuration names is one role.
#[derive(Debug, Clone)]
pub struct Policy {
    roles: Vec<(Principal, Vec<Permission>)>,
}

impl Default for Policy {
    /// The operator holds everything; nobody else holds anything.
    fn default() -> Self {
        Self {
            roles: vec![(Principal::operator(), vec![Permission("*".into())])],
        }
    }
}

impl Policy {
    /// The policy of a configuration's `[permissions]`. The operator holds everything unless it says otherwise.
    pub fn new(grants: &BTreeMap<String, Vec<String>>) -> Result<Self, Vec<Problem>> {
        let mut policy = Self::default();
        let mut problems = Vec::new();
        for (principal, patterns) in grants {
            let mut permissions = Vec::new();
            for pattern in patterns {
                match Permission::new(pattern) {
                    Ok(permission) => permissions.push(permission),
                    Err(fault) => problems.push(
                        Problem::new("bad_permission", fault)
                            .place(format!("permissions.{principal}")),
                    ),
                }
            }
            if principal == "operator" {
                policy.roles[0].1 = permissions;
            } else {
                policy
                    .roles
                    .push((Principal::named(principal), permissions));
            }
        }
        if policy.roles.len() > limit::ROLES {
            problems.push(Problem::new(
                "too_many_principals",
                format!(
                    "[permissions] names {} principals; a host has at most {}",
                    policy.roles.len(),
                    limit::ROLES
                ),
            ));
        }
        if problems.is_empty() {
            Ok(policy)
        } else {
            Err(problems)
        }
    }

    /// The roles of a principal; none for one that the configuration does not name.
    pub(crate) fn roles(&self, principal: &Principal) -> Roles {
        let bit = self.roles.iter().position(|(named, _)| named == principal);
        Roles(bit.map_or(0, |bit| 1 << bit))
    }

    /// Whether the principal may do what asks for `permission`.
    pub fn holds(&self, principal: &Principal, permission: &str) -> bool {
        self.roles(principal).0 & self.granted(permission) != 0
    }

    /// The roles that are granted `permission`.
    pub(crate) fn granted(&self, permission: &str) -> u64 {
        let granted = self
            .roles
            .iter()
            .enumerate()
            .filter(|(_, (_, held))| held.iter().any(|pattern| pattern.covers(permission)));
        granted.fold(0, |word, (bit, _)| word | 1 << bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_granted_that_the_configuration_does_not_name() {
        let grants = BTreeMap::from([
            ("guest".to_owned(), vec!["storage.read".to_owned()]),
            ("admin".to_owned(), vec!["storage.*".to_owned()]),
        ]);
        let policy = Policy::new(&grants).unwrap();
        let may = |who: &Principal, what: &str| policy.roles(who).0 & policy.granted(what) != 0;
        let (guest, admin, stranger) = (
            Principal::named("guest"),
            Principal::named("admin"),
            Principal::named("stranger"),
        );
        assert!(may(&guest, "storage.read") && !may(&guest, "storage.write"));
        assert!(may(&admin, "storage.write") && may(&admin, "storage") && !may(&admin, "records"));
        assert!(may(&Principal::operator(), "records") && !may(&stranger, "records"));
    }

    #[test]
    fn bad_patterns_and_too_many_principals_are_all_reported() {
        let mut grants = BTreeMap::from([(
            "a".to_owned(),
            vec!["Storage".to_owned(), "a..b".to_owned()],
        )]);
        assert_eq!(Policy::new(&grants).unwrap_err().len(), 2);
        grants = (0..70)
            .map(|n| (format!("p{n}"), vec!["*".to_owned()]))
            .collect();
        assert_eq!(
            Policy::new(&grants).unwrap_err()[0].code,
            "too_many_principals"
        );
    }
}
