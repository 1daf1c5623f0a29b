// A login is begun, and its pending half kept.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Binding, OAuthError, Pending } from "./evergrant.mjs";
import { client, now, random } from "./fixtures.mjs";

test("begin", () => {
  const login = client().begin({ binding: "session-7", scopes: ["r:balance"], lifeMs: 600_000 }, now, random);
  const query = new URL(login.url).searchParams;
  assert.equal(query.get("client_id"), "client-of-a-test");
  assert.equal(query.get("redirect_uri"), "https://app.example/callback");
  assert.equal(query.get("code_challenge_method"), "S256");
  assert.equal(login.id, login.pending.id);
  assert.equal(Pending.parse(login.pending.expose()).id, login.id);
});

test("the same inputs give the same login", () => {
  const { url } = client().begin({ binding: "session-7" }, now, random);
  assert.equal(client().begin({ binding: Binding.session("session-7") }, now, random).url, url);
  assert.notEqual(client().begin({ binding: "session-7" }, now, random.toReversed()).url, url);
});

test("without a session in so many words", () => {
  assert.throws(() => client().begin({ binding: "" }, now, random), { code: "invalid_parameter", field: "binding" });
  assert.throws(() => client().begin({}, now, random), TypeError);
  assert.ok(client().begin({ binding: Binding.noSession() }, now, random).url);
});

test("parameters keep their order", () => {
  const { url } = client().begin({ binding: "s", parameters: { zebra: "1", ant: "2" } }, now, random);
  assert.ok(url.indexOf("zebra=1") < url.indexOf("ant=2"), url);
});

test("a printed pending login is named as that mistake", () => {
  const { pending } = client().begin({ binding: "session-7" }, now, random);
  assert.throws(() => Pending.parse(`${pending}`), { code: "redacted_pending" });
});

test("weak entropy and entropy of another length are refused", () => {
  const begin = (bytes) => client().begin({ binding: "session-7" }, now, bytes);
  assert.throws(() => begin(new Uint8Array(32)), (error) => error instanceof OAuthError && error.code === "weak_entropy");
  for (const bytes of [new Uint8Array(0), random.slice(1), "x".repeat(32), undefined]) {
    assert.throws(() => begin(bytes), TypeError);
  }
});
