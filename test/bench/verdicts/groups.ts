import { BIMODAL_GROUPS } from './bimodal.ts';
import { BYTES_GROUP } from './cost.ts';
import type { Effects } from './errors.ts';
import { errorGroup } from './errors.ts';
import type { FamilyId } from './families.ts';
import { FAMILIES } from './families.ts';
import type { Group } from './group.ts';
import { LATENCY_GROUPS } from './latency-groups.ts';
import type { TemplateChange } from './watch.ts';
import type { Climb } from './steps.ts';
import { FEW_GROUPS } from './few-pods.ts';
import { LATE_GROUPS } from './late.ts';
import { ONE_OF_GROUPS } from './one-of.ts';
import { QUIET_GROUPS } from './quiet.ts';
import { SEVERAL_GROUPS } from './several.ts';
import { SICK_GROUPS } from './sick.ts';
import { simpsonGroup } from './simpson.ts';
import { SLOW_START_GROUPS } from './slow-start.ts';
import { climbGroup } from './steps.ts';
import { STICKY_GROUPS } from './sticky.ts';

/** Everything that is simulated. A series is named `group/effect/method`. */

export const FAMILY_IDS = Object.keys(FAMILIES) as FamilyId[];

const MINUTE_EFFECTS: Effects = { aa: 1, x2: 2, x10: 10 };
/** Exactly on the harm margin: 1.1 × 1% + 0.0001. */
const BOUNDARY = 1.11;
const SIZES: Effects = { 'x1.5': 1.5, x2: 2, x3: 3, x5: 5, x10: 10 };

/**
 * The families with windows of a minute: 19 stable pods, and 4 pods, both with the history that the product
 * asks for and with less.
 */
const families: Group[] = FAMILY_IDS.flatMap((family) => [
  errorGroup({
    id: `${family}-19`,
    family,
    effects: family === 'iid' ? { ...MINUTE_EFFECTS, boundary: BOUNDARY } : MINUTE_EFFECTS,
    withoutPods: ['aa', 'x2'],
    peers: ['aa', 'x2'],
    ...(['iid', 'bb10', 'mmpp'].includes(family) ? { coverage: ['aa', 'x2'] } : {}),
  }),
  errorGroup({
    id: `${family}-4`,
    family,
    service: { pods: 4, lookbackMinutes: 180 },
    effects: { aa: 1, x2: 2 },
  }),
  errorGroup({
    id: `${family}-4-young`,
    family,
    service: { pods: 4, lookbackMinutes: 60 },
    effects: { aa: 1, x2: 2 },
    share: 0.5,
  }),
]);

const busyCanary: Group[] = (['ar3', 'ar9', 'mmpp'] as const).map((family) =>
  errorGroup({
    id: `${family}-busy`,
    family,
    service: { canaryPodRps: 40 },
    effects: { aa: 1, x2: 2 },
    share: 0.25,
  }),
);

/** Windows of 15 s, as the product measures. */
const quarters: Group[] = [
  errorGroup({
    id: 'iid-15s',
    service: { tickSeconds: 15 },
    effects: { aa: 1, boundary: BOUNDARY, ...SIZES },
  }),
  ...(['bb3', 'ar3', 'mmpp'] as const).map((family) =>
    errorGroup({
      id: `${family}-15s`,
      family,
      service: { tickSeconds: 15 },
      effects: { aa: 1, x2: 2 },
      share: 0.5,
    }),
  ),
];

export interface Load {
  id: string;
  canaryRps: number;
  rate: number;
}

/** The loads for which detection times are measured; the canary is one pod of twenty. */
export const LOADS: readonly Load[] = [
  { id: 'load-2', canaryRps: 2, rate: 0.01 },
  { id: 'load-50', canaryRps: 50, rate: 0.01 },
  { id: 'load-10-low', canaryRps: 10, rate: 0.001 },
  { id: 'load-50-low', canaryRps: 50, rate: 0.001 },
];

const loads: Group[] = LOADS.map(({ id, canaryRps, rate }) =>
  errorGroup({
    id,
    service: { podRps: canaryRps, canaryPodRps: canaryRps, rate, tickSeconds: 15 },
    effects: { aa: 1, ...SIZES },
    share: 0.5,
  }),
);

/** Other margins and risks than the defaults. */
export const SETTINGS: readonly { id: string; title: string; template: TemplateChange }[] = [
  {
    id: 'harm-5',
    title: '`harm.relative: 0.05`',
    template: { margin: { harm: { relative: 0.05, absolute: 1e-4 } } },
  },
  {
    id: 'harm-25',
    title: '`harm.relative: 0.25`',
    template: { margin: { harm: { relative: 0.25, absolute: 1e-4 } } },
  },
  { id: 'risk-1', title: '`risk.harm: 0.01`', template: { risk: { harm: 0.01 } } },
];

const settings: Group[] = SETTINGS.map(({ id, template }) =>
  errorGroup({
    id,
    service: { tickSeconds: 15 },
    effects: { aa: 1, 'x1.5': 1.5, x2: 2 },
    template,
    share: 0.5,
  }),
);

const CUMULATIVE = { template: { safeEvidence: 'cumulative' } } as const;

/** Whole releases, 5→20→50→100%. */
export const CLIMBS: readonly Climb[] = [
  { id: 'climb-200', rps: 200, rate: 0.01 },
  { id: 'climb-200-low', rps: 200, rate: 0.001, share: 0.5 },
  { id: 'climb-20', rps: 20, rate: 0.01 },
  { id: 'climb-20-kept', rps: 20, rate: 0.01, share: 0.5, ...CUMULATIVE },
  { id: 'climb-20-low', rps: 20, rate: 0.001, share: 0.5 },
  { id: 'climb-6', rps: 6, rate: 0.01, share: 0.5 },
  { id: 'climb-6-kept', rps: 6, rate: 0.01, share: 0.5, ...CUMULATIVE },
];

const steps: Group[] = [simpsonGroup('simpson'), ...CLIMBS.map(climbGroup)];

export const GROUPS: readonly Group[] = [
  ...quarters,
  ...loads,
  ...settings,
  ...steps,
  ...families,
  ...busyCanary,
  ...LATENCY_GROUPS,
  ...LATE_GROUPS,
  ...ONE_OF_GROUPS,
  ...SICK_GROUPS,
  ...FEW_GROUPS,
  ...SLOW_START_GROUPS,
  ...STICKY_GROUPS,
  ...QUIET_GROUPS,
  ...SEVERAL_GROUPS,
  ...BIMODAL_GROUPS,
  BYTES_GROUP,
];
