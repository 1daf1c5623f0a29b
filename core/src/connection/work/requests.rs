//! The requests of a work: built, signed, put on the table.

use crate::base::entropy::Entropy;
use crate::base::error::OAuthError;
use crate::base::http::HttpRequest;
use crate::base::time::Now;
use crate::client::assertion::SignatureEncoding;
use crate::connection::chronicle::Note;
use crate::connection::ends;
use crate::connection::ledger::{Learnt, Report, Ticket};
use crate::connection::transition::What;
use crate::connection::work::{Outgoing, Sent, Work, never_left};
use crate::flow::event::Event;
use crate::flow::faults::signing_failed;
use crate::flow::step::{Send, Step};
use crate::message::token_answer::{EvidenceKind, Tokens};
use crate::message::token_request::{Prepared, TokenRequest};

/// How long a host keeps an exchange open, in milliseconds: an answer is worth waiting for long after nobody waits.
const EXCHANGE: i64 = 120_000;
/// How long a disconnection waits for the provider to hear of it, in milliseconds.
const REVOCATION: i64 = 10_000;

impl Work {
    pub(super) fn refresh(&mut self, ticket: Ticket, tokens: &Tokens, send_by: Now, silent_at: Now, now: Now) {
        let window = self.worker.seen.as_ref().and_then(|seen| seen.ledger.window);
        self.events.push(Event::RefreshStarted {
            attempt: ticket.number,
            last_chance: window.is_some_and(|window| window.last_chances > 0),
        });
        let Some(refresh_token) = &tokens.refresh_token else {
            return self.unbuilt(ticket, ends::no_refresh_token(), now);
        };
        let scopes = self.base.as_ref().and_then(|base| base.consent.as_ref());
        let scopes = scopes
            .map(|consent| consent.scopes_asked.as_slice())
            .unwrap_or_default();
        let request = TokenRequest::refresh_token(refresh_token, scopes);
        self.prepare(ticket, request, send_by, silent_at, now);
    }

    pub(super) fn exchange(&mut self, ticket: Ticket, send_by: Now, silent_at: Now, now: Now) {
        match &self.code {
            Some(code) => {
                let request = TokenRequest::authorization_code(code);
                self.prepare(ticket, request, send_by, silent_at, now);
            }
            // Only a work that has the code is told to exchange it.
            None => self.tell(now, What::Learnt(never_left(ticket))),
        }
    }

    /// Tells the provider that tokens are not wanted any more; what cannot be told is left to end by itself.
    pub(super) fn revoke(&mut self, tokens: &Tokens, now: Now) {
        let client = self.connection.client().clone();
        let prepared = Entropy::new(*self.entropy).and_then(|entropy| {
            let fresh = entropy.child(self.number);
            client.revocation_request(tokens, self.connection.choice, now, fresh)
        });
        let outgoing = Outgoing {
            spends: None,
            send_by: now.later(self.policy.send_within),
            wait: REVOCATION,
        };
        match prepared {
            Ok(Some(Prepared::Ready(request))) => self.put_request(request, outgoing, now),
            Ok(Some(Prepared::Unsigned(unsigned))) => {
                let step = Step::Sign(unsigned.sign().clone());
                self.unsigned = Some((unsigned, outgoing));
                self.put(step);
            }
            Ok(None) | Err(_) => self.tell(now, What::Revoked),
        }
    }

    pub(super) fn prepare(&mut self, ticket: Ticket, request: TokenRequest, send_by: Now, silent_at: Now, now: Now) {
        let wait = silent_at.wall.saturating_sub(now.wall).clamp(1, EXCHANGE);
        let client = self.connection.client().clone();
        // Every request has an assertion id and a correlation id of its own.
        let prepared = Entropy::new(*self.entropy).and_then(|entropy| {
            let fresh = entropy.child(self.number);
            client.token_request(&request, self.connection.choice, now, fresh)
        });
        let outgoing = Outgoing {
            spends: Some((ticket, request)),
            send_by,
            wait,
        };
        match prepared {
            Ok(Prepared::Ready(request)) => self.put_request(request, outgoing, now),
            Ok(Prepared::Unsigned(unsigned)) => {
                let step = Step::Sign(unsigned.sign().clone());
                self.unsigned = Some((unsigned, outgoing));
                self.put(step);
            }
            Err(error) => self.unbuilt(ticket, error, now),
        }
    }

    pub(super) fn put_request(&mut self, request: HttpRequest, outgoing: Outgoing, now: Now) {
        let mut send = Send::new(request, now, self.connection.client().wants_client_certificate());
        send.send_by = outgoing.send_by;
        send.wait_ms = outgoing.wait;
        send.timeout_ms = EXCHANGE;
        let id = self.put(Step::Send(send));
        self.sends.push(Sent {
            id,
            outgoing,
            settled: false,
        });
    }

    /// The request could not even be built: nothing was spent, and trying again at once would fare no better.
    pub(super) fn unbuilt(&mut self, ticket: Ticket, error: OAuthError, now: Now) {
        let at = self.worker.seen.as_ref().map_or(0, |seen| seen.latest(now));
        self.notes.push(Note::unbuilt(at, &ticket));
        if !ticket.is_login() {
            self.events.push(Event::RefreshNotSpent {
                attempt: ticket.number,
                kind: EvidenceKind::NotBuilt,
                retry_after_ms: None,
            });
        }
        self.error = Some(error);
        self.policy.longest_wait = 0;
        let outcome = Learnt::NotSpent {
            retry_after: None,
            unsent: false,
            client_refused: false,
        };
        self.tell(now, What::Learnt(Report::new(ticket, outcome)));
    }

    pub(super) fn sign(&mut self, now: Now, signature: Option<(&[u8], SignatureEncoding)>) {
        let Some((unsigned, outgoing)) = self.unsigned.take() else {
            return;
        };
        let ticket = outgoing.spends.as_ref().map(|(ticket, _)| *ticket);
        let signed = match signature {
            Some((signature, encoding)) => unsigned.complete(signature, encoding),
            None => Err(signing_failed()),
        };
        match (signed, ticket) {
            (Ok(_), Some(ticket)) if now.is_past(outgoing.send_by) => {
                self.too_late(signing_failed());
                self.tell(now, What::Learnt(never_left(ticket)));
            }
            (Ok(request), _) => self.put_request(request, outgoing, now),
            (Err(error), Some(ticket)) => self.unbuilt(ticket, error, now),
            (Err(_), None) => self.tell(now, What::Revoked),
        }
    }
}
