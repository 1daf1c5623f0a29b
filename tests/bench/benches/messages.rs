//! Messages, beside the `oauth2` crate: the same inputs, each with its own types.

use divan::{AllocProfiler, Bencher, black_box};
use evergrant::base::entropy;
use evergrant::base::secret::Secret;
use evergrant::client::authentication::SecretChoice;
use evergrant::message::authorize::AuthorizationRequest;
use evergrant::message::binding::Binding;
use evergrant::message::token_answer::{Reply, Verdict};
use evergrant::message::token_request::{Prepared, TokenRequest};
use evergrant_bench::{
    ANSWER, AUTHORIZE, CLIENT_ID, CLIENT_SECRET, REDIRECT, REFRESH_TOKEN, SCOPES, TOKEN, answer, at, client,
    entropy as bytes,
};
use oauth2::basic::{BasicClient, BasicTokenResponse};
use oauth2::{
    AuthUrl, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    PkceCodeChallenge, RedirectUrl, RefreshToken, Scope, TokenResponse, TokenUrl, http,
};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

type Theirs = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

fn theirs() -> Theirs {
    BasicClient::new(ClientId::new(CLIENT_ID.to_owned()))
        .set_client_secret(ClientSecret::new(CLIENT_SECRET.to_owned()))
        .set_auth_uri(AuthUrl::new(AUTHORIZE.to_owned()).expect("a URL"))
        .set_token_uri(TokenUrl::new(TOKEN.to_owned()).expect("a URL"))
        .set_redirect_uri(RedirectUrl::new(REDIRECT.to_owned()).expect("a URL"))
}

/// The URL that the user is sent to, with state and PKCE from fresh randomness.
mod begin {
    use super::*;

    /// With the pending login, which holds what the callback is judged by.
    #[divan::bench(sample_count = 1000)]
    fn evergrant(bencher: Bencher) {
        let client = client();
        let request = AuthorizationRequest::new(Binding::session("session").expect("a session")).scopes(SCOPES);
        bencher.bench_local(|| {
            let bytes = entropy::system().expect("randomness");
            client.begin(black_box(&request), at(0), bytes).expect("a login")
        });
    }

    #[divan::bench(sample_count = 1000)]
    fn oauth2(bencher: Bencher) {
        let client = theirs();
        bencher.bench_local(|| {
            let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
            let scopes = SCOPES.iter().map(|scope| Scope::new((*scope).to_owned()));
            let request = black_box(&client).authorize_url(CsrfToken::new_random);
            let (url, state) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
            (url, state, verifier)
        });
    }
}

/// The request that spends a refresh token.
mod refresh_request {
    use super::*;

    #[divan::bench(sample_count = 1000)]
    fn evergrant(bencher: Bencher) {
        let client = client();
        let token = Secret::new(REFRESH_TOKEN);
        bencher.bench_local(|| {
            let request = TokenRequest::refresh_token(black_box(&token), &[]);
            let prepared = client.token_request(&request, SecretChoice::Current, at(0), bytes(1));
            let Ok(Prepared::Ready(request)) = prepared else {
                panic!("it needs no signature");
            };
            request
        });
    }

    #[divan::bench(sample_count = 1000)]
    fn oauth2(bencher: Bencher) {
        let client = theirs();
        let token = RefreshToken::new(REFRESH_TOKEN.to_owned());
        bencher.bench_local(|| {
            let send = |request: HttpRequest| -> Result<HttpResponse, std::fmt::Error> {
                black_box(request);
                Err(std::fmt::Error)
            };
            black_box(&client)
                .exchange_refresh_token(&token)
                .request(&send)
                .is_err()
        });
    }
}

/// The same request, and the tokens out of its answer.
mod refresh_request_and_answer {
    use super::*;

    #[divan::bench(sample_count = 1000)]
    fn evergrant(bencher: Bencher) {
        let client = client();
        let token = Secret::new(REFRESH_TOKEN);
        bencher.with_inputs(answer).bench_local_values(|answer| {
            let request = TokenRequest::refresh_token(black_box(&token), &[]);
            let prepared = client.token_request(&request, SecretChoice::Current, at(0), bytes(1));
            black_box(prepared.is_ok());
            let settled = client.settle(&request, Reply::Answer(&answer), at(0));
            let Verdict::Answered(tokens) = settled.verdict else {
                panic!("tokens");
            };
            tokens
        });
    }

    #[divan::bench(sample_count = 1000)]
    fn oauth2(bencher: Bencher) {
        let client = theirs();
        let token = RefreshToken::new(REFRESH_TOKEN.to_owned());
        let answer = || {
            let answer = http::Response::builder().header("content-type", "application/json");
            std::cell::Cell::new(answer.body(ANSWER.as_bytes().to_vec()).ok())
        };
        bencher.with_inputs(answer).bench_local_values(|answer| {
            let send = |request: HttpRequest| -> Result<HttpResponse, std::fmt::Error> {
                black_box(request);
                answer.take().ok_or(std::fmt::Error)
            };
            let tokens: BasicTokenResponse = black_box(&client)
                .exchange_refresh_token(&token)
                .request(&send)
                .expect("tokens");
            assert!(tokens.refresh_token().is_some());
            tokens
        });
    }
}
