// The package as it was built, under the names that the tests use.
export * from "../../bindings-wasm/pkg/node.js";
export * from "../../bindings-wasm/pkg/messages-node.js";
