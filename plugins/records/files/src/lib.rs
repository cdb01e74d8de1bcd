//! CSV and JSON Lines files as a stream of records
