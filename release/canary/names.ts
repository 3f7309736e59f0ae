import { dnsLabel } from '../../providers/shared/naming.ts';

export { isMadeFor, labelValue, makerOf, ownLabels, type Maker } from '../../providers/shared/naming.ts';

/** Name of the Deployment that runs the canary of `target`. */
export const canaryName = (target: string): string => dnsLabel(target, '-canary');

/** Name of the Service in front of the canary pods. */
export const canaryServiceName = (service: string): string => dnsLabel(service, '-canary');

/**
 * Name of the Release for the change that the target's `metadata.generation` counted. If that change was recorded
 * before, or is tried again, the name also contains the attempt (api/order.ts reads it).
 */
export const releaseName = (target: string, generation: number, attempt = 1): string =>
  dnsLabel(target, attempt === 1 ? `-${generation}` : `-${generation}-r${attempt}`);
