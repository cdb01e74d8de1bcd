//! The names that a host of this binary tells, known before one has started.

/// Every family that the host itself tells. Those of a plugin begin with its id; see [`prefix`](super::meter::prefix).
pub(crate) const HOST: &[&str] = &[
    "process_resident_memory_bytes",
    "weldkit_build_info",
    "weldkit_call_duration_max_seconds",
    "weldkit_call_duration_seconds",
    "weldkit_call_input_bytes",
    "weldkit_call_output_bytes",
    "weldkit_calls_failed",
    "weldkit_calls_finished",
    "weldkit_calls_in_flight",
    "weldkit_calls_started",
    "weldkit_events_delivered",
    "weldkit_events_dropped",
    "weldkit_events_failed",
    "weldkit_events_published",
    "weldkit_events_unheard",
    "weldkit_events_waiting",
    "weldkit_meter_overflow",
    "weldkit_meter_refused",
    "weldkit_plugin_calls_in_flight",
    "weldkit_plugin_panics",
    "weldkit_plugin_restarts",
    "weldkit_plugin_state",
    "weldkit_plugin_uptime_seconds",
    "weldkit_uptime_seconds",
    "weldkit_workers_blocked",
    #[cfg(feature = "transaction")]
    "weldkit_journal_batch_records",
    #[cfg(feature = "transaction")]
    "weldkit_journal_forced_writes",
    #[cfg(feature = "transaction")]
    "weldkit_journal_records",
    #[cfg(feature = "transaction")]
    "weldkit_journal_size_bytes",
    #[cfg(feature = "transaction")]
    "weldkit_journal_written_bytes",
    #[cfg(feature = "transaction")]
    "weldkit_transaction_conflicts",
    #[cfg(feature = "transaction")]
    "weldkit_transaction_duration_seconds",
    #[cfg(feature = "transaction")]
    "weldkit_transactions_begun",
    #[cfg(feature = "transaction")]
    "weldkit_transactions_ended",
    #[cfg(feature = "transaction")]
    "weldkit_transactions_in_doubt",
    #[cfg(feature = "transaction")]
    "weldkit_transactions_open",
    #[cfg(feature = "orchestration")]
    "weldkit_runs_ended",
    #[cfg(feature = "orchestration")]
    "weldkit_runs_held",
    #[cfg(feature = "orchestration")]
    "weldkit_runs_started",
    #[cfg(feature = "orchestration")]
    "weldkit_steps_ended",
    #[cfg(feature = "orchestration")]
    "weldkit_steps_retried",
    #[cfg(feature = "orchestration")]
    "weldkit_steps_started",
];
