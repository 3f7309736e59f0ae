import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import {
  aRoute,
  aSnapshot,
  aTarget,
  canaryServiceObject,
  doing,
  isRehearsal,
  refusedWrite,
  replicaSet,
  SERVICE,
  type SnapshotChange,
} from '../../test/support/builders.ts';
import { initial } from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';
import type { Decision } from '../model.ts';

const cluster = [aTarget({ image: 'web:2' }), ...replicaSet('web:1'), SERVICE, aRoute(), initial()];
const look = (change: SnapshotChange = {}, ...more: KubeObject[]): Decision =>
  decide(aSnapshot([...cluster, ...more], change));
const rehearsed = ({ actions }: Decision) =>
  actions.filter(isRehearsal).map((action) => (action.do === 'write' ? action : undefined));

describe('before a release begins', () => {
  it('the canary, its Service and the first weight are tried, and nothing of them is made', () => {
    const decision = look();
    expect(rehearsed(decision)).toMatchObject([
      {
        onRefusal: { then: 'stop', name: 'Deployment web-canary' },
        write: { verb: 'create', dryRun: true, object: { spec: { replicas: 1 } } },
      },
      {
        onRefusal: { then: 'stop', name: 'Service web-canary' },
        write: { verb: 'create', dryRun: true, object: { metadata: { ownerReferences: [{ name: 'web' }] } } },
      },
      {
        onRefusal: { then: 'stop', name: 'HTTPRoute web' },
        write: { verb: 'jsonPatch', dryRun: true },
      },
    ]);
    expect(JSON.stringify(rehearsed(decision)[2])).toMatch(/"name":"web-canary".*"weight":5/);
    expect(decision.actions.findIndex((each) => !isRehearsal(each))).toBe(3);
  });

  it('what stands there already is not tried', () => {
    const names = rehearsed(look({}, canaryServiceObject())).map((each) => each?.onRefusal?.name);
    expect(names).not.toContain('Service web-canary');
  });

  it('without a router no route is tried', () => {
    const target = aTarget({ image: 'web:2', annotations: { 'sluice.dev/provider': 'replicas' } });
    const decision = decide(aSnapshot([target, ...replicaSet('web:1'), SERVICE, initial()]));
    expect(rehearsed(decision).map((each) => each?.onRefusal?.name)).toEqual(['Deployment web-canary']);
  });

  it('an answer that lasts keeps the release from being recorded as it would be', () => {
    const refused = { 'HTTPRoute web': refusedWrite({ kind: 'refused', message: 'no more weights' }) };
    const [made] = look({ refused }).actions.filter((each) => !isRehearsal(each));
    expect(made).toMatchObject({ write: { object: { spec: { policy: {} } } } });
  });

  it('a server that could not answer is asked again over a record that says nothing', () => {
    const refused = { 'Deployment web-canary': refusedWrite({ kind: 'transient' }) };
    const decision = look({ refused });
    expect(rehearsed(decision)).toEqual([]);
    expect(doing(decision)[0]).toBe('create Release/web-5: record the release');
  });
});
