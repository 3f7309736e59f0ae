import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject, ObjectRef } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { serializePolicy } from '../../api/kinds/policy/policy.ts';
import { serializeTemplate } from '../../api/kinds/template/template.ts';
import { RESOURCES } from '../../api/resources.ts';
import { isInvalid } from '../../kube/errors.ts';
import { PROVIDERS } from '../../providers/index.ts';
import type { Split, TrafficContext, Wants } from '../../providers/provider.ts';
import { policies, templates } from '../support/arbitraries.ts';
import {
  aPolicy,
  aTemplate,
  freshRelease,
  RELEASE_CHANGES,
  WRONG_POLICIES,
  WRONG_TEMPLATES,
} from '../support/crd-cases.ts';
import { eventually } from '../support/eventually.ts';
import { backend, httpRoute, pathMatch, rule } from '../support/routes.ts';
import { aTrafficContext, percent } from '../support/traffic.ts';
import { BORROWED, Lane, NO_ADMISSION } from './lane.ts';

const MANIFESTS = fileURLToPath(new URL('../../manifests', import.meta.url));
const FOLDERS = ['common', 'pause-mode', ...(NO_ADMISSION === undefined ? ['admission-mode'] : [])];
const EXAMPLES = { numRuns: 40 };
let lane: Lane;

beforeAll(async () => {
  lane = await Lane.start();
  await lane.install('pause');
  await lane.namespace('shop');
});

afterAll(() => lane.stop());

const wire = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;
const inShop = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, namespace: 'shop' },
});

async function refusal(write: Promise<unknown>): Promise<string> {
  const error: unknown = await write.catch((problem: unknown) => problem);
  expect(isInvalid(error), String(error)).toBe(true);
  return String(error);
}

describe('what is shipped', () => {
  const shipped = [
    ['-f', 'crds'],
    ['-f', 'rbac'],
    ...FOLDERS.map((folder) => ['-k', `admission/${folder}`]),
    ['-k', 'admission'],
    ...readdirSync(join(MANIFESTS, 'samples')).map((file) => ['-f', `samples/${file}`]),
  ].map(([how = '', what = '']) => ({ how, what }));

  it.each(shipped)(
    'is taken by kubectl apply $how $what, twice, and server-side as well',
    async ({ how, what }) => {
      const from = [how, join(MANIFESTS, what)];
      expect(await lane.kubectl(['apply', ...from])).toMatchObject({ code: 0 });
      const again = await lane.ok(['apply', ...from]);
      expect(
        again
          .trim()
          .split('\n')
          .filter((line) => !line.endsWith(' unchanged')),
      ).toEqual([]);
      const serverSide = ['apply', '--server-side', '--force-conflicts', ...from];
      expect(await lane.kubectl([...serverSide, '--dry-run=server'])).toMatchObject({ code: 0 });
      expect(await lane.kubectl(serverSide)).toMatchObject({ code: 0 });
    },
  );

  it.skipIf(NO_ADMISSION !== undefined)(
    NO_ADMISSION === undefined
      ? 'is installed for the hold by admission, and again for the hold by pause'
      : `is installed for the hold by admission (${NO_ADMISSION})`,
    async () => {
      await lane.install('admission');
      await lane.install('pause');
    },
  );
});

describe('the CRDs on a real API server', () => {
  it('take every ReleasePolicy that the parser takes, as it is', async () => {
    let count = 0;
    const take = async (value: Parameters<typeof serializePolicy>[0]) => {
      const spec = wire(serializePolicy(value));
      expect((await lane.client.create(inShop(aPolicy(`p-${count++}`, spec)))).spec).toEqual(spec);
    };
    await fc.assert(fc.asyncProperty(policies, take), EXAMPLES);
  });

  it('take every AnalysisTemplate that the parser takes, as it is', async () => {
    let count = 0;
    const take = async (value: Parameters<typeof serializeTemplate>[0]) => {
      const spec = wire(serializeTemplate(value));
      expect((await lane.client.create(inShop(aTemplate(`t-${count++}`, spec)))).spec).toEqual(spec);
    };
    await fc.assert(fc.asyncProperty(templates, take), EXAMPLES);
  });

  it.each(WRONG_POLICIES)('refuse a ReleasePolicy of $spec', async ({ spec, says }) => {
    expect(await refusal(lane.client.create(inShop(aPolicy('wrong', spec))))).toContain(says);
  });

  it.each(WRONG_TEMPLATES)('refuse an AnalysisTemplate with $name', async ({ spec, says }) => {
    expect(await refusal(lane.client.create(inShop(aTemplate('wrong', spec))))).toContain(says);
  });

  it('keep the record of a Release as it was made, and let its intent be set', async () => {
    // this is not about the CRDs, and the policy would act before them
    await lane.ok(['delete', '--ignore-not-found', '-k', join(MANIFESTS, 'admission/common')]);
    const release = await eventually(() => lane.client.create(inShop(freshRelease())));
    const ref: ObjectRef = {
      resource: RESOURCES.releases,
      namespace: 'shop',
      name: release.metadata.name,
    };
    for (const { name, patch } of RELEASE_CHANGES)
      expect(await refusal(lane.client.mergePatch(ref, { spec: patch })), name).toContain(
        name === '' ? '' : 'spec',
      );
    const patched = await lane.client.mergePatch(ref, { spec: { intent: 'Abort' } });
    expect(patched.spec?.['intent']).toBe('Abort');
    await refusal(lane.client.mergePatch(ref, { status: { phase: 'Baking' } }, { subresource: 'status' }));
  });
});

const CHANNELS = [
  { channel: 'standard', title: 'the standard channel of Gateway API', skip: false },
  {
    channel: 'experimental',
    title: `the experimental channel of Gateway API${BORROWED === undefined ? '' : ` (${BORROWED})`}`,
    skip: BORROWED !== undefined,
  },
] as const;

describe.each(CHANNELS)('$title', ({ channel, skip }) => {
  const headers = [{ name: 'X-Version', value: 'v[0-9]+', regex: true as const }];
  const cookies = [{ name: 'beta', value: 'always' }];
  const splits: [string, Wants, Split][] = [
    ['a weight', { total: 100 }, percent(5)],
    ['fractions of a percent', { total: 10_000 }, percent(12.34)],
    ['copies', { total: 100 }, { ...percent(0), mirror: 20 }],
    ['a header and a cookie', { total: 100, match: { headers, cookies } }, { ...percent(0), matching: true }],
    [
      'sessions',
      { total: 100, sticky: { cookie: 's', maxAgeMs: 60_000 } },
      { ...percent(5), matching: true },
    ],
  ];

  beforeAll(() => (skip ? undefined : lane.installRoutes(channel)));

  it.skipIf(skip).each(splits)(
    'takes %s in an HTTPRoute, which comes back as it was',
    async (_name, wants, split) => {
      const { gateway } = PROVIDERS;
      const api = lane.client;
      const rules = [
        rule('/', [backend('web')]),
        {
          matches: [pathMatch('/b')],
          timeouts: { request: '3s' },
          backendRefs: [backend('web', { weight: 1 })],
        },
      ];
      const { apiVersion, kind, spec = {} } = httpRoute('route', rules);
      const ref: ObjectRef = { resource: RESOURCES.httpRoutes, namespace: 'shop', name: 'route' };
      await api.create({ apiVersion, kind, spec, metadata: { name: 'route', namespace: 'shop' } });
      const context = async (originals?: TrafficContext['originals']): Promise<TrafficContext> => {
        const live = await api.get(ref);
        return { ...aTrafficContext(live === undefined ? [] : [live], { originals }), wants };
      };
      const before = (await api.get(ref))?.spec;
      const recorded = gateway.record(await context());
      for (const write of gateway.plan(await context(recorded), split)) await api.execute(write);
      expect(gateway.plan(await context(recorded), split)).toEqual([]);
      for (const write of gateway.cleanup(await context(recorded))) await api.execute(write);
      expect((await api.get(ref))?.spec).toEqual(before);
      await lane.ok(['delete', 'httproute', 'route', '-n', 'shop']);
    },
  );
});
