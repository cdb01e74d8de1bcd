//! The contract of record sources: files as a stream of records
