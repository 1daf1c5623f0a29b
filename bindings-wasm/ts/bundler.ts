// The entry point for bundlers, which load a `.wasm` file like a module.

import * as glue from "./wasm/evergrant_bg.js";
import * as module from "./wasm/evergrant_bg.wasm";

glue.__wbg_set_wasm(module);

export * from "./index.js";
