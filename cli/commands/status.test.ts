import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { KubeObject } from '../../api/kube.ts';
import { finish, openCluster, type Cluster } from '../../test/support/cli-cluster.ts';
import { aRelease, aStatus } from '../../test/support/release.ts';
import { statusOf, type StatusRequest } from './status.ts';

const shop = (image: string, policy = true): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'shop',
    namespace: 'default',
    uid: 'uid-shop',
    annotations: policy ? { 'sluice.dev/policy': 'default' } : {},
  },
  spec: {
    template: { metadata: { labels: { app: 'shop' } }, spec: { containers: [{ name: 'app', image }] } },
  },
});

const promoted = aRelease({
  status: aStatus({ phase: 'Promoted', reason: 'Promoted', replicaSet: 'shop-new' }),
});
const progressing = aRelease({ status: aStatus({ phase: 'Progressing' }) });

async function run(cluster: Cluster, change: Partial<StatusRequest> = {}) {
  const { io, session } = openCluster(cluster);
  const request = { name: 'shop', everywhere: false, home: 'sluice-system', format: undefined, ...change };
  const code = await finish(io, statusOf(io, session, request));
  return { io, code, seconds: (io.clock.now() - Date.UTC(2026, 0, 1)) / 1000 };
}

describe('sluice status', () => {
  it('shows the image that is tried', async () => {
    const { io, code } = await run({ targets: [shop('shop:2')], looks: [[progressing]] });
    expect(code).toBe(0);
    expect(io.printed.slice(0, 2)).toEqual([
      'TARGET   PHASE         STEP   WEIGHT   VERDICT   AGE   RELEASE   REASON      IMAGE',
      'shop     Progressing   1/3    5%       -         0s    shop-2    Measuring   shop:2',
    ]);
    expect(io.complained).toEqual([]);
  });

  it('shows a change that no controller has noticed, beside the release before it', async () => {
    for (const name of ['shop', undefined]) {
      const { io } = await run({ targets: [shop('shop:3')], looks: [[promoted]] }, { name });
      expect(io.printed[1]).toMatch(/shop +Promoted .* shop-2 .*shop:2/);
      expect(io.printed[2]).toMatch(/shop +Pending .* NotNoticed +shop:3/);
    }
  });

  it.each([
    { format: 'json', read: JSON.parse as (text: string) => unknown },
    { format: 'yaml', read: parse as (text: string) => unknown },
  ])('shows it to a machine that reads $format', async ({ format, read }) => {
    const { io } = await run({ targets: [shop('shop:3')], looks: [[promoted]] }, { format });
    expect(read(io.printed[0] ?? '')).toMatchObject([
      { release: 'shop-2', phase: 'Promoted', images: ['shop:2'] },
      { release: '', reason: 'NotNoticed', images: ['shop:3'] },
    ]);
  });

  it.each([
    { when: 'the newest release is about it', target: shop('shop:2'), releases: [promoted] },
    {
      when: 'it is what was stable before a release that was given up',
      target: shop('shop:1'),
      releases: [aRelease({ status: aStatus({ phase: 'Aborted', reason: 'RevertedByAuthor' }) })],
    },
    { when: 'the target has not opted in', target: shop('shop:3', false), releases: [promoted] },
  ])('does not call a template unnoticed when $when', async ({ target, releases }) => {
    const { io } = await run({ targets: [target], looks: [releases] });
    expect(io.printed.join()).not.toContain('NotNoticed');
  });

  it.each([
    { lease: 'absent', says: 'there is no Lease sluice-system/sluice-controller' },
    { lease: 'free', says: 'is free' },
    { lease: 'still', says: 'has not been renewed for' },
  ] as const)(
    'says within 15 s that nobody is at work where the Lease is $lease',
    async ({ lease, says }) => {
      const { io, seconds } = await run({
        targets: [shop('shop:2')],
        looks: [[promoted]],
        lease: () => lease,
      });
      expect(io.complained).toEqual([expect.stringContaining('No controller is running')]);
      expect(io.complained[0]).toContain(says);
      expect(seconds).toBeLessThan(15);
    },
  );

  it('says that the Lease may not be read only where it matters', async () => {
    const cluster = { targets: [shop('shop:2')], lease: () => 'forbidden' as const };
    expect((await run({ ...cluster, looks: [[promoted]] })).io.complained).toEqual([]);
    expect((await run({ ...cluster, looks: [[progressing]] })).io.complained).toEqual([
      'It cannot be seen whether a controller is running: no right to get Lease sluice-system/sluice-controller.',
    ]);
  });

  it('says what runs out, when, and what happens then', async () => {
    const clocks = [{ name: 'blind', since: '2026-01-01T00:00:00Z', until: '2026-01-01T00:02:10Z' }] as const;
    const blind = aRelease({ status: aStatus({ phase: 'Progressing', clocks: [...clocks] }) });
    const { io } = await run({ targets: [shop('shop:2')], looks: [[blind]] });
    expect(io.printed).toContain(
      '  nothing is judged: in 2m10s the canary loses its traffic, unless that changes',
    );
  });

  it('ends with 1 when there is nothing to tell of the target', async () => {
    const { io, code } = await run({ targets: [], looks: [[]] });
    expect(code).toBe(1);
    expect(io.complained[0]).toBe('deployment/shop has no release in namespace default.');
  });
});
