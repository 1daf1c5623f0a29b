// A service token, its machine driven by hand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

import { HttpResponse, ServiceToken } from "./evergrant.mjs";
import { TOKEN, answer, now, random, scopeClient, serviceClient, utf8 } from "./fixtures.mjs";

const newWork = () => new ServiceToken(serviceClient()).obtain(now, random);

test("obtain", () => {
  const token = new ServiceToken(serviceClient());
  assert.equal(token.token(now), undefined);
  assert.ok(token.wantsRenewal(now));

  const work = token.obtain(now, random);
  const step = work.step();
  assert.equal(step.type, "send");
  const { request, sendBy, timeoutMs, maxBodyBytes, clientCertificate } = step.send;
  assert.equal(request.method, "POST");
  assert.ok(new URL(request.url));
  assert.ok(new Headers(request.headers).get("content-type"));
  assert.match(request.body, /grant_type=client_credentials/);
  assert.ok(sendBy.wall > now.wall && timeoutMs > 0 && maxBodyBytes > 0);
  assert.equal(clientCertificate, true);

  work.answer(step.id, now, answer());
  const done = work.step();
  assert.equal(done.type, "done");
  assert.equal(done.error, undefined);
  assert.equal(done.accessToken.expose(), TOKEN);
  assert.equal(done.accessToken.authorization(), `Bearer ${TOKEN}`);
  assert.equal(done.accessToken.remainingMs(now), 43_199_000);

  const held = work.serviceToken();
  assert.equal(held.token(now, 3_600_000).fingerprint, done.accessToken.fingerprint);
  assert.ok(!held.wantsRenewal(now));
});

/** The first step of a service token for these scopes, of a provider that is told them. */
const asked = (scopes) => new ServiceToken(scopeClient(), scopes).obtain(now, random).step();

test("scopes are asked for as they are", () => {
  assert.equal(new URLSearchParams(asked(["a", "b"]).send.request.body).get("scope"), "a b");
  for (const none of [[], undefined]) {
    assert.equal(new URLSearchParams(asked(none).send.request.body).get("scope"), "payments");
  }
  for (const scopes of [[""], ["a b"], ["a", ""], [" a"], ["a\0b"]]) {
    const { type, error } = asked(scopes);
    assert.equal(type, "done");
    assert.equal(error.field, "scopes");
  }
});

test("headers come as pairs or as Node has them", () => {
  const delay = (headers) => {
    const work = newWork();
    work.answer(work.step().id, now, new HttpResponse(429, headers, new Uint8Array()));
    const { type, wait, error } = work.step();
    return type === "wait" ? wait.delayMs : error.action.delayMs;
  };
  const wanted = delay([["retry-after", "77"]]);
  assert.notEqual(delay([]), wanted);
  const object = { "retry-after": "77", "set-cookie": ["a=1", "b=2"], "x-absent": undefined };
  const bare = Object.assign(Object.create(null), object);
  const pairs = new Map([["retry-after", "77"]]);
  for (const headers of [object, bare, pairs, pairs.entries(), new Headers({ "retry-after": "77" })]) {
    assert.equal(delay(headers), wanted);
  }
  assert.equal(delay(runInNewContext('({ "retry-after": "77" })')), wanted);
  assert.equal(delay({ "retry-after": ["77"] }), wanted);
});

test("events are values", () => {
  const work = newWork();
  assert.deepEqual(work.events(), []);
  work.answer(work.step().id, now, answer());
  assert.deepEqual(work.events(), [{ type: "service_token_obtained", lifeMs: 43_199_000, withNextSecret: false }]);
  assert.deepEqual(work.events(), []);
});

test("misuse is an error and changes nothing", () => {
  const work = newWork();
  const { id } = work.step();
  const misuse = (error) => error.code === "unexpected_input" && error.action.type === "misuse";
  assert.throws(() => work.woke(id, now), misuse);
  assert.throws(() => work.signed(id, now, new Uint8Array(0), "raw"), misuse);
  assert.throws(() => work.signFailed(id, now), misuse);
  for (const wrong of [0, -1, id + 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
    assert.throws(() => work.answer(wrong, now, answer()), misuse);
  }
  assert.equal(work.step().id, id);
  assert.deepEqual(work.events(), []);
  work.answer(id, now, answer());
  assert.equal(work.step().type, "done");
});

test("a repeated answer is ignored", () => {
  const work = newWork();
  const { id } = work.step();
  for (let at = 0; at < 3; at += 1) work.answer(id, now, answer());
  assert.ok(work.step().accessToken);
});

test("an answer after the end is taken", () => {
  const work = newWork();
  const first = work.step().id;
  let moment = now;
  for (let step = work.step(); step.type !== "done"; step = work.step()) {
    if (step.type === "send") {
      work.noAnswer(step.id, moment, false);
    } else {
      const { delayMs } = step.wait;
      moment = { wall: moment.wall + delayMs, steady: moment.steady + delayMs };
      work.woke(step.id, moment);
    }
  }
  assert.equal(work.step().error.action.type, "retry_after");
  work.answer(first, moment, answer());
  assert.ok(work.serviceToken().token(moment));
});

test("a request that never left is put on the table again", () => {
  const work = newWork();
  const first = work.step();
  work.notSent(first.id, now);
  const { id, type, wait } = work.step();
  assert.equal(type, "wait");
  work.woke(id, { wall: now.wall + wait.delayMs, steady: now.steady + wait.delayMs });
  const again = work.step();
  assert.equal(again.type, "send");
  assert.equal(again.send.request.body, first.send.request.body);
});

test("no answer at any time breaks it", () => {
  // What the core reads out of a damaged answer is its own tests' matter: of the last body, this detects traps only.
  const damaged = '{"access_token":"t","expires_in":1e999';
  const bodies = ["", "\0", "{", "[".repeat(100_000), damaged];
  for (const clock of [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
    for (const body of bodies) {
      const moment = { wall: clock, steady: clock };
      const work = new ServiceToken(serviceClient()).obtain(moment, random, Number.MAX_SAFE_INTEGER);
      work.answer(work.step().id, moment, new HttpResponse(65535, [["", "\n"]], utf8(body)));
      const { wait } = work.step();
      if (body !== damaged) assert.deepEqual(wait, { delayMs: 500 });
    }
  }
});
