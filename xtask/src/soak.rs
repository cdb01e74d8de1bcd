//! `soak`: the runs that take hours.

use crate::app::App;
use crate::error::Result;
use crate::{cargo, crash, talk};

/// Transactions of each history, of each level and each storage.
const TRANSACTIONS: &str = "100000";

/// The command.
///
/// # Errors
/// Fails when a history shows an anomaly, or a kill has lost something.
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
    talk::headline("crashes");
    crash::command(app, &crash::Arguments::long())
}
