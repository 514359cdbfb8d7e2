//! The requests that this provider reads, as tables: a provider without ProviderKit owes the same strictness.

use crate::json::Value;

/// Where, and a sentence that goes on after the field's name.
pub struct Mistake {
    pub field: String,
    pub message: String,
}

pub enum Shape {
    Text,
    Url,
    Word(&'static [&'static str]),
    Bool,
    /// A whole number, at least 0.
    Whole,
    FromZero,
    /// In (0, 1].
    Fraction,
    Map,
    Content,
    List(&'static Shape),
    Object(&'static [Field]),
    /// An object that may have other members too.
    Open(&'static [Field]),
}

pub struct Field(&'static str, Shape, bool);

use Shape::*;

const SAMPLING: &[Field] = &[
    Field("temperature", FromZero, false),
    Field("strategy", Word(&["greedy", "top_p", "top_k"]), false),
    Field("top_p", Fraction, false),
    Field("top_k", Whole, false),
];
const TOOL_CALL: Shape = Object(&[Field("tool_name", Text, true), Field("arguments", Map, true)]);
const TOOL_RESPONSE: Shape = Object(&[Field("tool_name", Text, true), Field("content", Content, true)]);
const MESSAGE: &[Field] = &[
    Field("role", Word(&["system", "user", "assistant", "tool"]), true),
    Field("content", Content, true),
    Field("tool_calls", List(&TOOL_CALL), false),
    Field("tool_responses", List(&TOOL_RESPONSE), false),
];
const DIALOG: &[Field] = &[
    Field("message", Object(MESSAGE), true),
    Field("message_history", List(&Object(MESSAGE)), false),
];
const SHIELD: Shape = Object(&[
    Field("shield_type", Text, true),
    Field("params", Map, false),
]);
const TOOL: Shape = Object(&[
    Field("tool_name", Text, true),
    Field("parameters", Map, false),
    Field("input_shields", List(&SHIELD), false),
    Field("output_shields", List(&SHIELD), false),
]);
const URL_SCHEMES: &[&str] = &["http://", "https://", "file://", "data:"];
const ATTACHMENT: &[Field] = &[Field("url", Url, true), Field("mime_type", Text, true)];

pub const COMPLETION: Shape = Object(&[
    Field("content", Content, true),
    Field("model", Text, true),
    Field("sampling_params", Object(SAMPLING), false),
    Field("max_tokens", Whole, false),
    Field("stream", Bool, false),
    Field("logprobs", Bool, false),
]);
pub const CHAT_COMPLETION: Shape = Object(&[
    Field("model", Text, true),
    Field("dialog", Object(DIALOG), true),
    Field("sampling_params", Object(SAMPLING), false),
    Field("available_tools", List(&TOOL), false),
    Field("max_tokens", Whole, false),
    Field("stream", Bool, false),
    Field("logprobs", Bool, false),
]);
pub const RESOURCE: Shape = Open(&[Field("kind", Text, true), Field("id", Text, true)]);
pub const CONFIGURATION: Shape = Object(&[Field("prefix", Text, false), Field("delay_milliseconds", Whole, false)]);

pub fn check(value: &Value, shape: &Shape, path: &str) -> Result<(), Mistake> {
    let wrong = |message: &str| Err(Mistake { field: path.into(), message: message.into() });
    match (shape, value) {
        (Text, Value::Text(_)) | (Bool, Value::Bool(_)) | (Map, Value::Object(_)) => Ok(()),
        (Url, Value::Text(text)) if URL_SCHEMES.iter().any(|scheme| text.starts_with(scheme)) => Ok(()),
        (Url, Value::Text(_)) => wrong(&format!("must begin with {}", URL_SCHEMES.join(", "))),
        (Word(words), Value::Text(text)) if words.contains(&text.as_str()) => Ok(()),
        (Word(words), Value::Text(_)) => wrong(&format!("must be one of {}", words.join(", "))),
        (Whole, Value::Number(n)) if n.fract() != 0.0 => wrong("must be an integer"),
        (Whole | FromZero, Value::Number(n)) if *n < 0.0 => wrong("must be at least 0"),
        (Fraction, Value::Number(n)) if *n <= 0.0 || *n > 1.0 => wrong("must be in (0, 1]"),
        (Whole | FromZero | Fraction, Value::Number(_)) => Ok(()),
        (Content, Value::Text(_)) => Ok(()),
        (Content, Value::Object(members)) => object(members, ATTACHMENT, false, path),
        (Content, Value::List(items)) => list(items, path, |item, path| match item {
            Value::List(_) => Err(Mistake { field: path.into(), message: "must be a string or an attachment".into() }),
            item => check(item, &Content, path),
        }),
        (List(shape), Value::List(items)) => list(items, path, |item, path| check(item, shape, path)),
        (Object(fields), Value::Object(members)) => object(members, fields, false, path),
        (Open(fields), Value::Object(members)) => object(members, fields, true, path),
        (shape, _) => wrong(match shape {
            Text | Url | Word(_) => "must be a string",
            Bool => "must be a boolean",
            Whole => "must be an integer",
            FromZero | Fraction => "must be a number",
            Content => "must be a string, an attachment or an array of them",
            List(_) => "must be an array",
            Map | Object(_) | Open(_) => "must be an object",
        }),
    }
}

fn list(
    items: &[Value], path: &str, check: impl Fn(&Value, &str) -> Result<(), Mistake>,
) -> Result<(), Mistake> {
    items.iter().enumerate().try_for_each(|(index, item)| check(item, &format!("{path}[{index}]")))
}

fn object(members: &[(String, Value)], fields: &[Field], is_open: bool, path: &str) -> Result<(), Mistake> {
    let inside = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
    for (key, value) in members {
        match fields.iter().find(|field| field.0 == key) {
            None if is_open => {}
            None => return Err(Mistake { field: inside(key), message: "is not a field of this object".into() }),
            // null counts as absent.
            Some(field) if *value == Value::Null && !field.2 => {}
            Some(field) => check(value, &field.1, &inside(key))?,
        }
    }
    match fields.iter().find(|field| field.2 && !members.iter().any(|(key, _)| key == field.0)) {
        Some(missing) => Err(Mistake { field: inside(missing.0), message: "is required".into() }),
        None => Ok(()),
    }
}
