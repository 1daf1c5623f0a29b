// Nothing that may hold a secret prints it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { format, inspect } from "node:util";

import { Binding, ServiceToken } from "./evergrant.mjs";
import { SECRET, TOKEN, answer, client, now, random, serviceClient } from "./fixtures.mjs";

const prints = (thing) =>
  [
    String(thing),
    `${thing}`,
    format("%s %o %O %j", thing, thing, thing, thing),
    JSON.stringify(thing),
    JSON.stringify({ ...thing }),
    inspect(thing, { showHidden: true, depth: 9, customInspect: false }),
    inspect({ thing }, { showHidden: true, depth: 9, getters: false }),
  ].join("\n");

test("a service token prints redacted", () => {
  const client = serviceClient();
  const work = new ServiceToken(client).obtain(now, random);
  const step = work.step();
  const response = answer();
  work.answer(step.id, now, response);
  const done = work.step();
  const things = [client, work, step, step.send, step.send.request, response, done, done.accessToken, work.serviceToken()];
  for (const thing of things) {
    assert.ok(!prints(thing).includes(SECRET), prints(thing));
    assert.ok(!prints(thing).includes(TOKEN), prints(thing));
  }
});

test("a login prints redacted", () => {
  const binding = Binding.session("session-of-a-test");
  const login = client().begin({ binding }, now, random);
  const pending = login.pending.expose();
  for (const thing of [login, login.pending, binding]) {
    for (const secret of [SECRET, pending, pending.split(".").at(-1), "session-of-a-test"]) {
      assert.ok(!prints(thing).includes(secret), prints(thing));
    }
  }
});
