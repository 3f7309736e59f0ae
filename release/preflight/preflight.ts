import {
  asString,
  arrayOrEmpty,
  getInteger,
  getObject,
  getObjects,
  getString,
  getStringMap,
} from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { Step } from '../../api/kinds/policy/step.ts';
import type { Strategy } from '../../api/kinds/policy/strategy.ts';
import { REASON } from '../../api/reasons.ts';
import { RESOURCES } from '../../api/resources.ts';
import { PROVIDERS } from '../../providers/index.ts';
import type { Refusal } from '../../providers/provider.ts';
import { canaryName, isMadeFor, LARGEST_TEMPLATE_KIB, makerOf, templateKib } from '../canary/index.ts';
import { ofKind } from './considered.ts';
import { refuseQuota } from './quota.ts';
import { nameOf, type Traffic } from './types.ts';

export interface PreflightInput {
  target: KubeObject;
  strategy: Strategy;
  /** the discovered traffic */
  traffic: Traffic;
  deployments: readonly KubeObject[];
  services: readonly KubeObject[];
  ladder: readonly Step[];
  /** of the kinds in CONSIDERED; objects that are not seen are not judged */
  surroundings: readonly KubeObject[];
}

/** Everything else that prevents a release; [] = it may start. Each refusal names field, value and remedy. */
export function preflight(input: PreflightInput): Refusal[] {
  return [
    ...refuseStrategy(input),
    ...refuseSize(input),
    ...refuseRecreate(input),
    ...refuseHostPorts(input),
    ...refuseClaims(input),
    ...refuseQuota({
      ...input,
      steering: PROVIDERS[input.traffic.provider].steering,
      quotas: ofKind(input.surroundings, RESOURCES.resourceQuotas),
    }),
    ...refuseTakenNames(input),
    ...refuseOtherControllers(input),
  ];
}

const unsupported = (sentence: string): Refusal => ({ reason: REASON.TargetUnsupported, sentence });

function refuseStrategy({ strategy, traffic }: PreflightInput): Refusal[] {
  const { name, strategies } = PROVIDERS[traffic.provider];
  if (strategies.includes(strategy)) return [];
  const sentence = `spec.strategy of the policy: "${strategy}" is not available with provider ${name} in this version; use ${strategies.join(' or ')}.`;
  return [{ reason: REASON.StrategyUnsupported, sentence }];
}

function refuseSize({ target }: PreflightInput): Refusal[] {
  const kib = templateKib(getObject(target, 'spec', 'template') ?? {});
  if (kib <= LARGEST_TEMPLATE_KIB) return [];
  return [
    unsupported(
      `spec.template of Deployment ${nameOf(target)} has ${kib} KiB, more than the ${LARGEST_TEMPLATE_KIB} that fit into the record of a release; move long values into a ConfigMap.`,
    ),
  ];
}

function refuseRecreate({ target }: PreflightInput): Refusal[] {
  if (getString(target, 'spec', 'strategy', 'type') !== 'Recreate') return [];
  return [
    unsupported(
      `spec.strategy.type of Deployment ${nameOf(target)} is Recreate, so a promotion would stop every pod at once; use RollingUpdate.`,
    ),
  ];
}

function refuseHostPorts({ target }: PreflightInput): Refusal[] {
  return ['containers', 'initContainers']
    .flatMap((list) => getObjects(target, 'spec', 'template', 'spec', list))
    .flatMap((container) =>
      getObjects(container, 'ports')
        .map((port) => getInteger(port, 'hostPort') ?? 0)
        .filter((port) => port > 0)
        .map((port) =>
          unsupported(
            `container ${getString(container, 'name') ?? ''} of Deployment ${nameOf(target)} uses hostPort ${port}, which only one pod on a node can have; remove hostPort and reach the pods through the Service.`,
          ),
        ),
    );
}

function refuseClaims({ target, surroundings }: PreflightInput): Refusal[] {
  const claims = ofKind(surroundings, RESOURCES.persistentVolumeClaims);
  return getObjects(target, 'spec', 'template', 'spec', 'volumes').flatMap((volume) => {
    const name = getString(volume, 'persistentVolumeClaim', 'claimName');
    const claim = claims.find((candidate) => nameOf(candidate) === name);
    const modes = arrayOrEmpty(claim, 'spec', 'accessModes').map(asString);
    if (claim === undefined || modes.includes('ReadWriteMany') || modes.includes('ReadOnlyMany')) return [];
    return [
      unsupported(
        `PersistentVolumeClaim ${nameOf(claim)} of Deployment ${nameOf(target)} has spec.accessModes ${modes.join(', ')}, so canary and stable pods could not both mount it; use ReadWriteMany or ReadOnlyMany.`,
      ),
    ];
  });
}

/** Sluice makes its objects itself and takes no existing one over. */
function refuseTakenNames({ target, traffic, deployments, services }: PreflightInput): Refusal[] {
  const canary = canaryName(nameOf(target));
  const taken = [
    ...deployments
      .filter((object) => nameOf(object) === canary)
      .map((object) => ({ kind: 'Deployment', object })),
    ...services
      .filter((object) => nameOf(object) === traffic.canaryService)
      .map((object) => ({ kind: 'Service', object })),
  ];
  return taken
    .filter(({ object }) => !isMadeFor(makerOf(target), object))
    .map(({ kind, object }) => ({
      reason: REASON.NameTaken,
      sentence: `${kind} ${nameOf(object)} exists and was not made by Sluice, which needs that name for the canary; rename or delete it.`,
    }));
}

/** Marks that other progressive delivery controllers leave on the objects they control. */
const OTHER_CONTROLLERS = [
  {
    name: 'Argo Rollouts',
    key: /^(argo-rollouts\.argoproj\.io|rollout\.argoproj\.io)\/|^rollouts-pod-template-hash$/,
    owner: /^argoproj\.io\/.*\/Rollout$/,
  },
  { name: 'Flagger', key: /^([^/]*\.)?flagger\.app\//, owner: /^flagger\.app\// },
  { name: 'OpenKruise Rollouts', key: /^([^/]*\.)?rollouts\.kruise\.io\//, owner: /^rollouts\.kruise\.io\// },
];

function refuseOtherControllers({ target, traffic }: PreflightInput): Refusal[] {
  const { stableService, routes } = traffic;
  const selector = getStringMap(stableService, 'spec', 'selector');
  return [
    ...refuseMarks(target, 'Deployment'),
    ...(stableService === undefined ? [] : refuseMarks(stableService, 'Service', Object.keys(selector))),
    ...routes.flatMap((route) => refuseMarks(route, route.kind)),
  ];
}

function refuseMarks(object: KubeObject, kind: string, more: string[] = []): Refusal[] {
  const { labels, annotations, ownerReferences } = object.metadata;
  const keys = [...Object.keys({ ...labels, ...annotations }), ...more];
  const owners = (ownerReferences ?? []).map((owner) => `${owner.apiVersion}/${owner.kind}`);
  return OTHER_CONTROLLERS.flatMap(({ name, key, owner }) => {
    const mark = keys.find((each) => key.test(each)) ?? owners.find((each) => owner.test(each));
    if (mark === undefined) return [];
    const sentence = `${kind} ${nameOf(object)} carries ${mark}, so ${name} acts on it, and two controllers would fight over its traffic; remove it from ${name} first.`;
    return [{ reason: REASON.TargetUnsupported, sentence }];
  });
}
