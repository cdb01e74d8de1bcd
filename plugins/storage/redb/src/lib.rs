//! Durable document storage in one file
