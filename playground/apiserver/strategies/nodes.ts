import { get, metadata, objects, text, word } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { builtin } from '../registry/kind.ts';
import { AGE, column, NAME } from './columns.ts';

function statusCell(node: JsonObject): string {
  const ready = objects(get(node, 'status', 'conditions')).find((condition) => condition['type'] === 'Ready');
  const words = [ready?.['status'] === 'True' ? 'Ready' : ready ? 'NotReady' : 'Unknown'];
  if (get(node, 'spec', 'unschedulable') === true) words.push('SchedulingDisabled');
  return words.join(',');
}

function rolesCell(node: JsonObject): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.keys(get(metadata(node), 'labels') ?? {}).filter((key) => key.startsWith(prefix));
  return roles.map((key) => key.slice(prefix.length)).join(',') || '<none>';
}

export const nodes = builtin({
  plural: 'nodes',
  kind: 'Node',
  namespaced: false,
  shortNames: ['no'],
  status: true,
  columns: [
    NAME,
    column('Status', statusCell),
    column('Roles', rolesCell),
    AGE,
    column('Version', (o) => text(get(o, 'status', 'nodeInfo', 'kubeletVersion'))),
  ],
  strategy: {
    createsStatus: true,
    selectable: (o) => ({ 'spec.unschedulable': word(get(o, 'spec', 'unschedulable'), 'false') }),
  },
});
