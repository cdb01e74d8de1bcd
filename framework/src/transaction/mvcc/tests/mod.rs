//! The store from outside: futures that are polled by hand, so that each interleaving is the one that a test wrote
//! down, a journal that a test completes, and a clock that stands still.

mod defects;
mod durable;
mod garbage;
mod hermitage;
mod locks;
mod model;
mod now;
mod savepoints;
mod stage;
mod threads;
