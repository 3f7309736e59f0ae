import type { ApiRequest, ApiResponse, User } from '../contract.ts';
import { ApiError } from '../errors.ts';
import { ANONYMOUS } from './users.ts';

/** A request, split into its parts. */
export interface Exchange {
  method: ApiRequest['method'];
  /** decoded path segments */
  path: string[];
  query: URLSearchParams;
  headers: Record<string, string>;
  body: string;
  /** the author, once known */
  user: User;
  /** texts for Warning headers */
  warnings: string[];
}

export function parse(request: ApiRequest): Exchange {
  const url = new URL(request.url, 'http://playground');
  return {
    method: request.method,
    path: url.pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent),
    query: url.searchParams,
    headers: request.headers,
    body: request.body,
    user: ANONYMOUS,
    warnings: [],
  };
}

const JSON_TYPE = 'application/json';

export function json(status: number, body: unknown, type = JSON_TYPE): ApiResponse {
  return { status, headers: { 'content-type': type }, body: JSON.stringify(body) };
}

export function plain(status: number, body: string): ApiResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

export const withHeader = (response: ApiResponse, name: string, value: string): ApiResponse => ({
  ...response,
  headers: { ...response.headers, [name]: value },
});

export function failure(error: ApiError): ApiResponse {
  return json(error.code, error.status);
}

/** The answer for an error of any kind; an unexpected one is a 500. */
export function answerError(error: unknown): ApiResponse {
  if (error instanceof ApiError) return failure(error);
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return failure(new ApiError(500, 'InternalError', `Internal error occurred: ${message}`));
}

export function withWarnings(response: ApiResponse, warnings: string[]): ApiResponse {
  if (warnings.length === 0) return response;
  const value = [...new Set(warnings)].map((text) => `299 - ${JSON.stringify(text)}`).join(', ');
  return withHeader(response, 'warning', value);
}
