import { getObject, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { FIELD_MANAGER } from '../../api/names.ts';

/** A manager that wrote to an object, according to `metadata.managedFields`. */
export interface Writer {
  /** for a sentence: "Argo CD (field manager argocd-controller)" */
  who: string;
  /** RFC 3339, whole seconds */
  at: string;
  /** what to do about it; undefined: no remedy is known */
  remedy: string | undefined;
}

const SNIPPET = 'see docs/gitops.md';

/** Tools by the manager names under which they write. */
const KNOWN: readonly [RegExp, string, string][] = [
  [/^argocd-/, 'Argo CD', `let the Application ignore the weights, ${SNIPPET}`],
  [/^kustomize-controller$/, 'Flux', `let the Kustomization leave the object alone, ${SNIPPET}`],
  [/^helm-controller$/, 'Flux', `let the HelmRelease leave the object alone, ${SNIPPET}`],
  [/^helm$/i, 'Helm', `do not upgrade the chart during a release, ${SNIPPET}`],
  [
    /^(flagger|rollouts-controller|argo-rollouts)/,
    'another delivery controller',
    'let only one of them act on the route',
  ],
  [/^kubectl/, 'kubectl', 'stop the person or program that does it'],
];

/**
 * The last writer, other than Sluice, to fields that split traffic in any of these objects, at or after `sinceMs`;
 * undefined: no managedFields name one. The API server keeps whole seconds, so the whole second of `sinceMs` counts.
 */
export function lastWriter(objects: readonly KubeObject[], sinceMs: number): Writer | undefined {
  const entries = objects
    .flatMap(({ kind, metadata }) =>
      getObjects(metadata, 'managedFields').filter((entry) => isForeign(entry, kind)),
    )
    .filter((entry) => timeOf(entry) >= Math.floor(sinceMs / 1000) * 1000)
    .sort((a, b) => timeOf(b) - timeOf(a));
  const [last] = entries;
  if (last === undefined) return undefined;
  const manager = getString(last, 'manager') ?? '';
  const [, , remedy] = known(manager) ?? [];
  return {
    who: nameOfWriter(manager),
    at: getString(last, 'time') ?? '',
    remedy,
  };
}

const known = (manager: string) => KNOWN.find(([pattern]) => pattern.test(manager));

/** "Argo CD (field manager argocd-controller)" */
export function nameOfWriter(manager: string): string {
  const [, name] = known(manager) ?? [];
  const named = `field manager ${manager.slice(0, 128)}`;
  return name === undefined ? named : `${name} (${named})`;
}

/**
 * Annotations split an Ingress, the spec splits everything else. A write to the status does not count; one to the scale
 * does.
 */
function isForeign(entry: JsonObject, kind: string): boolean {
  const fields = getObject(entry, 'fieldsV1');
  const annotated = kind === 'Ingress' && getObject(fields, 'f:metadata', 'f:annotations') !== undefined;
  const manager = getString(entry, 'manager') ?? '';
  return (
    (annotated || getObject(fields, 'f:spec') !== undefined) &&
    manager !== FIELD_MANAGER &&
    manager !== '' &&
    getString(entry, 'subresource') !== 'status'
  );
}

const timeOf = (entry: JsonObject): number => Date.parse(getString(entry, 'time') ?? '') || 0;
