// A service token, its machine driven by hand.

import assert from "node:assert/strict";
import { test } from "node:test";

import { HttpResponse, ServiceToken } from "./evergrant.mjs";
import { TOKEN, answer, now, random, serviceClient, utf8 } from "./fixtures.mjs";

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
  work.notSent(work.step().id, now);
  assert.ok(["send", "wait", "done"].includes(work.step().type));
});

test("no answer at any time breaks it", () => {
  const bodies = ["", "\0", "{", "[".repeat(100_000), '{"access_token":"t","expires_in":1e999'];
  for (const clock of [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
    for (const body of bodies) {
      const moment = { wall: clock, steady: clock };
      const work = new ServiceToken(serviceClient()).obtain(moment, random, Number.MAX_SAFE_INTEGER);
      work.answer(work.step().id, moment, new HttpResponse(65535, [["", "\n"]], utf8(body)));
      assert.ok(["send", "wait", "done"].includes(work.step().type));
    }
  }
});
