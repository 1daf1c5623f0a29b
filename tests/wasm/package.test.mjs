// The package as it is published: what the module asks of its host, and whether a user can import it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
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

const IMPORTS = { evergrant: ["__wbg___wbindgen_throw", "__wbindgen_generic"], messages: ["__wbindgen_generic"] };

for (const [name, functions] of Object.entries(IMPORTS)) {
  const bytes = readFileSync(join(source, `wasm/${name}_bg.wasm`));

  test(`the module ${name} asks its host for nothing but functions of wasm-bindgen's own`, () => {
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
    const asked = imports.map(({ module, name }) => [module, name.replace(/_?[0-9a-f]{16}$/, "")]);
    assert.deepEqual(asked, functions.map((wanted) => [`./${name}_bg.js`, wanted]));
  });

  test(`the module ${name} holds no path of the machine that built it`, () => {
    assert.doesNotMatch(bytes.toString("latin1"), /\/(home|root|Users|usr|tmp)\//);
    for (const path of [root, homedir()]) {
      if (path !== "/") assert.ok(!bytes.includes(path), path);
    }
  });
}

const MACHINES = { imports: "Binding, OAuthError", use: 'Binding.session("s") instanceof Binding' };
const MESSAGES = {
  imports: "OAuthError, messages",
  use: 'messages("pkce", JSON.stringify({ verifier: "x".repeat(43) })).startsWith("{")',
};

/** Runs a program that imports the package from there; it prints true. */
function imported(file, from, { imports, use }, flags = []) {
  const program = join(folder, file);
  writeFileSync(program, `import { ${imports} } from "${from}";\nconsole.log(typeof OAuthError === "function" && ${use});\n`);
  assert.equal(execFileSync(process.execPath, [...flags, program], { encoding: "utf8" }), "true\n");
}

test("an installed package is imported by its name", () => {
  imported("by-name.mjs", "evergrant", MACHINES);
  imported("messages-by-name.mjs", "evergrant/messages", MESSAGES);
});

test("the entry points for bundlers load their module as one", () => {
  const flags = ["--no-warnings", "--experimental-wasm-modules"];
  imported("bundled.mjs", "./node_modules/evergrant/bundler.js", MACHINES, flags);
  imported("messages-bundled.mjs", "./node_modules/evergrant/messages-bundler.js", MESSAGES, flags);
});

test("an error of either entry point is of one class", async () => {
  const { OAuthError } = await import(join(source, "node.js"));
  const { messages } = await import(join(source, "messages-node.js"));
  assert.throws(() => messages("unknown", "{}"), OAuthError);
});
