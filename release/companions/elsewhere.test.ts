import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import { RESOURCES } from '../../api/resources.ts';
import { APP, companionInput, followed } from '../../test/support/followed.ts';
import { burdenOf, planCompanions, reachesOut } from './index.ts';

const named = (name: string): JsonObject => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });
const SHOP = named('shop');
const both = { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'web-canary'] }] };

/** A NetworkPolicy of namespace db with these peers in one rule. */
const letting = (...from: JsonObject[]) =>
  followed(RESOURCES.networkPolicies, 'db', { podSelector: {}, ingress: [{ from }] }, { namespace: 'db' });

const refusals = (...from: JsonObject[]) =>
  planCompanions(companionInput([], { elsewhere: [letting(...from)] })).refusals;

describe('a NetworkPolicy of another namespace', () => {
  it('that lets in stable pods by the rewritten label is refused, with the remedy', () => {
    const [refusal] = refusals({ namespaceSelector: SHOP, podSelector: APP });
    expect(refusal?.reason).toBe('PolicyCannotFollow');
    expect(refusal?.sentence).toMatch(
      /^NetworkPolicy db of namespace db .*pods of namespace shop by app=web.*spec\.ingress\[\]\.from\[\].*In and the values web, web-canary/,
    );
  });

  it('that lets its pods reach only stable ones is refused as well', () => {
    const spec = { podSelector: {}, egress: [{ to: [{ namespaceSelector: SHOP, podSelector: APP }] }] };
    const elsewhere = [followed(RESOURCES.networkPolicies, 'jobs', spec, { namespace: 'jobs' })];
    const [refusal] = planCompanions(companionInput([], { elsewhere })).refusals;
    expect(refusal?.sentence).toContain('spec.egress[].to[]');
  });

  it.each<{ given: string; peers: JsonObject[] }>([
    { given: 'names both', peers: [{ namespaceSelector: SHOP, podSelector: both }] },
    { given: 'lets in the whole namespace', peers: [{ namespaceSelector: SHOP }] },
    {
      given: 'lets canary pods in by another peer',
      peers: [
        { namespaceSelector: SHOP, podSelector: APP },
        { namespaceSelector: SHOP, podSelector: {} },
      ],
    },
    { given: 'means another namespace', peers: [{ namespaceSelector: named('else'), podSelector: APP }] },
    {
      given: 'means namespaces by labels nobody knows here',
      peers: [{ namespaceSelector: { matchLabels: { team: 'shop' } }, podSelector: APP }],
    },
    { given: 'means every namespace', peers: [{ namespaceSelector: {}, podSelector: APP }] },
    { given: 'means its own pods', peers: [{ podSelector: APP }] },
  ])('that $given is not', ({ peers }) => {
    expect(refusals(...peers)).toEqual([]);
  });

  it('is kept only if it names pods of a namespace by its name', () => {
    expect(reachesOut(letting({ namespaceSelector: SHOP, podSelector: APP }))).toBe(true);
    expect(reachesOut(letting({ namespaceSelector: SHOP }))).toBe(false);
    expect(reachesOut(letting({ podSelector: APP }))).toBe(false);
  });

  it('makes another label the better choice', () => {
    const elsewhere = [letting({ namespaceSelector: SHOP, podSelector: APP })];
    const tier = { tier: { from: 'front', to: 'front-canary' } };
    const burden = (change: object) => burdenOf(companionInput([], { elsewhere, ...change }));
    expect(burden({})).toBeGreaterThan(burden({ rewrite: tier }));
  });
});
