//! `soak`: the runs that take hours.

use crate::app::App;
use crate::error::Result;
use crate::{cargo, crash, talk};

/// Transactions of each history, of each level and each storage.
const TRANSACTIONS: &str = "100000";

/// Values that are made up to see whether what types promise holds.
const TYPES: &str = "1000000";

/// The command.
///
/// # Errors
/// Fails when a history shows an anomaly, a promise of a type does not hold, or a kill has lost something.
pub fn command(app: &App) -> Result<()> {
    talk::headline("histories");
    let arguments =
        "test --release --package weldkit-tests --test it transactions::histories -- --nocapture";
    let mut histories = cargo::command();
    histories
        .current_dir(&app.root)
        .args(arguments.split(' '))
        .env("WELDKIT_TRANSACTIONS", TRANSACTIONS);
    cargo::run_command(&mut histories)?;
    talk::headline("types");
    let arguments = "test --release --package weldkit --all-features --lib -- what_is_said_to_fit";
    let mut types = cargo::command();
    types
        .current_dir(&app.root)
        .args(arguments.split(' '))
        .env("WELDKIT_TYPES", TYPES);
    cargo::run_command(&mut types)?;
    talk::headline("crashes");
    crash::command(app, &crash::Arguments::long())
}
