//! The contract of data processing: operations over batches and streams of records
