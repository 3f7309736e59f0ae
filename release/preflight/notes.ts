import { getInteger, getObject, getString, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { FIELD_MANAGER } from '../../api/names.ts';
import type { Step } from '../../api/kinds/policy/step.ts';
import { REASON } from '../../api/reasons.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { PROVIDERS } from '../../providers/index.ts';
import type { Note, NotesContext } from '../../providers/provider.ts';
import { mapSelects } from '../canary/index.ts';
import { mayBeCutOff, podsOf } from '../companions/index.ts';
import { ofKind } from './considered.ts';
import { templateLabels } from './services.ts';
import { nameOf, type Traffic } from './types.ts';

export interface NotesInput {
  target: KubeObject;
  traffic: Traffic;
  /** of the kinds in CONSIDERED */
  surroundings: readonly KubeObject[];
  /** of the namespace */
  services: readonly KubeObject[];
  /** NetworkPolicies of untrusted namespaces, as far as they reach into others */
  strange: readonly KubeObject[];
  ladder: readonly Step[];
  /** as far as they are known */
  ingressClasses?: readonly KubeObject[];
  /** with their queries */
  templates: readonly BoundTemplate[];
}

export function notesOn(input: NotesInput): Note[] {
  const { target, traffic, surroundings } = input;
  const provider = PROVIDERS[traffic.provider];
  const { horizontalPodAutoscalers, scaledObjects } = RESOURCES;
  const autoscalers = ofKind(surroundings, horizontalPodAutoscalers, scaledObjects);
  return [
    ...autoscalers.filter((each) => scales(each, target)).map((each) => aboutAutoscaler(each, target)),
    ...(provider.editsUserRoutes ? traffic.routes.flatMap(aboutGitOps) : []),
    ...(provider.notes?.(notesContext(input)) ?? []),
    ...aboutElsewhere(input),
    ...aboutPaused(target),
  ];
}

function notesContext({
  target,
  traffic,
  services,
  ladder,
  ingressClasses,
  templates,
}: NotesInput): NotesContext {
  const labels = templateLabels(target);
  const weights = ladder.map(({ weight }) => weight);
  const { steering } = PROVIDERS[traffic.provider];
  return {
    target,
    routes: traffic.routes,
    stable: traffic.stableService?.metadata.name ?? '',
    fronting: services.filter((each) => mapSelects(getStringMap(each, 'spec', 'selector'), labels)),
    become: steering.becomes(weights, getInteger(target, 'spec', 'replicas') ?? 1),
    classes: ingressClasses ?? [],
    templates,
  };
}

function aboutElsewhere({ target, traffic: { rewrite }, strange }: NotesInput): Note[] {
  const template = getObject(target, 'spec', 'template') ?? {};
  const sentence = mayBeCutOff(strange, podsOf(target, { template, rewrite, service: undefined }));
  return sentence === undefined ? [] : [{ reason: REASON.CanaryMayBeCutOff, sentence }];
}

function scales(autoscaler: KubeObject, target: KubeObject): boolean {
  const ref = getObject(autoscaler, 'spec', 'scaleTargetRef');
  return (
    (getString(ref, 'kind') ?? 'Deployment') === 'Deployment' && getString(ref, 'name') === nameOf(target)
  );
}

function aboutAutoscaler(autoscaler: KubeObject, target: KubeObject): Note {
  const { kind } = autoscaler;
  const keda = kind === 'ScaledObject';
  const least = getInteger(autoscaler, 'spec', keda ? 'minReplicaCount' : 'minReplicas') ?? (keda ? 0 : 1);
  const zero =
    least === 0
      ? ' While it has scaled to 0, a change is promoted without analysis, because there is nothing to compare with.'
      : '';
  const sentence = `${kind} ${nameOf(autoscaler)} scales Deployment ${nameOf(target)}: the canary gets its number of pods from stable, and stable may shrink while the canary takes its traffic.${zero}`;
  return { reason: REASON.AutoscalerFollowed, sentence };
}

/** Marks that tools leave on the objects they apply, and what to do about each. */
const APPLIERS = [
  {
    name: 'Argo CD',
    key: /^argocd\.argoproj\.io\/(tracking-id|instance)$/,
    manager: /^argocd/,
    remedy: 'let its Application ignore the weights (ignoreDifferences with RespectIgnoreDifferences=true)',
  },
  {
    name: 'Flux',
    key: /^(kustomize|helm)\.toolkit\.fluxcd\.io\/name$/,
    manager: /^(kustomize|helm)-controller$/,
    remedy: 'switch its drift correction off for this object',
  },
];

function aboutGitOps(route: KubeObject): Note[] {
  const { labels, annotations, managedFields } = route.metadata;
  const keys = Object.keys({ ...labels, ...annotations });
  const managers = managersOf(managedFields).map(({ manager }) => manager);
  return APPLIERS.filter(
    ({ key, manager }) => keys.some((each) => key.test(each)) || managers.some((each) => manager.test(each)),
  ).map(({ name, remedy }) => ({
    reason: REASON.RouteAppliedByTool,
    sentence: `${route.kind} ${nameOf(route)} is applied by ${name}, which may reset its weights during a release; ${remedy}, see docs/gitops.md.`,
  }));
}

interface Managed {
  manager: string;
  operation: string;
  fields: JsonObject | undefined;
}

function managersOf(managedFields: unknown): Managed[] {
  if (!Array.isArray(managedFields)) return [];
  return managedFields.map((entry: unknown) => ({
    manager: getString(entry, 'manager') ?? '',
    operation: getString(entry, 'operation') ?? '',
    fields: getObject(entry, 'fieldsV1'),
  }));
}

/** `spec.paused` belongs to Sluice: a manifest that sets it stops what was promoted, or rolls out what is held. */
function aboutPaused(target: KubeObject): Note[] {
  const applied = managersOf(target.metadata.managedFields).find(
    ({ manager, operation, fields }) =>
      manager !== FIELD_MANAGER &&
      operation === 'Apply' &&
      getObject(fields, 'f:spec')?.['f:paused'] !== undefined,
  );
  if (applied === undefined && !lastAppliedPauses(target)) return [];
  const by = applied === undefined ? 'kubectl apply' : applied.manager;
  const sentence = `The manifest of Deployment ${nameOf(target)}, applied by ${by}, sets spec.paused, which Sluice itself needs to hold changes; remove the field from the manifest.`;
  return [{ reason: REASON.PausedInManifest, sentence }];
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

function lastAppliedPauses({ metadata }: KubeObject): boolean {
  try {
    const applied: unknown = JSON.parse(metadata.annotations?.[LAST_APPLIED] ?? '{}');
    return getObject(applied, 'spec')?.['paused'] !== undefined;
  } catch {
    return false;
  }
}
