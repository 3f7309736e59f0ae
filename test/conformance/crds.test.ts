import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { KubeObject, ObjectRef } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { serializePolicy } from '../../api/kinds/policy/policy.ts';
import { serializeTemplate } from '../../api/kinds/template/template.ts';
import { parsePolicy } from '../../api/kinds/policy/policy.ts';
import { parseTemplate } from '../../api/kinds/template/template.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isInvalid } from '../../kube/errors.ts';
import { startApi } from '../support/api.ts';
import { policies, templates } from '../support/arbitraries.ts';
import {
  aPolicy,
  aTemplate,
  freshRelease,
  RELEASE_CHANGES,
  WRONG_POLICIES,
  WRONG_TEMPLATES,
} from '../support/crd-cases.ts';
import { aStatus } from '../support/release.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const root = new URL('../../manifests/', import.meta.url);
const load = (folder: string): KubeObject[] =>
  readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(new URL(folder + name, root), 'utf8')))
    .map((document) => document.toJS() as KubeObject);

let client: KubeClient;
beforeEach(async () => {
  ({ client } = await startApi(new VirtualClock()));
});

const shop: ObjectRef = { resource: RESOURCES.releases, namespace: 'default', name: 'shop-2' };
describe('the CRDs on an API server', () => {
  it.each(load('samples/').map((sample) => ({ kind: sample.kind, sample })))(
    'take the sample $kind',
    async ({ sample }) => {
      const object = { ...sample, metadata: { ...sample.metadata, namespace: 'default' } };
      expect((await client.create(object)).metadata.uid).toBeDefined();
    },
  );

  it.each(RELEASE_CHANGES)('do not let anybody change $name of a Release', async ({ patch }) => {
    await client.create(freshRelease());
    const error: unknown = await client
      .mergePatch(shop, { spec: patch })
      .catch((problem: unknown) => problem);
    expect(isInvalid(error)).toBe(true);
  });

  it('let the controller complete a record that was made without rules, once', async () => {
    const { spec = {}, ...rest } = freshRelease();
    const { traffic = {}, policy: rules = {}, analysis = [], ...record } = spec;
    await client.create({ ...rest, spec: { ...record, policy: {}, analysis: [] } });
    const whole = { policy: rules, analysis, traffic };
    const patched = await client.mergePatch(shop, { spec: whole });
    expect(patched.spec).toMatchObject(whole);
    const again = client.mergePatch(shop, { spec: { policy: { onFailure: 'revert' } } });
    expect(isInvalid(await again.catch((problem: unknown) => problem))).toBe(true);
  });

  it('let a human change the intent of a Release', async () => {
    await client.create(freshRelease());
    const patched = await client.mergePatch(shop, { spec: { intent: 'Abort' } });
    expect(patched.spec?.['intent']).toBe('Abort');
  });

  it('keep a whole status, unread weight and all', async () => {
    await client.create(freshRelease());
    const status = JSON.parse(JSON.stringify(aStatus({ observedWeight: null }))) as JsonObject;
    const patched = await client.jsonPatch(shop, [{ op: 'add', path: '/status', value: status }], {
      subresource: 'status',
    });
    expect(patched.status).toEqual(status);
  });

  it('refuse a status with a phase that does not exist', async () => {
    await client.create(freshRelease());
    const status = JSON.parse(JSON.stringify({ ...aStatus({}), phase: 'Baking' })) as JsonObject;
    const error: unknown = await client
      .mergePatch(shop, { status }, { subresource: 'status' })
      .catch((problem: unknown) => problem);
    expect(isInvalid(error)).toBe(true);
  });

  it('take every ReleasePolicy that the parser takes', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(policies, async (value) => {
        const wire = JSON.parse(JSON.stringify(serializePolicy(value))) as JsonObject;
        expect((await client.create(aPolicy(`p-${count++}`, wire))).spec).toEqual(wire);
      }),
    );
  });

  it.each(WRONG_POLICIES)('refuse, as the parser does, a ReleasePolicy of $spec', async ({ spec, says }) => {
    expect(parsePolicy(spec).ok).toBe(false);
    const error: unknown = await client.create(aPolicy('wrong', spec)).catch((problem: unknown) => problem);
    expect(isInvalid(error)).toBe(true);
    expect(String(error)).toContain(says);
  });

  it('take every AnalysisTemplate that the parser takes, with fields written out or left out', async () => {
    const leftOut = fc.subarray(
      ['method', 'looks', 'horizon', 'test', 'nan', 'margin', 'weight', 'quantiles', 'groups', 'scoring'],
      { maxLength: 4 },
    );
    let count = 0;
    await fc.assert(
      fc.asyncProperty(templates, leftOut, async (value, names) => {
        const wire = JSON.parse(JSON.stringify(serializeTemplate(value)), (key, item: unknown) =>
          names.includes(key) ? undefined : item,
        ) as JsonObject;
        if (names.length > 0 && !parseTemplate(wire).ok) return;
        const created = await client.create(aTemplate(`t-${count++}`, wire));
        expect(created.spec).toEqual(wire);
      }),
    );
    expect(count).toBeGreaterThan(50);
  });

  it.each(WRONG_TEMPLATES)(
    'refuse, as the parser does, an AnalysisTemplate with $name',
    async ({ spec, says }) => {
      expect(parseTemplate(spec).ok).toBe(false);
      const error: unknown = await client
        .create(aTemplate('wrong', spec))
        .catch((problem: unknown) => problem);
      expect(isInvalid(error)).toBe(true);
      expect(String(error)).toContain(says);
    },
  );
});
