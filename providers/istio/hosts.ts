import { getString } from '../../lib/json.ts';
import type { JsonObject } from '../../lib/json.ts';

/**
 * Does a host of a VirtualService mean that Service? istiod completes names without a dot with the VirtualService's own
 * namespace and takes every other name as it is, so "web.shop" is no Service to it.
 */
export function isHostOf(host: string, service: string, namespace: string): boolean {
  return host === service || host.startsWith(`${service}.${namespace}.svc.`);
}

/** The host of a weighted destination. */
export const hostOf = (destination: JsonObject): string =>
  getString(destination, 'destination', 'host') ?? '';
