// The entry point of `evergrant/messages` for Node and everything that reads files like it: loads the module when it is imported.

import { readFileSync } from "node:fs";

import * as glue from "./wasm/messages_bg.js";

const bytes = readFileSync(new URL("./wasm/messages_bg.wasm", import.meta.url));
const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { "./messages_bg.js": glue });
glue.__wbg_set_wasm(instance.exports);

export * from "./messages.js";
