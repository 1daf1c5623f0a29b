// Every shared vector of a message function, through the package. `tests/vectors` says what the files mean.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { after, test } from "node:test";
import { inspect } from "node:util";

import { OAuthError, messages } from "./evergrant.mjs";

const folder = new URL("../vectors/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, folder), "utf8"));

const FAILURES = "expected_failures.json";
const names = readdirSync(folder).filter((name) => name.endsWith(".json")).sort();
const files = names.filter((name) => name !== FAILURES).map((name) => ({ name, ...read(name) }));
const expectedFailures = names.includes(FAILURES) ? read(FAILURES) : {};
const scripts = files.filter((file) => "script" in file);
const functions = files.filter((file) => "function" in file);

let ran = 0;
for (const file of functions) {
  for (const { name, given, expect, secrets = [] } of file.cases) {
    const run = () => check(file.function, merged(file.defaults ?? {}, given), expect, secrets);
    test(`${file.name}: ${name}`, () => {
      ran += 1;
      if (name in expectedFailures) {
        assert.throws(run, undefined, `it passes: strike it from ${FAILURES}`);
      } else {
        run();
      }
    });
  }
}

test("every file is of a known kind, and there are cases", () => {
  assert.equal(scripts.length + functions.length, files.length);
  assert.ok(functions.some((file) => file.cases.length > 0));
});

test("every expected failure is the name of a case", () => {
  const cases = new Set(files.flatMap((file) => file.cases.map(({ name }) => name)));
  assert.deepEqual(Object.keys(expectedFailures).filter((name) => !cases.has(name)), []);
});

after(() => {
  const steps = scripts.reduce((sum, file) => sum + file.cases.length, 0);
  console.log(`report: ${ran} vectors of ${functions.length} files ran; ${steps} scripts of ${scripts.length} files run in Rust only`);
});

function check(name, given, expect, secrets) {
  const input = JSON.stringify(given);
  if ("ok" in expect) {
    const output = JSON.parse(messages(name, input));
    same(output, expect.ok, "$");
    // What is data and may be logged must be free of secrets too.
    free([JSON.stringify([output.error, output.evidence])], secrets);
    return;
  }
  const error = failure(() => messages(name, input));
  const { code, party, field, action, oauthError } = error;
  const found = { code, party, field, action: action.type, oauth_error: oauthError };
  for (const [member, wanted] of Object.entries(expect.error)) {
    assert.equal(found[member], wanted, `${member}; the error is ${JSON.stringify(error)}`);
  }
  free([String(error), error.stack, inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error)], secrets);
}

/** None of the texts holds a secret, as it is or as JSON writes it. */
function free(texts, secrets) {
  for (const secret of secrets) {
    for (const form of [secret, JSON.stringify(secret).slice(1, -1)]) {
      assert.ok(!texts.some((text) => text.includes(form)), `${form} is printed`);
    }
  }
}

/** Objects are merged member by member; anything else in `given`, null too, replaces what the defaults have. */
function merged(defaults, given) {
  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  if (!isObject(defaults) || !isObject(given)) return given;
  const out = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    out[name] = Object.hasOwn(defaults, name) ? merged(defaults[name], value) : value;
  }
  return out;
}

function failure(call) {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof OAuthError, inspect(error));
    return error;
  }
  throw new assert.AssertionError({ message: "it succeeded, and should have failed" });
}

/** Deep equality, where `{"$any": "string"}` stands for any string that is not empty, and `number` for any number. */
function same(found, wanted, path) {
  if (wanted?.$any !== undefined) {
    assert.ok(typeof found === wanted.$any && found !== "", `${path}: no ${wanted.$any}`);
  } else if (Array.isArray(wanted)) {
    assert.ok(Array.isArray(found), `${path}: no list`);
    assert.equal(found.length, wanted.length, `${path}: length`);
    wanted.forEach((item, at) => same(found[at], item, `${path}[${at}]`));
  } else if (wanted !== null && typeof wanted === "object") {
    assert.ok(found !== null && typeof found === "object" && !Array.isArray(found), `${path}: no object`);
    assert.deepEqual(Object.keys(found).sort(), Object.keys(wanted).sort(), `${path}: members`);
    for (const key of Object.keys(wanted)) same(found[key], wanted[key], `${path}.${key}`);
  } else {
    assert.strictEqual(found, wanted, path);
  }
}
