// Errors: structured, and nothing worse than an error whatever is handed in.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { Binding, Client, HttpResponse, OAuthError, Pending, ServiceToken, messageNames, messages } from "./evergrant.mjs";
import { SECRET, answer, client, now, random, serviceClient } from "./fixtures.mjs";

const failure = (call) => {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("it succeeded");
};

test("a configuration error names the field", () => {
  const error = failure(() => Client.fromJson('{"profile":"airwallex","environment":"sandbox","client_id":7}'));
  assert.ok(error instanceof OAuthError && error instanceof Error);
  assert.equal(error.name, "OAuthError");
  assert.equal(error.code, "invalid_configuration");
  assert.equal(error.party, "host");
  assert.equal(error.field, "client_id");
  assert.equal(error.action.type, "fix_configuration");
  assert.equal(error.description() ?? null, null);
  assert.match(error.message, /client_id/);
  assert.match(error.stack, /errors\.test\.mjs/);
  assert.equal(JSON.parse(JSON.stringify(error)).code, "invalid_configuration");
});

test("a secret in a faulty configuration is not printed", () => {
  const configuration = { profile: "airwallex", environment: "nowhere", client_id: "c", client_secret: SECRET };
  const error = failure(() => Client.fromJson(JSON.stringify(configuration)));
  const printed = [String(error), error.stack, JSON.stringify(error), inspect(error, { showHidden: true, depth: 9 })];
  assert.ok(!printed.join("\n").includes(SECRET));
});

const GARBAGE = ["", " ", "null", "[]", "{", "\0", "\ud7ff\uffff", '"'.repeat(1000), "[".repeat(100_000), '{"a":'.repeat(10_000), "1e999"];

test("garbage is an error and nothing worse", () => {
  for (const text of GARBAGE) {
    assert.throws(() => Client.fromJson(text), OAuthError);
    assert.throws(() => Pending.parse(text), OAuthError);
    assert.throws(() => messages(text, "{}"), OAuthError);
    for (const name of messageNames()) assert.throws(() => messages(name, text), OAuthError);
  }
});

test("arguments of another type are type errors, and the module lives on", () => {
  const token = new ServiceToken(serviceClient());
  const work = token.obtain(now, random);
  for (const wrong of [undefined, null, 7n, Symbol(), {}, [], () => {}, NaN, 1.5, Infinity]) {
    assert.throws(() => Client.fromJson(wrong), TypeError);
    assert.throws(() => Pending.parse(wrong), TypeError);
    assert.throws(() => messages(wrong, "{}"), TypeError);
    assert.throws(() => messages("pkce", wrong), TypeError);
    assert.throws(() => new ServiceToken(wrong), TypeError);
    assert.throws(() => client().begin({ binding: wrong }, now, random), TypeError);
    assert.throws(() => client().begin({ binding: "s", scopes: [wrong] }, now, random), TypeError);
    assert.throws(() => client().begin({ binding: "s" }, { wall: wrong, steady: 0 }, random), TypeError);
    assert.throws(() => client().begin({ binding: "s" }, wrong, random), TypeError);
    assert.throws(() => work.answer(wrong, now, answer()), TypeError);
    assert.throws(() => work.answer(1, now, wrong), TypeError);
    assert.throws(() => work.signed(1, now, wrong, "raw"), TypeError);
    assert.throws(() => new HttpResponse(200, [], wrong), TypeError);
    assert.throws(() => new ServiceToken(serviceClient(), [wrong]), TypeError);
    assert.throws(() => work.noAnswer(1, now, wrong), TypeError);
  }
  for (const over of ["false", 0, 1]) assert.throws(() => work.noAnswer(1, now, over), TypeError);
  for (const scopes of ["scope", "", null, {}, new Set(["scope"])]) {
    assert.throws(() => new ServiceToken(serviceClient(), scopes), TypeError);
  }
  assert.throws(() => client().begin({ binding: "s", scopes: "scope" }, now, random), TypeError);
  assert.throws(() => new HttpResponse(65536, [], new Uint8Array()), TypeError);
  assert.throws(() => new HttpResponse(200, [["a", 1]], new Uint8Array()), TypeError);
  work.answer(work.step().id, now, answer());
  assert.equal(work.step().type, "done");
});

test("headers that are neither pairs nor Node's object are type errors", () => {
  const pairs = ["", "a", ["ab"], [["a"]], [["a", "b", "c"]], [["a", 1]], new Set(["ab"])];
  const objects = [{ a: 1 }, { a: null }, { a: [1] }, { a: [["b"]] }, { a: { b: "c" } }];
  const others = [undefined, null, 7, true, Symbol(), () => {}, new Date(), Promise.resolve(), new (class {})()];
  for (const wrong of [...pairs, ...objects, ...others]) {
    assert.throws(() => new HttpResponse(200, wrong, new Uint8Array()), TypeError);
  }
});

test("bytes above the limit are refused before they reach the module", () => {
  const limit = 16 * 1024 * 1024;
  const respond = (length) => new HttpResponse(200, [], new Uint8Array(length));
  for (const length of [limit + 1, 2 ** 31]) {
    assert.throws(() => respond(length), RangeError);
    assert.throws(() => new ServiceToken(serviceClient()).obtain(now, new Uint8Array(length)), RangeError);
  }
  const work = new ServiceToken(serviceClient()).obtain(now, random);
  assert.throws(() => work.signed(1, now, new Uint8Array(limit + 1), "raw"), RangeError);
  work.answer(work.step().id, now, respond(limit));
  assert.equal(work.step().type, "done");
});

test("text with half a surrogate pair is a type error that does not tell it", () => {
  for (const half of ["secret\ud800", "\udc00secret", "\udc00\ud800secret"]) {
    const calls = [
      () => Client.fromJson(half),
      () => Pending.parse(half),
      () => messages(half, "{}"),
      () => messages("pkce", half),
      () => Binding.session(half),
      () => new ServiceToken(serviceClient(), [half]),
      () => new ServiceToken(serviceClient()).rejected(half, now, random),
      () => client().begin({ binding: "s", scopes: [half] }, now, random),
      () => client().begin({ binding: "s", beside: [half] }, now, random),
      () => client().begin({ binding: "s", parameters: { [half]: "v" } }, now, random),
      () => client().begin({ binding: "s", parameters: { name: half } }, now, random),
      () => client().begin({ binding: "s", consenter: { user: half } }, now, random),
      () => client().begin({ binding: "s", consenter: { user: "u", role: half } }, now, random),
      () => new HttpResponse(200, [[half, "v"]], new Uint8Array()),
      () => new HttpResponse(200, { name: half }, new Uint8Array()),
    ];
    for (const call of calls) {
      const error = failure(call);
      assert.ok(error instanceof TypeError, `${call}: ${error}`);
      assert.ok(!error.message.includes("secret"), error.message);
    }
  }
  assert.ok(Binding.session("a whole pair: \u{1f600}"));
});
