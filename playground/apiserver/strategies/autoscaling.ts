import type { Causes } from '../errors.ts';
import {
  child,
  clone,
  equal,
  fill,
  get,
  isObject,
  list,
  number,
  object,
  objects,
  text,
  word,
} from '../json.ts';
import type { JsonObject } from '../json.ts';
import { builtin, builtinVersion } from '../registry/kind.ts';
import { AGE, column, count, NAME } from './columns.ts';
import { nonNegative } from './names.ts';

const percent = { type: 'Percent', value: 100, periodSeconds: 15 };

function defaults(source: JsonObject): void {
  const spec = child(source, 'spec');
  fill(spec, 'minReplicas', 1);
  if (list(spec['metrics']).length === 0) {
    const target = { type: 'Utilization', averageUtilization: 80 };
    spec['metrics'] = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  }
  const { behavior } = spec;
  if (!isObject(behavior)) return;
  const up = child(behavior, 'scaleUp');
  fill(up, 'stabilizationWindowSeconds', 0);
  fill(up, 'selectPolicy', 'Max');
  fill(up, 'policies', [{ type: 'Pods', value: 4, periodSeconds: 15 }, { ...percent }]);
  const down = child(behavior, 'scaleDown');
  fill(down, 'selectPolicy', 'Max');
  fill(down, 'policies', [{ ...percent }]);
}

function validate(source: JsonObject, causes: Causes): void {
  const spec = object(source['spec']);
  const least = number(spec['minReplicas']) ?? 1;
  const most = number(spec['maxReplicas']) ?? 0;
  if (least < 1) causes.invalid('spec.minReplicas', least, 'must be greater than or equal to 1');
  if (most < 1) causes.required('spec.maxReplicas', 'must be set and greater than 0');
  if (most < least)
    causes.invalid('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`');
  const target = object(spec['scaleTargetRef']);
  if (text(target['kind']) === '') causes.required('spec.scaleTargetRef.kind');
  if (text(target['name']) === '') causes.required('spec.scaleTargetRef.name');
  if (text(target['apiVersion']) === '' && text(target['kind']) !== 'ReplicationController') {
    causes.invalid('spec.scaleTargetRef.apiVersion', '', 'apiVersion must specify API group');
  }
  objects(spec['metrics']).forEach((metric, i) => {
    const goal = get(metric, 'resource', 'target');
    if (metric['type'] !== 'Resource' || !isObject(goal)) return;
    if (goal['averageUtilization'] !== undefined || goal['averageValue'] !== undefined) return;
    const why = 'must set either a target raw value or a target utilization';
    causes.required(`spec.metrics[${i}].resource.target.averageUtilization`, why);
  });
}

const cpuUtilization = (metric: JsonObject): boolean =>
  get(metric, 'resource', 'name') === 'cpu' &&
  get(metric, 'resource', 'target', 'averageUtilization') !== undefined;

/** autoscaling/v1 knows only the CPU target. */
function toV1(stored: JsonObject): JsonObject {
  const out = clone(stored);
  const spec = child(out, 'spec');
  const metric = objects(spec['metrics']).find(cpuUtilization);
  delete spec['metrics'];
  delete spec['behavior'];
  if (metric)
    spec['targetCPUUtilizationPercentage'] = get(metric, 'resource', 'target', 'averageUtilization');
  return out;
}

function fromV1(source: JsonObject): JsonObject {
  const out = clone(source);
  const spec = child(out, 'spec');
  const averageUtilization = spec['targetCPUUtilizationPercentage'];
  delete spec['targetCPUUtilizationPercentage'];
  if (averageUtilization !== undefined) {
    const target = { type: 'Utilization', averageUtilization };
    spec['metrics'] = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  }
  return out;
}

function targetsCell(hpa: JsonObject): string {
  const metrics = objects(get(hpa, 'spec', 'metrics'));
  const cells = metrics.map((metric) => {
    const goal = get(metric, 'resource', 'target', 'averageUtilization');
    const name = text(get(metric, 'resource', 'name')) || text(metric['type']);
    return goal === undefined ? `${name}: <unknown>` : `${name}: <unknown>/${word(goal)}%`;
  });
  return cells.join(', ') || '<none>';
}

const columns = [
  NAME,
  column('Reference', (o) => {
    const target = object(get(o, 'spec', 'scaleTargetRef'));
    return `${text(target['kind'])}/${text(target['name'])}`;
  }),
  column('Targets', targetsCell),
  column('MinPods', (o) => word(get(o, 'spec', 'minReplicas'), '<unset>')),
  column('MaxPods', (o) => count(o, 'spec', 'maxReplicas')),
  column('Replicas', (o) => count(o, 'status', 'currentReplicas')),
  AGE,
];

const base = builtin({
  group: 'autoscaling',
  version: 'v2',
  plural: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
  model: 'V2HorizontalPodAutoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  status: true,
  columns,
  strategy: {
    defaults,
    prepareCreate(source) {
      source['status'] = { desiredReplicas: 0, currentMetrics: null };
    },
    validate,
    validateStatus: (next, causes) => {
      for (const name of ['currentReplicas', 'desiredReplicas']) nonNegative(next, ['status', name], causes);
    },
    validateUpdate(next, causes, old) {
      if (equal(next['spec'], old['spec'])) return;
      nonNegative(next, ['spec', 'minReplicas'], causes);
    },
  },
});

const v1 = builtinVersion('v1', 'V1HorizontalPodAutoscaler', columns);

export const horizontalpodautoscalers = {
  ...base,
  versions: [...base.versions, { ...v1, toStored: fromV1, fromStored: toV1 }],
};
