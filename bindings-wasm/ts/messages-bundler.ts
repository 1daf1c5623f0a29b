// The entry point of `evergrant/messages` for bundlers, which load a `.wasm` file like a module.

import * as glue from "./wasm/messages_bg.js";
import * as module from "./wasm/messages_bg.wasm";

glue.__wbg_set_wasm(module);

export * from "./messages.js";
