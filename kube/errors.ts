import type { Json, JsonObject } from '../lib/json.ts';

/** Why no answer came: the connection failed, or the deadline passed. HTTP errors carry the server's own reason. */
export const NETWORK = 'NetworkError';
export const TIMEOUT = 'DeadlineExceeded';

export interface KubeErrorInit {
  /** HTTP status; 0 = no answer came */
  code: number;
  /** metav1.Status reason, e.g. NotFound, Conflict, Invalid, Expired */
  reason: string;
  message: string;
  details?: JsonObject;
  /** milliseconds the server asks us to wait before the next request */
  retryAfterMs?: number;
  cause?: unknown;
}

/** Every failed exchange with the API server. Anything else thrown by kube/ is a bug. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject;
  readonly retryAfterMs: number | undefined;

  constructor(init: KubeErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.reason = init.reason;
    this.details = init.details ?? {};
    this.retryAfterMs = init.retryAfterMs;
  }
}

const hasCode =
  (...codes: number[]) =>
  (error: unknown): boolean =>
    error instanceof KubeError && codes.includes(error.code);

export const isNotFound = hasCode(404);
export const isForbidden = hasCode(403);
/** someone else wrote first, a precondition failed, or (on create) the name is taken */
export const isConflict = hasCode(409);
/** refused by validation, or a `test` of a JSON Patch failed */
export const isInvalid = hasCode(422);
/** the resourceVersion or continue token is too old: list again */
export const isGone = hasCode(410);

/** POST of a name that exists already. */
export function isAlreadyExists(error: unknown): boolean {
  return error instanceof KubeError && error.code === 409 && error.reason === 'AlreadyExists';
}

/** The same request may succeed later, without any change. */
export function isRetryable(error: unknown): boolean {
  return error instanceof KubeError && (error.code === 0 || error.code === 429 || error.code >= 500);
}

/**
 * The error for an answer that is not 2xx. `text` is its body: normally a metav1.Status, but proxies and unknown
 * API groups answer in plain text.
 */
export function errorFromAnswer(code: number, text: string, retryAfter?: string): KubeError {
  const status = parseObject(text);
  return errorFromStatus(status ?? { message: text.trim().slice(0, 500) }, code, retryAfter);
}

/** The error for a metav1.Status, as it also comes in an ERROR event of a watch. */
export function errorFromStatus(status: JsonObject, code?: number, retryAfter?: string): KubeError {
  const statusCode = code ?? (typeof status['code'] === 'number' ? status['code'] : 500);
  const details = asObject(status['details']) ?? {};
  const seconds = retryAfter === undefined ? details['retryAfterSeconds'] : Number(retryAfter);
  return new KubeError({
    code: statusCode,
    reason:
      typeof status['reason'] === 'string' && status['reason'] !== ''
        ? status['reason']
        : `HTTP${statusCode}`,
    message: typeof status['message'] === 'string' ? status['message'] : `HTTP ${statusCode}`,
    details,
    ...(typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0
      ? { retryAfterMs: seconds * 1000 }
      : {}),
  });
}

function parseObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text) as Json);
  } catch {
    return undefined;
  }
}

function asObject(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}
