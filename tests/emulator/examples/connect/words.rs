//! The library's events in words for people. A program would rather count them and log them as JSON.

use evergrant::flow::event::{Event, Recovery};
use evergrant::message::token_answer::EvidenceKind;

use crate::report::{span, spelled};

pub fn of(event: &Event) -> String {
    match event {
        Event::ServiceTokenObtained { life_ms: Some(ms), .. } => format!("a service token for {} s", ms / 1_000),
        Event::RefreshStarted { attempt, last_chance } => {
            let last = if *last_chance { ", a last chance" } else { "" };
            format!("attempt {attempt} is saved, and its request goes out{last}")
        }
        Event::RefreshSucceeded {
            attempt,
            rotated,
            recovery,
        } => {
            let what = if *rotated {
                "a new pair of tokens"
            } else {
                "a new access token"
            };
            format!("attempt {attempt} brought {what}{}", recovered(*recovery))
        }
        Event::RefreshNotSpent { attempt, kind, .. } => {
            format!("attempt {attempt} spent nothing: {}", evidence(*kind))
        }
        Event::RefreshUnknown { attempt, kind, .. } => {
            format!(
                "attempt {attempt}: {}, and nobody knows whether the provider acted",
                evidence(*kind)
            )
        }
        Event::RefreshRejected { attempt, oauth_error } => {
            format!(
                "attempt {attempt}: the provider refuses the refresh token{}",
                code(oauth_error)
            )
        }
        Event::SiblingRefreshed { .. } => "another worker has renewed the tokens meanwhile".to_owned(),
        Event::PersistFailing => "the store does not take the new tokens; they are held and written again".to_owned(),
        Event::PersistRecovered => "the store has taken the tokens that were held".to_owned(),
        Event::ReauthorizationNeeded { oauth_error, .. } => {
            format!(
                "the consent is gone{}: somebody must authorize again",
                code(oauth_error)
            )
        }
        Event::Connected { again: false } => "connected".to_owned(),
        Event::Connected { again: true } => "connected again".to_owned(),
        Event::LoginFailed { kind, oauth_error } => {
            format!("the code brought no tokens: {}{}", evidence(*kind), code(oauth_error))
        }
        Event::Disconnected => "disconnected; the tokens are wiped".to_owned(),
        Event::ClientRefused { oauth_error } => format!("the provider does not accept the client{}", code(oauth_error)),
        Event::AnswerOddity { oddity } => format!("the answer was good, and odd: {}", spelled(&format!("{oddity:?}"))),
        Event::ScopesChanged { granted } => format!("the scopes are now: {}", granted.join(" ")),
        Event::DeadlineNear { left_ms, .. } => format!("the consent ends in {}", span(*left_ms)),
        Event::ClockOffset { offset_ms } => {
            let word = if *offset_ms < 0 { "behind" } else { "ahead of" };
            format!(
                "the provider's clock is {} {word} this machine's",
                span(offset_ms.saturating_abs())
            )
        }
        other => format!("{other:?}"),
    }
}

fn recovered(recovery: Option<Recovery>) -> &'static str {
    match recovery {
        None => "",
        Some(Recovery::InWindow) => ", inside the window in which the old refresh token works",
        Some(Recovery::Promoted) => ", which was saved and waited until no better answer could come",
        Some(Recovery::LastChance) => ", as a last chance",
        Some(_) => ", late",
    }
}

fn evidence(kind: EvidenceKind) -> String {
    match kind {
        EvidenceKind::NotSent => "the request never left".to_owned(),
        EvidenceKind::NoAnswer => "no answer came".to_owned(),
        EvidenceKind::Throttled => "the provider asks to slow down".to_owned(),
        EvidenceKind::GrantRefused => "the provider refuses the grant".to_owned(),
        EvidenceKind::ClientRefused => "the provider does not accept the client".to_owned(),
        EvidenceKind::ServerFault => "the provider answered with a fault of its own".to_owned(),
        other => spelled(&format!("{other:?}")),
    }
}

fn code(oauth_error: &Option<String>) -> String {
    oauth_error.as_ref().map_or(String::new(), |code| format!(" ({code})"))
}
