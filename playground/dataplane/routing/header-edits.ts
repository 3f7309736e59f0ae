import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** How a route changes the headers of a request or an answer, in this order. */
export interface HeaderEdits {
  set: Record<string, string>;
  add: Record<string, string>;
  remove: readonly string[];
}

/** Edits of one request and of its answer, outermost first. */
export interface Edits {
  request: readonly HeaderEdits[];
  response: readonly HeaderEdits[];
}

export const UNEDITED: Edits = { request: [], response: [] };

export function combined(...all: readonly Edits[]): Edits {
  return { request: all.flatMap((one) => one.request), response: all.flatMap((one) => one.response) };
}

export function editedRequest(headers: IncomingHttpHeaders, edits: Edits): OutgoingHttpHeaders {
  const out: OutgoingHttpHeaders = { ...headers };
  for (const { set, add, remove } of edits.request) {
    for (const [name, value] of Object.entries(set)) out[name.toLowerCase()] = value;
    for (const [name, value] of Object.entries(add)) {
      const before = out[name.toLowerCase()];
      out[name.toLowerCase()] = before === undefined ? value : `${String(before)},${value}`;
    }
    for (const name of remove) Reflect.deleteProperty(out, name.toLowerCase());
  }
  return out;
}

/** Changes an answer whose headers are not sent yet. */
export function editResponse(response: ServerResponse, edits: Edits): void {
  for (const { set, add, remove } of edits.response) {
    for (const [name, value] of Object.entries(set)) response.setHeader(name, value);
    // An answer may have several Set-Cookie headers.
    for (const [name, value] of Object.entries(add)) response.appendHeader(name, value);
    for (const name of remove) response.removeHeader(name);
  }
}
