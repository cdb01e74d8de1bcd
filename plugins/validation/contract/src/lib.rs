//! The contract of validation: values against JSON Schemas registered by name
