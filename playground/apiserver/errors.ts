import type { ApiFailure } from './contract.ts';
import type { Json, JsonObject } from './json.ts';

/** What an error message needs to know about a kind. */
export interface Named {
  group: string;
  plural: string;
  kind: string;
}

export interface Cause {
  reason: string;
  message: string;
  field: string;
}

export class ApiError extends Error implements ApiFailure {
  readonly code: number;
  readonly reason: string;
  readonly status: JsonObject;

  constructor(code: number, reason: string, message: string, details?: JsonObject) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === '' ? {} : { reason }),
      ...(details ? { details } : {}),
      code,
    };
  }
}

const qualified = (name: string, group: string): string => (group === '' ? name : `${name}.${group}`);

function target(kind: Named, name: string, word = kind.plural): JsonObject {
  return {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    ...(word === '' ? {} : { kind: word }),
  };
}

export function notFound(kind: Named, name: string): ApiError {
  const message = `${qualified(kind.plural, kind.group)} "${name}" not found`;
  return new ApiError(404, 'NotFound', message, target(kind, name));
}

export function noSuchPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function alreadyExists(kind: Named, name: string, why = 'already exists'): ApiError {
  const message = `${qualified(kind.plural, kind.group)} "${name}" ${why}`;
  return new ApiError(409, 'AlreadyExists', message, target(kind, name));
}

export function conflict(kind: Named, name: string, why: string, word = kind.plural): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(kind.plural, kind.group)} "${name}": ${why}`;
  return new ApiError(409, 'Conflict', message, target(kind, name, word));
}

export function stale(kind: Named, name: string): ApiError {
  const why = 'the object has been modified; please apply your changes to the latest version and try again';
  return conflict(kind, name, why);
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

export function methodNotAllowed(): ApiError {
  const message = 'the server does not allow this method on the requested resource';
  return new ApiError(405, 'MethodNotAllowed', message, {});
}

export function forbidden(kind: Named, name: string, why: string, causes: Cause[] = []): ApiError {
  const message = `${qualified(kind.plural, kind.group)} "${name}" is forbidden: ${why}`;
  const details = target(kind, name);
  return new ApiError(
    403,
    'Forbidden',
    message,
    causes.length ? { ...details, causes: causeList(causes) } : details,
  );
}

function causeList(causes: Cause[]): Json[] {
  return causes.map(({ reason, message, field }) => ({ reason, message, field }));
}

/** 422 with every cause; `name` may be empty for an object that has no name yet. */
export function invalid(kind: Named, name: string, causes: Cause[]): ApiError {
  const all = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const list = all.length === 1 ? (all[0] ?? '') : `[${all.join(', ')}]`;
  const message = `${qualified(kind.kind, kind.group)} "${name}" is invalid: ${list}`;
  return new ApiError(422, 'Invalid', message, {
    ...target(kind, name, kind.kind),
    causes: causeList(causes),
  });
}

const show = (value: Json | undefined): string => JSON.stringify(value ?? null);

/** Collects the causes of a failed validation, in the words of Kubernetes. */
export class Causes {
  readonly all: Cause[] = [];

  required(field: string, why = ''): void {
    this.#add(field, 'FieldValueRequired', `Required value${why === '' ? '' : `: ${why}`}`);
  }

  invalid(field: string, value: Json | undefined, why: string): void {
    this.#add(field, 'FieldValueInvalid', `Invalid value: ${show(value)}: ${why}`);
  }

  type(field: string, value: Json | undefined, why: string): void {
    this.#add(field, 'FieldValueTypeInvalid', `Invalid value: ${show(value)}: ${why}`);
  }

  unsupported(field: string, value: Json | undefined, supported: readonly string[]): void {
    const words = supported.map((word) => JSON.stringify(word)).join(', ');
    this.#add(
      field,
      'FieldValueNotSupported',
      `Unsupported value: ${show(value)}: supported values: ${words}`,
    );
  }

  forbidden(field: string, why: string): void {
    this.#add(field, 'FieldValueForbidden', `Forbidden: ${why}`);
  }

  duplicate(field: string, value: Json | undefined): void {
    this.#add(field, 'FieldValueDuplicate', `Duplicate value: ${show(value)}`);
  }

  notFound(field: string, value: Json | undefined): void {
    this.#add(field, 'FieldValueNotFound', `Not found: ${show(value)}`);
  }

  tooMany(field: string, value: number, most: number): void {
    this.#add(field, 'FieldValueTooMany', `Too many: ${value}: must have at most ${most} items`);
  }

  tooLong(field: string, most: number): void {
    this.#add(field, 'FieldValueTooLong', `Too long: may not be more than ${most} bytes`);
  }

  other(cause: Cause): void {
    this.all.push(cause);
  }

  #add(field: string, reason: string, message: string): void {
    this.all.push({ field, reason, message });
  }
}
