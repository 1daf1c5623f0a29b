//! What an authorization server remembers: clients, codes, grants, and which string is which token.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::kernel::{AccessVerdict, Code, CodeVerdict, Grant, Invalid, Issue, PairId, Policy, Reason, RefreshVerdict};
use crate::mint::{Shape, mint};

mod types;

pub(crate) use types::{Bearer, Client, CodeRefusal, Consent, Exchange, RefreshRefusal, Shapes, Ticket, Tokens};

struct IssuedCode {
    code: Code,
    consent: Consent,
    redirect_uri: String,
    challenge: Option<String>,
    grant: Option<usize>,
}

pub(crate) struct Held {
    pub(crate) consent: Consent,
    pub(crate) lives: (i64, i64),
    pub(crate) grant: Grant<64>,
    /// The tokens of each pair, for answers that repeat them.
    pairs: HashMap<PairId, Pair>,
}

#[derive(Clone)]
struct Pair {
    access: String,
    refresh: String,
    minted_at: i64,
}

enum Access {
    User { grant: usize, pair: PairId },
    Service { client: String, ends_at: i64 },
}

pub(crate) struct Realm {
    pub(crate) clients: Vec<Client>,
    pub(crate) grants: Vec<Held>,
    shapes: Shapes,
    tickets: HashMap<String, Ticket>,
    codes: HashMap<String, IssuedCode>,
    refresh: HashMap<String, (usize, PairId)>,
    access: HashMap<String, Access>,
    /// The assertions seen, by client and `jti`.
    assertions: HashSet<(String, String)>,
}

impl Realm {
    pub(crate) fn new(shapes: Shapes, client: Client) -> Realm {
        Realm {
            clients: vec![client],
            grants: Vec::new(),
            shapes,
            tickets: HashMap::new(),
            codes: HashMap::new(),
            refresh: HashMap::new(),
            access: HashMap::new(),
            assertions: HashSet::new(),
        }
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    /// Whether a client's assertion is seen for the first time.
    pub(crate) fn first_use(&mut self, client: &str, jti: &str) -> bool {
        self.assertions.insert((client.to_owned(), jti.to_owned()))
    }

    pub(crate) fn open(&mut self, ticket: Ticket) -> String {
        let name = mint(Shape::Url(18));
        self.tickets.insert(name.clone(), ticket);
        name
    }

    pub(crate) fn take(&mut self, ticket: &str) -> Option<Ticket> {
        self.tickets.remove(ticket)
    }

    pub(crate) fn allow(&mut self, ticket: Ticket, policy: &Policy, now: i64, user: &str, account: &str) -> String {
        let name = mint(self.shapes.code);
        let consent = Consent {
            client: ticket.client,
            user: user.to_owned(),
            account: account.to_owned(),
            scope: ticket.scope,
        };
        let code = Code::new(policy, now);
        let (redirect_uri, challenge) = (ticket.redirect_uri, ticket.challenge);
        self.codes.insert(
            name.clone(),
            IssuedCode {
                code,
                consent,
                redirect_uri,
                challenge,
                grant: None,
            },
        );
        name
    }

    /// The scope that a refresh token stands for.
    pub(crate) fn scope_of_refresh(&self, token: &str) -> Option<&str> {
        let (number, _) = self.refresh.get(token)?;
        self.grants.get(*number).map(|held| held.consent.scope.as_str())
    }

    /// Exchanges a code. A wrong redirect URI, verifier or scope does not spend it.
    pub(crate) fn exchange(&mut self, policy: &Policy, now: i64, given: &Exchange<'_>) -> Result<Tokens, CodeRefusal> {
        let issued = self.codes.get_mut(given.code).ok_or(CodeRefusal::Unknown)?;
        if issued.consent.client != given.client {
            return Err(CodeRefusal::WrongClient);
        }
        if given.redirect_uri != Some(issued.redirect_uri.as_str()) {
            return Err(CodeRefusal::WrongRedirectUri);
        }
        if given.scope.is_some_and(|scope| scope != issued.consent.scope) {
            return Err(CodeRefusal::WrongScope);
        }
        let proven = match (&issued.challenge, given.verifier) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => crate::credentials::verifies(challenge, verifier),
            _ => false,
        };
        if !proven {
            return Err(CodeRefusal::WrongVerifier);
        }
        let (grant, consent) = (issued.grant, issued.consent.clone());
        match issued.code.redeem(policy, now) {
            CodeVerdict::Granted => {}
            CodeVerdict::Expired => return Err(CodeRefusal::Expired),
            CodeVerdict::Reused => return Err(CodeRefusal::Reused { killed: None }),
            CodeVerdict::ReusedKill => {
                if let Some(held) = grant.and_then(|number| self.grants.get_mut(number)) {
                    held.grant.kill(Reason::CodeReuse);
                }
                return Err(CodeRefusal::Reused { killed: grant });
            }
        }
        let mut superseded = Vec::new();
        for (number, held) in self.grants.iter_mut().enumerate() {
            let policy = policy.lives(held.lives.0, held.lives.1);
            if same_consent(&held.consent, &consent) && held.grant.superseded(&policy, now) {
                superseded.push(number);
            }
        }
        let tokens = Tokens {
            superseded,
            ..self.begin(policy, now, consent)
        };
        if let Some(issued) = self.codes.get_mut(given.code) {
            issued.grant = Some(tokens.grant);
        }
        Ok(tokens)
    }

    /// Begins a grant.
    pub(crate) fn begin(&mut self, policy: &Policy, now: i64, consent: Consent) -> Tokens {
        let number = self.grants.len();
        let lives = (policy.access_ms, policy.refresh_ms);
        let grant = Grant::new(policy, now);
        self.grants.push(Held {
            consent,
            lives,
            grant,
            pairs: HashMap::new(),
        });
        self.worded(now, number, PairId::FIRST, PairId::FIRST, Issue::Rotated)
    }

    /// Finds the grant of a refresh token and marks it as being worked on.
    pub(crate) fn begin_refresh(
        &mut self,
        policy: &Policy,
        client: &str,
        scope: Option<&str>,
        token: &str,
    ) -> Result<(usize, PairId), RefreshRefusal> {
        let unknown = RefreshRefusal::Invalid(Invalid::Unknown);
        let (number, pair) = self.refresh.get(token).copied().ok_or(unknown)?;
        let held = self.grants.get_mut(number).ok_or(unknown)?;
        if held.consent.client != client {
            return Err(RefreshRefusal::WrongClient);
        }
        if scope.is_some_and(|scope| scope != held.consent.scope) {
            return Err(RefreshRefusal::WrongScope);
        }
        held.grant.begin(policy, pair).map_err(|_| RefreshRefusal::Concurrent)?;
        Ok((number, pair))
    }

    /// Does the refresh.
    pub(crate) fn finish_refresh(
        &mut self,
        policy: &Policy,
        now: i64,
        (number, pair): (usize, PairId),
    ) -> Result<Tokens, RefreshRefusal> {
        let unknown = RefreshRefusal::Invalid(Invalid::Unknown);
        let held = self.grants.get_mut(number).ok_or(unknown)?;
        let policy = policy.lives(held.lives.0, held.lives.1);
        held.grant.finish(pair);
        match held.grant.refresh(&policy, now, pair) {
            RefreshVerdict::Issued { access, refresh, how } => Ok(self.worded(now, number, access, refresh, how)),
            RefreshVerdict::Invalid(why) => Err(RefreshRefusal::Invalid(why)),
            RefreshVerdict::KilledByReuse => Err(RefreshRefusal::Killed),
            RefreshVerdict::Concurrent => Err(RefreshRefusal::Concurrent),
        }
    }

    /// Issues a token of the client's own.
    pub(crate) fn service_token(&mut self, client: &str, ends_at: i64, shape: Shape, replaces: bool) -> String {
        if replaces {
            self.access
                .retain(|_, access| !matches!(access, Access::Service { client: owner, .. } if owner == client));
        }
        let token = mint(shape);
        self.access.insert(
            token.clone(),
            Access::Service {
                client: client.to_owned(),
                ends_at,
            },
        );
        token
    }

    /// Whom a bearer token stands for, if it is alive.
    pub(crate) fn bearer(&mut self, policy: &Policy, now: i64, token: &str) -> Option<Bearer> {
        match self.access.get(token)? {
            Access::Service { client, ends_at } => (now < *ends_at).then(|| Bearer::Service { client: client.clone() }),
            &Access::User { grant, pair } => {
                let held = self.grants.get_mut(grant)?;
                let policy = policy.lives(held.lives.0, held.lives.1);
                (held.grant.access(&policy, now, pair) == AccessVerdict::Live).then(|| Bearer::User {
                    consent: held.consent.clone(),
                    grant,
                    pair,
                })
            }
        }
    }

    /// Revokes the grant of a refresh token, or forgets a single access token (RFC 7009 section 2.1).
    pub(crate) fn revoke(&mut self, client: &str, token: &str) -> Option<usize> {
        if let Some((number, _)) = self.refresh.get(token).copied() {
            let held = self
                .grants
                .get_mut(number)
                .filter(|held| held.consent.client == client)?;
            held.grant.kill(Reason::Revoked);
            return Some(number);
        }
        let owned = match self.access.get(token)? {
            Access::Service { client: owner, .. } => owner == client,
            Access::User { grant, .. } => self
                .grants
                .get(*grant)
                .is_some_and(|held| held.consent.client == client),
        };
        if owned {
            self.access.remove(token);
        }
        None
    }

    /// Ends grants, whole or only their refresh tokens; says which.
    pub(crate) fn end(
        &mut self,
        (policy, now): (&Policy, i64),
        whole: bool,
        reason: Reason,
        concerns: impl Fn(&Consent) -> bool,
    ) -> Vec<usize> {
        let mut ended = Vec::new();
        for (number, held) in self
            .grants
            .iter_mut()
            .enumerate()
            .filter(|(_, held)| concerns(&held.consent))
        {
            let before = held.grant.life();
            if whole {
                held.grant.kill(reason);
            } else {
                held.grant.end(&policy.lives(held.lives.0, held.lives.1), now, reason);
            }
            if before != held.grant.life() {
                ended.push(number);
            }
        }
        ended
    }

    fn worded(&mut self, now: i64, number: usize, access: PairId, refresh: PairId, how: Issue) -> Tokens {
        let (shapes, held) = (self.shapes, &mut self.grants[number]);
        let mut pair = |id: PairId| {
            let mint = || Pair {
                access: mint(shapes.access),
                refresh: mint(shapes.refresh),
                minted_at: now,
            };
            held.pairs.entry(id).or_insert_with(mint).clone()
        };
        let (bearer, renewal) = (pair(access), pair(refresh));
        let left = |life: i64, minted_at: i64| life.saturating_sub(now.saturating_sub(minted_at)).max(0);
        let (access_ms, refresh_ms) = (
            left(held.lives.0, bearer.minted_at),
            left(held.lives.1, renewal.minted_at),
        );
        let consent = held.consent.clone();
        self.access.insert(
            bearer.access.clone(),
            Access::User {
                grant: number,
                pair: access,
            },
        );
        self.refresh.insert(renewal.refresh.clone(), (number, refresh));
        let (access, refresh, pair) = (bearer.access, renewal.refresh, access);
        Tokens {
            access,
            refresh,
            consent,
            grant: number,
            pair,
            how,
            access_ms,
            refresh_ms,
            superseded: Vec::new(),
        }
    }
}

fn same_consent(one: &Consent, other: &Consent) -> bool {
    (&one.client, &one.user, &one.account) == (&other.client, &other.user, &other.account)
}

/// Real time, for the delays of faults.
pub(crate) fn pause(ms: u64) {
    if ms > 0 {
        std::thread::sleep(Duration::from_millis(ms));
    }
}
