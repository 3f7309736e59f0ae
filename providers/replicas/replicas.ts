import { pointer } from '../../lib/pointer.ts';
import { getInteger } from '../../lib/json.ts';
import type { JsonPatchOp } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';
import { REASON } from '../../api/reasons.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { Write } from '../../api/writes.ts';
import type { Observation, Provider, Refusal, Reached, Split, TrafficContext } from '../provider.ts';
import { byPods } from '../shared/steering.ts';
import { replicasNotes } from './notes.ts';
import { replicasPresets } from './presets.ts';

/** Weights have two decimals: they are counted in hundredths of a percent, so that rounding loses nothing. */
const HUNDREDTHS = 100;
const WHOLE = 100 * HUNDREDTHS;

/** Percent with two decimals. */
export const shareOf = (canary: number, stable: number): number =>
  canary === 0 ? 0 : Math.round((WHOLE * canary) / (canary + stable)) / HUNDREDTHS;

/**
 * The number of canary pods whose share of all pods is nearest to `weight` percent, for that number of stable
 * pods: at least one, and the smaller of two that are equally near.
 */
function reach(weight: number, stable: number): Reached {
  const wanted = Math.round(weight * HUNDREDTHS);
  if (wanted <= 0) return { pods: 0, share: 0 };
  const exact = (stable * wanted) / Math.max(1, WHOLE - wanted);
  const less = Math.max(1, Math.floor(exact));
  const more = Math.max(1, Math.ceil(exact));
  // |share - weight| of each, brought to the same denominator: whole numbers can be compared exactly.
  const tooLittle = Math.abs(wanted * (less + stable) - WHOLE * less) * (more + stable);
  const tooMuch = Math.abs(WHOLE * more - wanted * (more + stable)) * (less + stable);
  const pods = tooLittle <= tooMuch ? less : more;
  return { pods, share: shareOf(pods, stable) };
}

function observe({ pods }: TrafficContext): Observation {
  const { canary, ready } = podsOf(pods);
  const wanted = canary === undefined ? 0 : replicasOf(canary);
  const weight = shareOf(ready.canary, ready.stable);
  if (ready.canary === wanted) return { weight, acknowledged: 'yes' };
  const problem = `${ready.canary} canary pods are ready, and ${wanted} are needed`;
  return { weight, acknowledged: 'pending', problem };
}

const replicasOf = (deployment: object): number => getInteger(deployment, 'spec', 'replicas') ?? 1;

const NOTHING: NonNullable<TrafficContext['pods']> = {
  canary: undefined,
  names: [],
  stable: 0,
  ready: { canary: 0, stable: 0 },
};

const podsOf = (pods: TrafficContext['pods']): NonNullable<TrafficContext['pods']> => pods ?? NOTHING;

/**
 * Scales the canary, and in the same write keeps the names of the pods that answered until now: they may be
 * deleted soon, and their answers still have to be measured.
 */
function plan(context: TrafficContext, { weight }: Split): Write[] {
  const { canary, names, stable } = podsOf(context.pods);
  const wanted = reach(weight, stable).pods;
  if (canary === undefined || replicasOf(canary) === wanted) return [];
  const { name, uid = '', annotations } = canary.metadata;
  const kept = { [ANNOTATION.pods]: names.join(',') };
  const path = '/metadata/annotations';
  const remember: JsonPatchOp =
    annotations === undefined
      ? { op: 'add', path, value: kept }
      : { op: 'add', path: pointer('metadata', 'annotations', ANNOTATION.pods), value: names.join(',') };
  return [
    {
      verb: 'jsonPatch',
      ref: { resource: RESOURCES.deployments, namespace: context.namespace, name },
      patch: [
        { op: 'test', path: '/metadata/uid', value: uid },
        { op: 'add', path: '/spec/replicas', value: wanted },
        remember,
      ],
    },
  ];
}

/** A decision for each request needs a router that sees every request. */
function refuse({ wants }: TrafficContext): Refusal[] {
  const fields = [
    wants.match === undefined ? undefined : 'spec.match',
    wants.mirror === undefined ? undefined : 'spec.mirror',
    wants.sticky === undefined ? undefined : 'spec.stickiness',
  ].filter((field) => field !== undefined);
  const unsupported = (sentence: string): Refusal => ({ reason: REASON.StrategyUnsupported, sentence });
  return [
    ...fields.map((field) =>
      unsupported(
        `${field} of the policy needs a router that looks at requests, and provider replicas has none; remove it, or use provider gateway, istio or nginx.`,
      ),
    ),
    ...(wants.fixedReplicas === true
      ? [
          unsupported(
            'spec.steps of the policy: canaryReplicas fixes the number of canary pods, but with provider replicas that number is the weight; remove it.',
          ),
        ]
      : []),
  ];
}

/**
 * No router: canary pods are behind the same Service as stable pods (or take from the same queue), and their
 * share of the requests is their share of the ready pods.
 */
export const replicas: Provider = {
  name: 'replicas',
  title: 'no router',
  routeResources: [],
  madeResource: undefined,
  routeless: true,
  steering: byPods(reach),
  onlyByName: true,
  editsUserRoutes: false,
  // Endpoints and the proxies of every node follow the readiness of a pod within a few seconds.
  settleMs: 5_000,
  strategies: ['canary'],
  names: () => false,
  refuse,
  record: () => ({}),
  observe,
  plan,
  // The canary Deployment belongs to the controller, which deletes it with the canary.
  cleanup: () => [],
  presets: () => replicasPresets,
  allPresets: [replicasPresets],
  notes: replicasNotes,
};
