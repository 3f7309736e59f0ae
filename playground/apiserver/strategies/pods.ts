import type { Causes } from '../errors.ts';
import { child, clone, equal, get, list, number, object, objects, text, word } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { builtin } from '../registry/kind.ts';
import { AGE, age, column, NAME } from './columns.ts';
import { specChanged } from './workloads.ts';
import { defaultPod } from './pod-defaults.ts';
import { portWarnings, validatePodSpec } from './pod-validation.ts';

const TOLERATED = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const FROZEN =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

function prepareCreate(source: JsonObject): void {
  const spec = child(source, 'spec');
  const tolerations = list(spec['tolerations']);
  for (const key of TOLERATED) {
    if (objects(tolerations).some((toleration) => toleration['key'] === key)) continue;
    tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  spec['tolerations'] = tolerations;
  source['status'] = { phase: 'Pending', qosClass: qosClass(spec) };
}

function qosClass(spec: JsonObject): string {
  const resources = objects(spec['containers']).map((container) => object(container['resources']));
  const used = resources.some((r) => r['limits'] !== undefined || r['requests'] !== undefined);
  if (!used) return 'BestEffort';
  const full = resources.every((r) => {
    const limits = object(r['limits']);
    return (
      limits['cpu'] !== undefined && limits['memory'] !== undefined && equal(limits, r['requests'] ?? limits)
    );
  });
  return full ? 'Guaranteed' : 'Burstable';
}

function validateUpdate(next: JsonObject, causes: Causes, old: JsonObject): void {
  const allowed = (source: JsonObject): JsonObject => {
    const spec = object(clone(source['spec']));
    for (const container of [...objects(spec['containers']), ...objects(spec['initContainers'])])
      delete container['image'];
    for (const name of [
      'activeDeadlineSeconds',
      'tolerations',
      'schedulingGates',
      'terminationGracePeriodSeconds',
    ]) {
      delete spec[name];
    }
    // binding: an unscheduled pod may get its node
    if (text(get(old, 'spec', 'nodeName')) === '') delete spec['nodeName'];
    return spec;
  };
  if (!equal(allowed(next), allowed(old))) causes.forbidden('spec', FROZEN);
}

/** Seconds between DELETE and removal: none for a pod that no kubelet runs. */
function grace(source: JsonObject, wanted: number | undefined): number {
  const phase = text(get(source, 'status', 'phase'));
  if (text(get(source, 'spec', 'nodeName')) === '' || phase === 'Failed' || phase === 'Succeeded') return 0;
  const seconds = wanted ?? number(get(source, 'spec', 'terminationGracePeriodSeconds')) ?? 30;
  return seconds < 0 ? 1 : seconds;
}

function statusCell(pod: JsonObject): string {
  let reason = text(get(pod, 'status', 'reason')) || text(get(pod, 'status', 'phase'));
  for (const status of objects(get(pod, 'status', 'containerStatuses'))) {
    const waiting = text(get(status, 'state', 'waiting', 'reason'));
    const ended = text(get(status, 'state', 'terminated', 'reason'));
    if (waiting !== '' || ended !== '') reason = waiting || ended;
  }
  if (get(pod, 'metadata', 'deletionTimestamp') !== undefined) return 'Terminating';
  return reason;
}

function readyCell(pod: JsonObject): string {
  const ready = objects(get(pod, 'status', 'containerStatuses')).filter((status) => status['ready'] === true);
  return `${ready.length}/${list(get(pod, 'spec', 'containers')).length}`;
}

function restartsCell(pod: JsonObject, now: number): string {
  const statuses = objects(get(pod, 'status', 'containerStatuses'));
  const restarts = statuses.reduce((sum, status) => sum + (number(status['restartCount']) ?? 0), 0);
  const last =
    statuses
      .map((s) => text(get(s, 'lastState', 'terminated', 'finishedAt')))
      .sort()
      .at(-1) ?? '';
  return last === '' || restarts === 0 ? String(restarts) : `${restarts} (${age(last, now)} ago)`;
}

const orNone = (value: string): string => (value === '' ? '<none>' : value);

export const pods = builtin({
  plural: 'pods',
  kind: 'Pod',
  shortNames: ['po'],
  categories: ['all'],
  status: true,
  columns: [
    NAME,
    column('Ready', readyCell),
    column('Status', statusCell),
    column('Restarts', restartsCell),
    AGE,
    column('IP', (o) => orNone(text(get(o, 'status', 'podIP'))), { wide: true }),
    column('Node', (o) => orNone(text(get(o, 'spec', 'nodeName'))), { wide: true }),
    column('Nominated Node', (o) => orNone(text(get(o, 'status', 'nominatedNodeName'))), { wide: true }),
    column('Readiness Gates', () => '<none>', { wide: true }),
  ],
  strategy: {
    defaults: (source) => defaultPod(child(source, 'spec')),
    prepareCreate,
    validate: (source, causes) => validatePodSpec(object(source['spec']), 'spec', causes),
    validateUpdate,
    warnings: (next) => portWarnings(object(next['spec']), 'spec'),
    generation: specChanged,
    grace,
    deleteReturnsObject: true,
    statusMetadata: true,
    selectable: (o) => ({
      'spec.nodeName': text(get(o, 'spec', 'nodeName')),
      'spec.restartPolicy': text(get(o, 'spec', 'restartPolicy')),
      'spec.schedulerName': text(get(o, 'spec', 'schedulerName')),
      'spec.serviceAccountName': text(get(o, 'spec', 'serviceAccountName')),
      'spec.hostNetwork': word(get(o, 'spec', 'hostNetwork'), 'false'),
      'status.phase': text(get(o, 'status', 'phase')),
      'status.podIP': text(get(o, 'status', 'podIP')),
      'status.nominatedNodeName': text(get(o, 'status', 'nominatedNodeName')),
    }),
  },
});
