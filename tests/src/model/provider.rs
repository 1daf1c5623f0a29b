//! The provider: what became of each user's consent, and the codes that nobody has exchanged yet.

use evergrant_emulator::kernel::{Code, CodeVerdict, Grant, Life, Reason, RefreshVerdict, Reuse};

use super::pair::Pair;
use super::scenario::Scenario;

/// Everything that the provider remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Provider {
    /// The first is the one that the connection begins with; then what the host may adopt; then what codes gave.
    grants: Vec<Consent>,
    /// Codes, and the grant that each was exchanged for.
    codes: Vec<(Code, Option<u8>)>,
}

/// One consent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Consent {
    /// A new code for this account supersedes it.
    account: Option<u8>,
    grant: Grant<6>,
}

impl Provider {
    /// With the grant that the connection begins with, and what else the scenario needs.
    pub fn start(scenario: &Scenario, born: i64, now: i64) -> Self {
        let grant = |account, born| Consent {
            account,
            grant: Grant::new(&scenario.server, born),
        };
        let mut grants = vec![grant(Some(0), born)];
        // Where a code killed what the host adopts, nobody could keep that.
        grants.extend(scenario.adopted().map(|_| grant(None, now)));
        Self {
            grants,
            codes: (0..scenario.codes())
                .map(|_| (Code::new(&scenario.server, now), None))
                .collect(),
        }
    }

    /// Presents a refresh token.
    pub fn refresh(&mut self, scenario: &Scenario, now: i64, token: Pair) -> Option<Pair> {
        let consent = self.grants.get_mut(usize::from(token.grant))?;
        let was_superseded = consent.grant.life() == Life::Dead(Reason::Superseded);
        match consent.grant.refresh(&scenario.server, now, token.refresh) {
            RefreshVerdict::Issued { access, refresh, .. } => Some(Pair {
                access,
                refresh,
                ..token
            }),
            _ => {
                // Where a user has one line of tokens, one from before the new code is a theft.
                if was_superseded && scenario.one_line && scenario.server.reuse == Reuse::Kills {
                    for consent in self.grants.iter_mut().filter(|consent| consent.account.is_some()) {
                        consent.grant.kill(Reason::Reuse);
                    }
                }
                None
            }
        }
    }

    /// Presents a code.
    pub fn redeem(&mut self, scenario: &Scenario, now: i64, code: u8) -> Option<Pair> {
        let account = u8::from(scenario.foreign == Some(code));
        let (code, given) = self.codes.get_mut(usize::from(code))?;
        match code.redeem(&scenario.server, now) {
            CodeVerdict::Granted => {}
            CodeVerdict::ReusedKill => {
                if let Some(consent) = given.and_then(|given| self.grants.get_mut(usize::from(given))) {
                    consent.grant.kill(Reason::CodeReuse);
                }
                return None;
            }
            _ => return None,
        }
        let number = u8::try_from(self.grants.len()).ok()?;
        *given = Some(number);
        let superseded = |consent: &&mut Consent| consent.account == Some(account);
        for consent in self.grants.iter_mut().filter(superseded) {
            consent.grant.superseded(&scenario.server, now);
        }
        self.grants.push(Consent {
            account: Some(account),
            grant: Grant::new(&scenario.server, now),
        });
        Some(Pair::first(number, account))
    }

    /// Uses an access token.
    pub fn access(&mut self, scenario: &Scenario, now: i64, token: Pair) {
        if let Some(consent) = self.grants.get_mut(usize::from(token.grant)) {
            consent.grant.access(&scenario.server, now, token.access);
        }
    }

    /// Revokes the grant of a token.
    pub fn revoke(&mut self, token: Pair) {
        if let Some(consent) = self.grants.get_mut(usize::from(token.grant)) {
            consent.grant.kill(Reason::Revoked);
        }
    }

    /// Whether it would take a refresh token.
    pub fn accepts(&self, scenario: &Scenario, now: i64, token: Pair) -> bool {
        let consent = self.grants.get(usize::from(token.grant));
        consent.is_some_and(|consent| consent.grant.accepts(&scenario.server, now, token.refresh))
    }
}
