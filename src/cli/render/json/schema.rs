//! JSON schemas, made from the types.

use schemars::JsonSchema;

/// The schema of one of the outputs.
pub fn schema<T: JsonSchema>() -> serde_json::Value {
    schemars::schema_for!(T).to_value()
}
