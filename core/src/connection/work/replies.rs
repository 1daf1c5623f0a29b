//! What comes of the requests of a work, in time or late.

use crate::base::date;
use crate::base::http::HttpResponse;
use crate::base::time::Now;
use crate::connection::chronicle::Note;
use crate::connection::ends;
use crate::connection::ledger::{Learnt, Report, Ticket};
use crate::connection::tokens::add_accounts;
use crate::connection::transition::What;
use crate::connection::work::{Work, hash, never_left};
use crate::flow::event::Event;
use crate::flow::step::{Step, StepId};
use crate::message::token_answer::{EvidenceKind, Reply, Settled, Tokens, Verdict};

/// A caller does not wait for ever for a provider that does not answer: after two silences and a minute the work ends. The
/// exchanges go on, and the next work finds the attempts in the record.
const MOST_SILENCES: u32 = 2;
const PATIENCE: i64 = 60_000;
/// A difference between the provider's clock and this machine's that is worth a word.
const CLOCK_OFFSET: i64 = 60_000;

impl Work {
    /// What came of a request, in time or late; a second word about one that is over is ignored.
    pub(super) fn reply(&mut self, id: StepId, now: Now, reply: Reply<'_>, over: bool) {
        let is_current = StepId::new(self.number) == id;
        let Some(sent) = self.sends.iter_mut().find(|sent| sent.id == id && !sent.settled) else {
            return;
        };
        sent.settled = over;
        // Too late to leave, or replaced before it could: nothing is wrong with the way, so there is nothing to wait for.
        let unsent = matches!(reply, Reply::NotSent) && (!is_current || now.is_past(sent.outgoing.send_by));
        let Some((ticket, request)) = sent.outgoing.spends.clone() else {
            if is_current {
                self.tell(now, What::Revoked);
            }
            return;
        };
        if let Reply::Answer(answer) = reply {
            self.compare_clocks(answer, now);
        }
        if unsent {
            if is_current {
                self.too_late(ends::begun_too_late());
            }
            return self.tell(now, What::Learnt(never_left(ticket)));
        }
        let settled = self.connection.client().settle(&request, reply, now);
        if !over && !matches!(settled.verdict, Verdict::Answered(_)) {
            // The host only stopped waiting. Nothing is known, and the exchange goes on.
            if is_current {
                self.error = settled.error();
                self.silences = self.silences.saturating_add(1);
                if self.silences >= MOST_SILENCES && now.longest_since(self.worker.begun) >= PATIENCE {
                    self.end_early(ends::unresolved(1_000));
                }
                self.tell(now, What::Silent);
            }
            return;
        }
        let report = self.judge(ticket, settled, now);
        let is_answer = matches!(report.outcome, Learnt::Answered(_));
        self.tell(now, What::Learnt(report));
        let is_taken = matches!(self.step, Step::Save(_) | Step::Send(_) | Step::Sign(_)) || self.has_answer_in_hand();
        if is_answer && !is_taken {
            // Nothing was written: it belongs to a consent that is not in use any more.
            self.notes.pop();
            self.events.push(Event::AnswerIgnored { order: ticket.order });
        }
    }

    /// The verdict on an answer, as the table reads it.
    pub(super) fn judge(&mut self, ticket: Ticket, settled: Settled, now: Now) -> Report<Tokens> {
        let at = self.worker.seen.as_ref().map_or(0, |seen| seen.latest(now));
        self.notes.push(Note::of(&settled, at, &ticket));
        self.say(&ticket, &settled);
        let error = settled.error();
        if error.is_some() {
            self.error = error;
        }
        let evidence = &settled.evidence;
        let refused = matches!(evidence.kind, EvidenceKind::ClientRefused);
        let mut retry_after = evidence.retry_after_ms;
        if refused && !self.tried_other_secret && self.connection.client().has_next_client_secret() {
            // While secrets are rotated: the other one, once per work, and at once.
            self.tried_other_secret = true;
            self.connection.choice = self.connection.choice.other();
            retry_after = Some(0);
        } else if refused || evidence.kind == EvidenceKind::RequestRefused {
            // Waiting does not mend a configuration.
            self.policy.longest_wait = 0;
        }
        let outcome = match settled.verdict {
            Verdict::Answered(tokens) => Learnt::Answered(self.complete(&ticket, tokens)),
            Verdict::NotSpent => Learnt::NotSpent {
                retry_after,
                unsent: false,
                client_refused: refused,
            },
            Verdict::Rejected => Learnt::Rejected {
                doubtful: evidence.kind == EvidenceKind::GrantDoubted,
            },
            Verdict::Unknown => Learnt::Closed { sign: sign(&settled) },
        };
        Report::new(ticket, outcome)
    }

    /// The accounts that the callback named belong to the tokens.
    pub(super) fn complete(&self, ticket: &Ticket, mut tokens: Tokens) -> Tokens {
        if let Some(code) = self.code.as_ref().filter(|_| ticket.is_login()) {
            add_accounts(&mut tokens.account_ids, code.account_ids());
        }
        tokens
    }

    pub(super) fn say(&mut self, ticket: &Ticket, settled: &Settled) {
        let evidence = &settled.evidence;
        let attempt = ticket.number;
        let oauth_error = evidence.oauth_error.clone();
        let kind = evidence.kind;
        if matches!(settled.verdict, Verdict::Answered(_)) {
            let oddities = evidence.oddities.iter();
            self.events
                .extend(oddities.map(|oddity| Event::AnswerOddity { oddity: *oddity }));
        }
        if kind == EvidenceKind::ClientRefused {
            self.events.push(Event::ClientRefused {
                oauth_error: oauth_error.clone(),
            });
        }
        let event = match settled.verdict {
            Verdict::Answered(_) => return,
            _ if ticket.is_login() => Event::LoginFailed { kind, oauth_error },
            Verdict::NotSpent => Event::RefreshNotSpent {
                attempt,
                kind,
                retry_after_ms: evidence.retry_after_ms,
            },
            Verdict::Unknown => Event::RefreshUnknown {
                attempt,
                kind,
                status: evidence.status,
            },
            Verdict::Rejected => Event::RefreshRejected { attempt, oauth_error },
        };
        self.events.push(event);
    }

    pub(super) fn compare_clocks(&mut self, answer: &HttpResponse, now: Now) {
        let date = answer
            .header("Date")
            .and_then(|value| date::parse_http_date(value, now.wall));
        let offset = date.map_or(0, |date| date.saturating_sub(now.wall));
        if offset.saturating_abs() > CLOCK_OFFSET {
            self.events.push(Event::ClockOffset { offset_ms: offset });
        }
    }
}

/// A refusal that no rule knows, as a number that is the same for the same refusal.
fn sign(settled: &Settled) -> Option<u64> {
    let evidence = &settled.evidence;
    let unknown = matches!(
        evidence.kind,
        EvidenceKind::OtherError | EvidenceKind::Unauthorized | EvidenceKind::Unreadable
    );
    let status = evidence
        .status
        .filter(|status| unknown && (400..500).contains(status))?;
    let code = evidence.oauth_error.as_deref().unwrap_or_default();
    let number = hash(&[b"evergrant refusal", &status.to_be_bytes(), code.as_bytes()]);
    u64::try_from(number >> 64).ok()
}
