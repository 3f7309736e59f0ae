import type { ReleaseStatus } from './kinds/release/status.ts';

/** Where requests go at one time. */
export interface Split {
  /** percent of the requests that no match applies to, 0 to 100 */
  weight: number;
  /** percent of requests that are copied to the canary */
  mirror: number;
  /** requests that match (`match` of the policy, and the cookie of `stickiness`) go to the canary */
  matching: boolean;
}

type Wanted = Pick<ReleaseStatus, 'weight' | 'mirror' | 'matching'>;
type Observed = Pick<ReleaseStatus, 'observedWeight' | 'observedMirror' | 'observedMatching'>;

export const wantedSplit = ({ weight, mirror = 0, matching = false }: Wanted): Split => ({
  weight,
  mirror,
  matching,
});

/** A weight that could not be read counts as 0. */
export const observedSplit = (status: Observed): Split => ({
  weight: status.observedWeight ?? 0,
  mirror: status.observedMirror ?? 0,
  matching: status.observedMatching ?? false,
});

export const isNothing = ({ weight, mirror, matching }: Split): boolean =>
  weight === 0 && mirror === 0 && !matching;

/** "weight 5", "weight 0 with copies of 100% of requests", "weight 0 with requests that match" */
export function splitText({ weight, mirror, matching }: Split): string {
  const more = [
    ...(mirror > 0 ? [`copies of ${mirror}% of requests`] : []),
    ...(matching ? ['requests that match'] : []),
  ];
  return `weight ${weight}${more.length === 0 ? '' : ` with ${more.join(' and ')}`}`;
}
