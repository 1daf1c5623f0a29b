// The package as it is published: what the module asks of its host, and whether a user can import it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../../bindings-wasm/pkg/", import.meta.url));
let folder;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "evergrant-"));
  writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}');
  execFileSync("npm", ["install", "--offline", "--install-links", "--no-audit", "--no-fund", "--no-package-lock", source], {
    cwd: folder,
    stdio: "pipe",
  });
});

after(() => rmSync(folder, { recursive: true, force: true }));

test("the module asks its host for nothing but wasm-bindgen's own two functions", () => {
  const module = new WebAssembly.Module(readFileSync(join(source, "wasm/evergrant_bg.wasm")));
  const imports = WebAssembly.Module.imports(module).map(({ module, name }) => [module, name.replace(/_?[0-9a-f]{16}$/, "")]);
  assert.deepEqual(imports, [
    ["./evergrant_bg.js", "__wbg___wbindgen_throw"],
    ["./evergrant_bg.js", "__wbindgen_generic"],
  ]);
});

test("the module holds no path of the machine that built it", () => {
  const text = readFileSync(join(source, "wasm/evergrant_bg.wasm")).toString("latin1");
  assert.doesNotMatch(text, /\/(home|root|Users|usr|tmp)\//);
});

const PROGRAM = 'console.log(messages("pkce", JSON.stringify({ verifier: "x".repeat(43) })).startsWith("{"));\n';

test("an installed package is imported by its name", () => {
  const program = join(folder, "by-name.mjs");
  writeFileSync(program, `import { messages } from "evergrant";\n${PROGRAM}`);
  assert.equal(execFileSync(process.execPath, [program], { encoding: "utf8" }), "true\n");
});

test("the entry point for bundlers loads the module as one", () => {
  const program = join(folder, "bundled.mjs");
  writeFileSync(program, `import { messages } from "./node_modules/evergrant/bundler.js";\n${PROGRAM}`);
  const flags = ["--no-warnings", "--experimental-wasm-modules"];
  assert.equal(execFileSync(process.execPath, [...flags, program], { encoding: "utf8" }), "true\n");
});
