//! Data processing: select, filter, derive and aggregate records
