//! Any text as a profile and as a client's configuration: a value that survives a round trip, or an error with a place.

use evergrant::base::error::OAuthError;
use evergrant::client::configuration::Client;
use evergrant::provider::profile::Profile;

/// A text.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Profile::from_json(&text) {
        Ok(profile) => check_profile(&profile),
        Err(error) => check_error(&text, &error),
    }
    match Client::from_json(&text) {
        Ok(client) => {
            assert!(!client.client_id().is_empty());
            super::endpoint::check_endpoint(client.token_endpoint().as_str(), client.token_endpoint());
        }
        Err(error) => check_error(&text, &error),
    }
}

/// Holds a profile to its round trip.
pub fn check_profile(profile: &Profile) {
    let text = profile.to_json();
    let again = Profile::from_json(&text).expect("what to_json gives is read back");
    assert!(again == *profile, "{text}");
    assert_eq!(again.to_json(), text);
    assert!(!profile.id().is_empty() && !profile.name().is_empty() && !profile.reconnect_words().is_empty());
}

/// Holds a refusal of a text to naming the place, where the text has one.
pub fn check_error(text: &str, error: &OAuthError) {
    let tree: Result<serde_json::Value, _> = serde_json::from_str(text.trim_start_matches('\u{feff}'));
    let has_places = tree.is_ok_and(|tree| tree.is_object());
    let too_deep = error.details().message.contains("too deep");
    assert!(
        !has_places || too_deep || error.details().field.is_some(),
        "{error:?} names no place in {text}"
    );
}
