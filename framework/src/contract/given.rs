//! Input of a method whose contract was made when the host was put together: there is no type to decode into.

use serde_json::Value;

use super::decode::{bounded, parameter_object, refused, violated};
use super::{MethodDescriptor, encode};
use crate::error::CallError;

/// What the input of one method is held to.
#[derive(Debug)]
pub(crate) struct Given {
    schema: Value,
    validator: jsonschema::Validator,
}

impl Given {
    /// Compiles the schema of a method's input.
    ///
    /// # Errors
    ///
    /// What is wrong with the schema.
    pub(crate) fn new(method: &MethodDescriptor) -> Result<Self, String> {
        let schema = method.input.get().to_value();
        let validator = jsonschema::draft202012::new(&schema).map_err(|fault| fault.to_string())?;
        Ok(Self { schema, validator })
    }

    /// The input, checked. Empty input is an empty object.
    ///
    /// # Errors
    ///
    /// Every violation, as for a method with a type.
    pub(crate) fn check(
        &self,
        method: &MethodDescriptor,
        input: &[u8],
    ) -> Result<Vec<u8>, CallError> {
        bounded(input)?;
        let input = if input.is_empty() { b"{}" } else { input };
        // What an expression reads of the whole input has no name in the contract.
        let is_closed = self.schema.get("additionalProperties") == Some(&Value::Bool(false));
        let value = parameter_object(method, &self.schema, is_closed, input)?;
        let violations = violated(&self.validator, &value);
        if violations.is_empty() {
            encode(&value)
        } else {
            Err(refused(violations))
        }
    }
}
