// A user's program, compiled but never run: do the package's declarations say what its users need?

import {
  type Action,
  Client,
  type ErrorCode,
  type Event,
  HttpResponse,
  type Login,
  type Now,
  OAuthError,
  type ResponseHeaders,
  ServiceToken,
  type Step,
  errorCodes,
} from "../../bindings-wasm/pkg/node.js";
import { messageNames, messages } from "../../bindings-wasm/pkg/messages-node.js";

const now: Now = { wall: Date.now(), steady: Math.floor(performance.now()) };
const random: Uint8Array = crypto.getRandomValues(new Uint8Array(32));
const client: Client = Client.fromJson("{}");
const login: Login = client.begin({ binding: "session", scopes: ["a"], consenter: { user: "u" } }, now, random);
const stored: string = login.pending.expose();

async function obtain(token: ServiceToken): Promise<ServiceToken> {
  const work = token.obtain(now, random);
  for (;;) {
    const step: Step = work.step();
    if (step.send !== undefined) {
      const { request, timeoutMs } = step.send;
      const { method, url, headers, body } = request;
      const response = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(timeoutMs) });
      const bytes = new Uint8Array(await response.arrayBuffer());
      work.answer(step.id, now, new HttpResponse(response.status, response.headers, bytes));
    } else if (step.wait !== undefined) {
      const { delayMs } = step.wait;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      work.woke(step.id, now);
    } else if (step.error !== undefined) {
      throw step.error;
    } else {
      const events: readonly Event[] = work.events();
      console.log(events, stored);
      return work.serviceToken();
    }
  }
}

/** Node's `IncomingHttpHeaders`. */
interface NodeHeaders {
  [name: string]: string | string[] | undefined;
  "retry-after"?: string | undefined;
  "set-cookie"?: string[] | undefined;
}
const nodeHeaders: NodeHeaders = { "retry-after": "5", "set-cookie": ["a=1", "b=2"] };
const headers: ResponseHeaders = nodeHeaders;
console.log(new HttpResponse(429, nodeHeaders, new Uint8Array()), headers);

const names: readonly string[] = messageNames();
const challenge: string = JSON.parse(messages("pkce", "{}")).challenge;
console.log(names, challenge);

function advice(error: OAuthError): string {
  const code: ErrorCode = error.code;
  const action: Action = error.action;
  switch (action.type) {
    case "retry_after":
      return `again in ${action.delayMs} ms`;
    case "reauthorize":
      return action.words;
    case "fix_configuration":
      return error.field ?? code;
    default:
      return code === errorCodes.invalidClient ? "the secret is wrong" : error.message;
  }
}

obtain(new ServiceToken(client)).catch((error: unknown) => {
  if (error instanceof OAuthError) console.log(advice(error));
});

// @ts-expect-error: a binding must be given
client.begin({}, now, random);
// @ts-expect-error: a token is obtained by a work, not made
new (await import("../../bindings-wasm/pkg/node.js")).AccessToken();
// @ts-expect-error: scopes are a list
new ServiceToken(client, "payments");
// @ts-expect-error: the values of headers are text
new HttpResponse(200, { "content-length": 7 }, new Uint8Array());
