//! Any name and any JSON at the low door.

use evergrant::messages;

/// The first byte chooses the function, or none of them; what follows is its input.
pub fn run(data: &[u8]) {
    let (choice, text) = super::choice_and_text(data);
    let names: Vec<&str> = messages::names().collect();
    match names.get(choice % (names.len() + 1)) {
        Some(name) => {
            check(name, &text);
        }
        None => {
            let (name, input) = text.split_once('\n').unwrap_or((&text, "{}"));
            check(name, input);
        }
    }
}

/// Calls a function twice: the same output, and JSON.
pub fn check(name: &str, input: &str) -> Option<serde_json::Value> {
    let output = messages::call(name, input);
    assert_eq!(output, messages::call(name, input), "{name}");
    match output {
        Ok(output) => Some(serde_json::from_str(&output).expect("a function answers with JSON")),
        Err(error) => {
            assert!(!error.details().message.is_empty(), "{name}");
            let _ = format!("{error} {error:?}");
            None
        }
    }
}
