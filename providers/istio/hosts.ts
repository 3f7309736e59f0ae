import { getString } from '../../lib/json.ts';
import type { JsonObject } from '../../lib/json.ts';

/**
 * Does a host of a VirtualService mean that Service? istiod adds the VirtualService's own namespace to names
 * without a dot and takes every other name as it is, so it does not read "web.shop" as a Service.
 */
export function isHostOf(host: string, service: string, namespace: string): boolean {
  return host === service || host.startsWith(`${service}.${namespace}.svc.`);
}

/** The host of a weighted destination. */
export const hostOf = (destination: JsonObject): string =>
  getString(destination, 'destination', 'host') ?? '';
