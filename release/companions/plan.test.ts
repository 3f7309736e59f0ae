import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { APP, companionInput, followed, TARGET } from '../../test/support/followed.ts';
import { burdenOf, planCompanions } from './index.ts';

describe('a copy', () => {
  const policy = followed(
    RESOURCES.networkPolicies,
    'allow-web',
    { podSelector: APP },
    {
      labels: { team: 'shop', 'app.kubernetes.io/instance': 'shop', 'helm.sh/chart': 'c' },
      annotations: { 'istio.io/dry-run': 'true', 'argocd.argoproj.io/tracking-id': 'x' },
      finalizers: ['x/y'],
    },
  );

  it('is ours, goes with the target and is tracked by nobody', () => {
    const [copy] = planCompanions(companionInput([policy])).wanted;
    expect(copy?.object).toMatchObject({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' });
    expect(copy?.object.metadata).toEqual({
      name: expect.stringMatching(/^allow-web-[a-z0-9]{10}-canary$/) as unknown,
      namespace: 'shop',
      labels: {
        team: 'shop',
        'app.kubernetes.io/managed-by': 'sluice',
        'sluice.dev/target': 'web',
        'sluice.dev/release': 'web-5',
      },
      annotations: {
        'istio.io/dry-run': 'true',
        'sluice.dev/copy-of': expect.stringMatching(/^allow-web@/) as unknown,
      },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: 'web',
          uid: 'uid-deployment-web',
          blockOwnerDeletion: false,
        },
      ],
    });
  });

  it('has a name that fits, and another one for each target', () => {
    const long = followed(RESOURCES.networkPolicies, 'p'.repeat(250), { podSelector: APP });
    const other = { ...TARGET, metadata: { ...TARGET.metadata, name: 'web-b' } };
    const names = [companionInput([long]), companionInput([long], { target: other })].map(
      (each) => planCompanions(each).wanted[0]?.object.metadata.name ?? '',
    );
    expect(names.map(({ length }) => length)).toEqual([63, 63]);
    expect(new Set(names).size).toBe(2);
  });

  it('in an older version of its kind is written in the one Sluice names', () => {
    const older = {
      ...followed(RESOURCES.destinationRules, 'd', { host: 'web' }),
      apiVersion: 'networking.istio.io/v1beta1',
    };
    expect(planCompanions(companionInput([older])).wanted[0]?.object.apiVersion).toBe(
      'networking.istio.io/v1',
    );
  });

  it('is not made of a copy', () => {
    const [copy] = planCompanions(companionInput([policy])).wanted;
    expect(planCompanions(companionInput([copy!.object])).wanted).toEqual([]);
  });

  it('takes nobody’s place', () => {
    const [copy] = planCompanions(companionInput([policy])).wanted;
    const stranger = followed(RESOURCES.networkPolicies, copy!.object.metadata.name, { podSelector: {} });
    expect(planCompanions(companionInput([policy, stranger])).refusals).toMatchObject([
      { reason: 'NameTaken' },
    ]);
  });
});

describe('a label that is added instead of rewritten', () => {
  const added = { rewrite: { 'sluice.dev/track': { to: 'canary' } }, service: undefined };

  it('leaves every selector as it is', () => {
    const objects = [
      followed(RESOURCES.networkPolicies, 'n', { podSelector: APP }),
      followed(RESOURCES.podDisruptionBudgets, 'b', { selector: APP, minAvailable: '50%' }),
      followed(RESOURCES.destinationRules, 'd', { host: 'web', subsets: [{ name: 'a', labels: {} }] }),
    ];
    expect(planCompanions(companionInput(objects, added))).toEqual({ wanted: [], refusals: [] });
  });
});

describe('the burden of a rewrite', () => {
  const byApp = followed(RESOURCES.networkPolicies, 'a', { podSelector: APP });
  const cilium = followed(RESOURCES.ciliumNetworkPolicies, 'c', { endpointSelector: APP });
  const tier = { rewrite: { tier: { from: 'front', to: 'front-canary' } } };

  it('counts the objects that would have to follow', () => {
    expect([burdenOf(companionInput([byApp])), burdenOf(companionInput([byApp], tier))]).toEqual([1, 0]);
  });

  it('weighs what cannot follow more than any that can', () => {
    expect(burdenOf(companionInput([cilium]))).toBeGreaterThan(
      burdenOf(companionInput(Array(50).fill(byApp) as KubeObject[])),
    );
  });
});
