//! Validation of values against JSON Schemas
