//! The part of JSON Schema that our schemas use, and nothing else: a keyword that is not known here
//! fails the test. Keys that a schema does not name are wrong too.

use serde_json::Value;

/// What is wrong with a value, by place.
pub(crate) fn violations(value: &Value, schema: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    validate(value, schema, schema, "$", &mut wrong);
    wrong
}

fn validate(value: &Value, schema: &Value, root: &Value, at: &str, wrong: &mut Vec<String>) {
    if schema == &Value::Bool(true) {
        return;
    }
    let schema = schema.as_object().expect("a schema");
    for (keyword, rule) in schema {
        match keyword.as_str() {
            "$ref" => {
                let pointer =
                    rule.as_str().and_then(|text| text.strip_prefix('#')).expect("a pointer");
                validate(value, root.pointer(pointer).expect("a definition"), root, at, wrong);
            }
            "type" => {
                let names: Vec<&Value> =
                    rule.as_array().map_or(vec![rule], |list| list.iter().collect());
                let name = type_name(value);
                let fits =
                    |each: &&Value| *each == name || (*each == "number" && name == "integer");
                if !names.iter().any(fits) {
                    wrong.push(format!("{at}: {name} instead of {rule}"));
                }
            }
            "anyOf" => {
                let fits = rule.as_array().expect("schemas").iter().any(|each| {
                    let mut wrong = Vec::new();
                    validate(value, each, root, at, &mut wrong);
                    wrong.is_empty()
                });
                if !fits {
                    wrong.push(format!("{at}: fits none of {rule}"));
                }
            }
            "properties" => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    match rule.get(key) {
                        Some(schema) => {
                            validate(value, schema, root, &format!("{at}.{key}"), wrong);
                        }
                        None => wrong.push(format!("{at}: {key} is not in the schema")),
                    }
                }
            }
            "required" => {
                let keys = rule.as_array().expect("keys");
                for key in keys.iter().filter_map(Value::as_str) {
                    if value.as_object().is_some_and(|object| !object.contains_key(key)) {
                        wrong.push(format!("{at}: {key} is missing"));
                    }
                }
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    validate(value, rule, root, &format!("{at}[{index}]"), wrong);
                }
            }
            "additionalProperties" => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    validate(value, rule, root, &format!("{at}.{key}"), wrong);
                }
            }
            "enum" => {
                if !rule.as_array().expect("values").contains(value) {
                    wrong.push(format!("{at}: {value} is none of {rule}"));
                }
            }
            "const" => {
                if rule != value {
                    wrong.push(format!("{at}: {value} is not {rule}"));
                }
            }
            "minimum" => {
                if value.as_f64() < rule.as_f64() {
                    wrong.push(format!("{at}: {value} is below {rule}"));
                }
            }
            "$schema" | "$defs" | "title" | "description" | "format" => {}
            unknown => panic!("teach this test the keyword {unknown}"),
        }
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
