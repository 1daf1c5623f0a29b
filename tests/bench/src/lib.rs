//! What the benchmarks share: a client, and the smallest host that a connection can live with.

use std::time::Duration;

use evergrant::base::error::OAuthError;
use evergrant::base::http::{HttpResponse, ResponseHeader};
use evergrant::base::time::Now;
use evergrant::client::configuration::Client;
use evergrant::connection::command::{Adoption, ClientHealth, Command};
use evergrant::connection::value::Connection;
use evergrant::flow::input::Input;
use evergrant::flow::machine::Machine;
use evergrant::flow::outcome::Outcome;
use evergrant::flow::step::Step;
use evergrant::flow::stored::Stored;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;

/// Where every user is sent.
pub const AUTHORIZE: &str = "https://as.example/authorize";
/// Where every token request goes.
pub const TOKEN: &str = "https://as.example/token";
/// Where every user comes back to.
pub const REDIRECT: &str = "https://app.example/callback";
/// The client.
pub const CLIENT_ID: &str = "client-id";
/// Its secret.
pub const CLIENT_SECRET: &str = "client-secret-0123456789";
/// What is asked for.
pub const SCOPES: [&str; 2] = ["accounts:read", "balances:read"];
/// A refresh token of ordinary length.
pub const REFRESH_TOKEN: &str = "rt-0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz";
/// An answer of ordinary length.
pub const ANSWER: &str = r#"{"access_token":"at-0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz","token_type":"Bearer","expires_in":300,"refresh_token":"rt-9876543210abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz","scope":"accounts:read balances:read"}"#;
/// When everything begins, in milliseconds since 1970.
const START: i64 = 1_790_000_000_000;
/// The life of the access tokens in [`ANSWER`].
const LIFE: Duration = Duration::from_secs(300);

/// A confidential client of an ordinary provider.
pub fn client() -> Client {
    let profile = Profile::built_in("generic").expect("a built-in profile");
    Client::builder(profile, Environment::Sandbox, CLIENT_ID)
        .authorize_endpoint(AUTHORIZE)
        .token_endpoint(TOKEN)
        .redirect_uri(REDIRECT)
        .client_secret(CLIENT_SECRET)
        .build()
        .expect("a client")
}

/// The moment after so many milliseconds.
pub fn at(after: i64) -> Now {
    Now {
        wall: START + after,
        steady: after,
    }
}

/// 32 bytes that differ from number to number.
pub fn entropy(number: u64) -> [u8; 32] {
    let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
    core::array::from_fn(|at| number[at % 8].wrapping_add(at as u8))
}

/// What comes back to a refresh.
pub fn answer() -> HttpResponse {
    let headers = vec![ResponseHeader::new("Content-Type", "application/json")];
    HttpResponse::new(200, headers, ANSWER.as_bytes().to_vec())
}

/// One connection, the store that holds its record, and a provider that always answers.
#[derive(Debug, Clone)]
pub struct Host {
    connection: Connection,
    stored: Option<Stored>,
    after: i64,
    works: u64,
}

impl Host {
    /// A connection whose access token is new.
    pub fn connected(client: &Client, key: &str) -> Self {
        let mut host = Self {
            connection: client.connection(key).expect("a key"),
            stored: None,
            after: 0,
            works: 0,
        };
        let adoption = Adoption::new(REFRESH_TOKEN).access_token("at-first", LIFE);
        let outcome = host.run(Command::Adopt(Box::new(adoption)));
        assert!(matches!(outcome, Ok(Outcome::Connected)), "{outcome:?}");
        host
    }

    /// The same after the access token has ended.
    pub fn late(mut self) -> Self {
        self.after += 300_000;
        self
    }

    /// The connection as it was last seen.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// This moment.
    pub fn now(&self) -> Now {
        at(self.after)
    }

    /// One refresh, from the first step to the last: load, save, send, save.
    pub fn refresh(&mut self) {
        let outcome = self.run(Command::obtain());
        assert!(matches!(outcome, Ok(Outcome::Token(_))), "{outcome:?}");
    }

    fn run(&mut self, command: Command) -> Result<Outcome, OAuthError> {
        let now = self.now();
        let client = self.connection.client().clone();
        self.works += 1;
        let mut work = client.work(
            &self.connection,
            command,
            ClientHealth::default(),
            now,
            entropy(self.works),
        );
        loop {
            let (id, step) = work.step();
            let input = match step {
                Step::Load { .. } => Input::Loaded {
                    stored: self.stored.clone(),
                    store_now: now.wall,
                },
                Step::Save(save) => {
                    self.stored = Some(save.record.clone());
                    Input::Saved { store_now: now.wall }
                }
                Step::Send(_) => Input::Answer(answer()),
                Step::Done(result) => {
                    let result = (**result).clone();
                    self.connection = work.connection();
                    return result;
                }
                step => panic!("nothing to do for {step:?}"),
            };
            work.answer(id, now, input).expect("an input for the step");
            work.events();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_brings_another_token() {
        let mut host = Host::connected(&client(), "acct_1").late();
        assert!(host.connection().token(host.now(), Duration::ZERO).is_none());
        host.refresh();
        let token = host.connection().token(host.now(), Duration::ZERO).expect("a token");
        assert!(ANSWER.contains(token.token().expose()));
    }
}
