/// A value without a schema of its own: any JSON.
///
/// For what is truly free in form, such as the body of a document. Where a type exists, use it:
/// it is checked, documented and faster.
pub type Json = serde_json::Value;
