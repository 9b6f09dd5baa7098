//! A label selector of an object in the form in which a list or a watch takes it.

use crate::adapters::workload::WireSelector;

/// The selector as text; none where it selects everything or cannot be written.
pub(super) fn written(selector: &WireSelector<'_>) -> Option<String> {
    let mut parts: Vec<String> =
        selector.match_labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    for requirement in &selector.match_expressions {
        let key = &*requirement.key;
        let values: Vec<&str> = requirement.values.iter().map(|value| &**value).collect();
        let values = values.join(",");
        parts.push(match &*requirement.operator {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    (!parts.is_empty()).then(|| parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_written_as_the_api_takes_them() {
        for (json, expected) in [
            (r#"{"matchLabels":{"app":"web","tier":""}}"#, Some("app=web,tier=")),
            (
                r#"{"matchLabels":{"app":"web"},"matchExpressions":[
                    {"key":"a","operator":"In","values":["1","2"]},
                    {"key":"b","operator":"NotIn","values":["3"]},
                    {"key":"c","operator":"Exists"},{"key":"d","operator":"DoesNotExist"}]}"#,
                Some("app=web,a in (1,2),b notin (3),c,!d"),
            ),
            (r#"{"matchExpressions":[{"key":"a","operator":"Near"}]}"#, None),
            ("{}", None),
        ] {
            let selector = serde_json::from_str(json).expect("the fixture is JSON");
            assert_eq!(written(&selector).as_deref(), expected, "{json}");
        }
    }
}
