// What the package exports, whatever loads the module.

export { AccessToken } from "./access-token.js";
export type { Now } from "./arguments.js";
export { type AuthorizationRequest, Binding, Client, Login, Pending } from "./client.js";
export { OAuthError } from "./errors.js";
export { HttpRequest, HttpResponse, type ResponseHeaders } from "./http.js";
export { ServiceToken, ServiceTokenWork } from "./service-token.js";
export { type Load, type Save, type Send, type Sign, Step, type Wait } from "./step.js";
export type * from "./types.js";
export { errorCodes } from "./types.js";
