import type { KubeObject } from '../../api/kube.ts';
import { OFF } from '../../providers/provider.ts';
import type { Split, TrafficContext } from '../../providers/provider.ts';
import { NOTHING_WANTED } from '../../providers/shared/wants.ts';

/** A plain share of all requests. */
export const percent = (weight: number): Split => ({ ...OFF, weight });

/** The split of Service "web" for target "web" in namespace "shop". */
export function aTrafficContext(routes: KubeObject[], change: Partial<TrafficContext> = {}): TrafficContext {
  return {
    namespace: 'shop',
    target: 'web',
    release: 'web-7',
    owner: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'web',
      uid: 'uid-web',
      blockOwnerDeletion: false,
    },
    stableService: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop' } },
    canaryService: 'web-canary',
    routes,
    made: [],
    originals: undefined,
    wants: NOTHING_WANTED,
    ...change,
  };
}
