//! A small structural check of values against the document's schemas.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What is wrong with a value by this schema.
pub fn faults(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let known = properties(document, schema);
    let mut faults = misfits(document, schema, value, at);
    for name in value.as_object().into_iter().flat_map(Map::keys) {
        if !known.is_empty() && !known.contains(name) {
            faults.push(format!("{at}.{name} is not documented"));
        }
    }
    faults
}

/// The names that a schema knows, in all its parts.
fn properties(document: &Value, schema: &Value) -> BTreeSet<String> {
    if let Some(name) = schema["$ref"].as_str() {
        return properties(document, document.pointer(&name[1..]).unwrap());
    }
    let own = schema["properties"].as_object().into_iter().flat_map(Map::keys).cloned();
    let parts = ["allOf", "oneOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    own.chain(parts.flat_map(|part| properties(document, part))).collect()
}

/// As [`faults`], but unknown names are allowed: another part of the schema may know them.
fn misfits(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        return misfits(document, document.pointer(&name[1..]).unwrap(), value, at);
    }
    let parts = |key: &str| schema[key].as_array().map(Vec::as_slice).unwrap_or_default();
    let fits = |part: &Value| misfits(document, part, value, at).is_empty();
    let mut found: Vec<String> = parts("allOf").iter().flat_map(|part| misfits(document, part, value, at)).collect();
    if !parts("oneOf").is_empty() && !parts("oneOf").iter().any(fits) {
        found.push(format!("{at}: {value} is none of {}", schema["oneOf"]));
    }
    let is = |name: &Value| match name.as_str().unwrap() {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        name => panic!("{at}: unknown type {name}"),
    };
    let types = parts("type");
    if !types.is_empty() && !types.iter().any(is) || schema["type"].is_string() && !is(&schema["type"]) {
        found.push(format!("{at}: {value} is not of type {}", schema["type"]));
    }
    if !parts("enum").is_empty() && !parts("enum").contains(value) {
        found.push(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    if let (Some(format), Some(text)) = (schema["format"].as_str(), value.as_str()) {
        let fits = match format {
            "date-time" => text.len() == 27 && text.ends_with('Z'),
            "date" => text.len() == 10,
            "email" => text.contains('@'),
            _ => panic!("{at}: unknown format {format}"),
        };
        assert!(fits, "{at}: {text} is no {format}");
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(faults(document, &schema["items"], item, &format!("{at}[{index}]")));
    }
    let Some(object) = value.as_object() else { return found };
    let missing = parts("required").iter().filter(|name| !object.contains_key(name.as_str().unwrap()));
    found.extend(missing.map(|name| format!("{at}: {name} is missing")));
    for (name, value) in object {
        let rest = &schema["additionalProperties"];
        let schema = schema["properties"].get(name).unwrap_or(rest);
        found.extend(faults(document, schema, value, &format!("{at}.{name}")));
    }
    found
}
