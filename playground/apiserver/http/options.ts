/** Options of a list or watch, checked as a real server checks them. */
import { ApiError, badRequest, Causes, invalid } from '../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Storage } from '../storage/storage.ts';

const LIST_OPTIONS = { group: 'meta.k8s.io', plural: 'ListOptions', kind: 'ListOptions' };

function flag(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  return value === null ? undefined : value === 'true' || value === '1' || value === '';
}

export const isWatch = (query: URLSearchParams): boolean => flag(query, 'watch') === true;
export const wantsBookmarks = (query: URLSearchParams): boolean =>
  flag(query, 'allowWatchBookmarks') === true;
export const sendInitialEvents = (query: URLSearchParams): boolean | undefined =>
  flag(query, 'sendInitialEvents');

/** Throws a 422 for combinations that make no sense. */
export function checkListOptions(query: URLSearchParams): void {
  const causes = new Causes();
  if (isWatch(query)) checkWatch(query, causes);
  else checkList(query, causes);
  if (causes.all.length > 0) throw invalid(LIST_OPTIONS, '', causes.all);
}

function checkList(query: URLSearchParams, causes: Causes): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  if (match !== '' && version === '') {
    causes.forbidden(
      'resourceVersionMatch',
      'resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
  }
  if (match !== '' && (query.get('continue') ?? '') !== '') {
    causes.forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided');
  }
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    causes.unsupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']);
  }
  if (match === 'Exact' && version === '0') {
    causes.forbidden(
      'resourceVersionMatch',
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    );
  }
  if (sendInitialEvents(query) !== undefined) {
    causes.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list');
  }
}

function checkWatch(query: URLSearchParams, causes: Causes): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const initial = sendInitialEvents(query);
  if (initial !== undefined && match !== 'NotOlderThan') {
    causes.forbidden(
      'resourceVersionMatch',
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  }
  if (initial === undefined && match !== '') {
    causes.forbidden(
      'resourceVersionMatch',
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  }
  if (match !== '' && match !== 'NotOlderThan')
    causes.unsupported('resourceVersionMatch', match, ['NotOlderThan']);
}

/** The limit of a page; 0 = none. */
export function limitOf(query: URLSearchParams): number {
  const value = query.get('limit') ?? '';
  if (value === '') return 0;
  if (!/^-?\d+$/.test(value))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  return Math.max(0, Number(value));
}

function badVersion(value: string): string {
  return `resourceVersion: Invalid value: ${JSON.stringify(value)}: strconv.ParseUint: parsing ${JSON.stringify(value)}: invalid syntax`;
}

/**
 * The resourceVersion of the query, undefined if it is absent; a bad one is 400 on lists, 500 elsewhere, as
 * on a real server.
 */
export function versionOption(query: URLSearchParams, onList: boolean): number | undefined {
  const value = query.get('resourceVersion') ?? '';
  if (value === '') return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  if (onList) throw badRequest(`invalid resource version: ${badVersion(value)}`);
  throw new ApiError(500, '', badVersion(value));
}

const PATIENCE_MS = 3000;

/** Waits for a version that does not exist yet; throws a 504 if it does not come. */
export async function reachVersion(
  storage: Storage,
  clock: Clock,
  version: number | undefined,
): Promise<void> {
  if (version === undefined || version <= storage.version) return;
  await new Promise<void>((resolve) => void clock.after(PATIENCE_MS, resolve));
  if (version <= storage.version) return;
  const message = `Timeout: Too large resource version: ${version}, current: ${storage.version}`;
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
  throw new ApiError(504, 'Timeout', message, { causes, retryAfterSeconds: 1 });
}
