import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { difference, exempted } from './compare.ts';
import { shippedPolicies } from './shipped.ts';

const shipped = shippedPolicies();
const named = (kind: string, name: string): KubeObject =>
  structuredClone(shipped.find((each) => each.kind === kind && each.metadata.name === name)!);
const hold = (): KubeObject => named('MutatingAdmissionPolicy', 'sluice-hold');
const at = (value: unknown, ...path: (string | number)[]): JsonObject =>
  path.reduce((part, key) => (part as Record<string, unknown>)[key], value) as JsonObject;

describe('a policy in the cluster', () => {
  it('is shipped with its binding, four times', () => {
    expect(shipped.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'MutatingAdmissionPolicy sluice-fresh-start',
      'MutatingAdmissionPolicyBinding sluice-fresh-start',
      'ValidatingAdmissionPolicy sluice-guard',
      'ValidatingAdmissionPolicyBinding sluice-guard',
      'MutatingAdmissionPolicy sluice-hold',
      'MutatingAdmissionPolicyBinding sluice-hold',
      'MutatingAdmissionPolicy sluice-keep',
      'MutatingAdmissionPolicyBinding sluice-keep',
    ]);
  });

  it('is the shipped one with the defaults written out, in another version, for another controller', () => {
    const live = hold();
    live.apiVersion = 'admissionregistration.k8s.io/v1beta1';
    Object.assign(at(live, 'spec', 'matchConstraints'), {
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
    });
    at(live, 'spec', 'matchConstraints', 'resourceRules', 0)['scope'] = '*';
    at(live, 'spec', 'matchConditions', 0)['expression'] =
      "request.userInfo.username != 'system:serviceaccount:delivery:sluice'";
    expect(difference(hold(), live)).toBeUndefined();
    expect(exempted([live])).toEqual(['system:serviceaccount:delivery:sluice']);
  });

  it('is the shipped one with the lines of its expressions broken elsewhere, as kustomize does', () => {
    for (const each of shipped) {
      const live = JSON.parse(JSON.stringify(each).replaceAll('\\n', '\\n\\n ')) as KubeObject;
      expect(difference(each, live)).toBeUndefined();
    }
  });

  it.each<{ change: string; edit: (live: KubeObject) => void; where: string }>([
    {
      change: 'fails open',
      edit: (live) => (at(live, 'spec')['failurePolicy'] = 'Ignore'),
      where: 'spec.failurePolicy',
    },
    {
      change: 'exempts everybody',
      edit: (live) => (at(live, 'spec', 'matchConditions', 0)['expression'] = 'false'),
      where: 'spec.matchConditions[0].expression',
    },
    {
      change: 'has a condition more',
      edit: (live) =>
        (live.spec!['matchConditions'] as JsonObject[]).push({ name: 'x', expression: 'false' }),
      where: 'spec.matchConditions',
    },
    {
      change: 'is for some namespaces only',
      edit: (live) =>
        (at(live, 'spec', 'matchConstraints')['namespaceSelector'] = { matchLabels: { a: 'b' } }),
      where: 'spec.matchConstraints.namespaceSelector',
    },
    {
      change: 'writes something else',
      edit: (live) => (at(live, 'spec', 'mutations', 0, 'applyConfiguration')['expression'] = 'Object{}'),
      where: 'spec.mutations[0].applyConfiguration.expression',
    },
  ])('that $change is another one', ({ edit, where }) => {
    const live = hold();
    edit(live);
    expect(difference(hold(), live)).toBe(where);
  });

  it('is another one if its binding only warns, or is for some namespaces', () => {
    const guard = named('ValidatingAdmissionPolicyBinding', 'sluice-guard');
    const warns = structuredClone(guard);
    warns.spec!['validationActions'] = ['Warn'];
    expect(difference(guard, warns)).toBe('spec.validationActions[0]');
    const narrow = structuredClone(guard);
    narrow.spec!['matchResources'] = { namespaceSelector: { matchLabels: { a: 'b' } } };
    expect(difference(guard, narrow)).toBe('spec.matchResources');
  });
});
