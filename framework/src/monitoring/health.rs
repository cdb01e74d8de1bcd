//! Whether a host lives and is ready, from everything that can be wrong with it. Pure: it is handed what is known.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::AlertStatus;

/// How a host is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthReport {
    /// Whether it can go on by itself: if not, a restart is what helps.
    pub is_live: bool,
    /// Whether calls may be sent to it.
    pub is_ready: bool,
    /// What is not as it should be, the worst first.
    pub findings: Vec<HealthFinding>,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthFinding {
    /// How bad it is.
    pub level: Severity,
    /// What it is about, such as `instance storage-redb`.
    pub subject: String,
    /// What is wrong.
    pub message: String,
}

/// How bad a finding is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The host cannot go on by itself.
    Dead,
    /// The host does not do what it is there for.
    Failed,
    /// It does, and somebody should look.
    Degraded,
}

impl Severity {
    /// Its name, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Failed => "failed",
            Self::Degraded => "degraded",
        }
    }
}

impl HealthReport {
    /// Of everything that was found.
    pub(crate) fn new(mut findings: Vec<HealthFinding>, alerts: &[AlertStatus]) -> Self {
        let raised = alerts.iter().filter(|alert| alert.is_raised);
        findings.extend(raised.map(|alert| {
            let value = alert
                .value
                .map_or_else(String::new, |value| format!(" is {value:.6}, and"));
            let message = format!(
                "`{}`{value} is to be watched: {:?}",
                alert.metric, alert.bound
            );
            HealthFinding::new(Severity::Degraded, format!("alert {}", alert.name), message)
        }));
        findings.sort_by_key(|finding| finding.level);
        let is_worse_than = |level| {
            findings
                .iter()
                .any(|finding: &HealthFinding| finding.level < level)
        };
        Self {
            is_live: !is_worse_than(Severity::Failed),
            is_ready: !is_worse_than(Severity::Degraded),
            findings,
        }
    }
}

impl HealthFinding {
    pub(crate) fn new(
        level: Severity,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            level,
            subject: subject.into(),
            message: message.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_decides() {
        let of = |levels: &[Severity]| {
            let findings = levels
                .iter()
                .map(|level| HealthFinding::new(*level, "x", "y"));
            let report = HealthReport::new(findings.collect(), &[]);
            (report.is_live, report.is_ready)
        };
        assert_eq!(of(&[]), (true, true));
        assert_eq!(of(&[Severity::Degraded]), (true, true));
        assert_eq!(of(&[Severity::Degraded, Severity::Failed]), (true, false));
        assert_eq!(of(&[Severity::Degraded, Severity::Dead]), (false, false));
    }
}
