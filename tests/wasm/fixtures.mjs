// What the tests share: clients, clocks, answers.

import { Client, HttpResponse } from "./evergrant.mjs";

export const SECRET = "client-secret-of-a-test";
export const TOKEN = "token-of-a-test";

export const now = { wall: 1_790_000_000_000, steady: 5_000 };

/** The same 32 bytes for every test, so that every run is the same. */
export const random = Uint8Array.from({ length: 32 }, (_, at) => at);

export const client = () =>
  Client.fromJson(
    JSON.stringify({
      profile: "airwallex",
      environment: "sandbox",
      client_id: "client-of-a-test",
      client_secret: SECRET,
      redirect_uri: "https://app.example/callback",
    }),
  );

/** A client of Wise, which has client credentials. */
export const serviceClient = () =>
  Client.fromJson(
    JSON.stringify({ profile: "wise", environment: "sandbox", client_id: "client-of-a-test", client_secret: SECRET }),
  );

/** A client of OFX, which has client credentials and is told their scopes. */
export const scopeClient = () =>
  Client.fromJson(
    JSON.stringify({ profile: "ofx_payments", environment: "sandbox", client_id: "client-of-a-test", client_secret: SECRET }),
  );

export const utf8 = (text) => new TextEncoder().encode(text);

export const answer = () =>
  new HttpResponse(
    200,
    new Headers({ "content-type": "application/json", "x-secret": TOKEN }),
    utf8(JSON.stringify({ access_token: TOKEN, token_type: "bearer", expires_in: 43199 })),
  );
