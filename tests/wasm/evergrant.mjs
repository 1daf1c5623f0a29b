// The package as it was built, under the name that the tests use.
export * from "../../bindings-wasm/pkg/node.js";
