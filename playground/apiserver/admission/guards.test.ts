/** The policies of pause mode, and those of both modes. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ORDERS } from '../../../api/names.ts';
import { get, object, objects, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { deployment, DEPLOYMENTS, TestClient } from '../../../test/support/apiserver/client.ts';
import type { Answer } from '../../../test/support/apiserver/client.ts';
import { CONTROLLER, install, manifests } from '../../../test/support/apiserver/policies.ts';

const WEB = `${DEPLOYMENTS}/web`;
const RELEASES = '/apis/sluice.dev/v1alpha1/namespaces/default/releases';
const RELEASE = `${RELEASES}/web-2`;
const newImage: Json = { spec: { template: { spec: { containers: [{ name: 'app', image: 'shop:2' }] } } } };

const release: JsonObject = {
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Release',
  metadata: { name: 'web-2' },
  spec: {
    target: { name: 'web', uid: 'u' },
    stable: { replicaSet: 'web-1', template: {} },
    canary: { template: {} },
    policy: {},
    analysis: [],
    intent: 'Auto',
  },
};

const status = (phase: string): JsonObject => ({
  status: {
    ...{ phase, observedGeneration: 1, reason: 'Some', message: '', step: 0, steps: 1, weight: 0 },
    ...{ conditions: [], decisions: [], startedAt: '2026-01-01T00:00:00Z' },
  },
});

let client: TestClient;
const message = ({ body }: Answer): string => text(body['message']);
const optIn = (value: string): JsonObject => ({ metadata: { annotations: { 'sluice.dev/policy': value } } });
const target = (value: string, paused: boolean): JsonObject => ({
  ...deployment('web', paused ? { paused } : {}),
  metadata: { name: 'web', ...(optIn(value)['metadata'] as JsonObject) },
});
const become = (user: string): void => void (client.headers = { 'impersonate-user': user });

beforeEach(async () => {
  client = new TestClient();
  const folders = [...manifests('admission/common/'), ...manifests('admission/pause-mode/')];
  await install(client, ...manifests('crds/releases.yaml'), ...folders);
});

describe('the manifests', () => {
  const all = ['common', 'admission-mode', 'pause-mode'].flatMap((folder) =>
    manifests(`admission/${folder}/`),
  );

  it('name the controller in the first match condition, where kustomizations replace it', () => {
    const exempting = all.filter((each) => JSON.stringify(each).includes(CONTROLLER));
    expect(exempting).toHaveLength(7);
    for (const each of exempting) {
      const [first, ...others] = objects(get(each, 'spec', 'matchConditions'));
      expect(first?.['expression']).toBe(`request.userInfo.username != '${CONTROLLER}'`);
      expect(JSON.stringify(others)).not.toContain(CONTROLLER);
    }
  });

  it('bind every policy once, and leave the scope of bindings open', () => {
    const named = (kind: RegExp, field: string[]): string[] =>
      all.filter((each) => kind.test(text(each['kind']))).map((each) => text(get(each, ...field)));
    const bound = named(/Binding$/, ['spec', 'policyName']);
    expect(bound.sort()).toEqual(named(/Policy$/, ['metadata', 'name']).sort());
    expect(all.filter((each) => get(each, 'spec', 'matchResources') !== undefined)).toEqual([]);
  });
});

describe('pause mode', () => {
  beforeEach(async () => {
    await client.post(DEPLOYMENTS, target('default', true));
    become('ann');
  });

  it('refuses to un-pause an idle or a held target, with a sentence', async () => {
    for (const patch of [{ spec: { paused: false } }, { spec: { paused: null } }]) {
      const answer = await client.patch(WEB, 'merge', patch);
      expect(answer.status).toBe(422);
      expect(message(answer)).toContain('deployment web is kept paused by Sluice');
      for (const command of ['promote', 'abort', 'revert', 'restart'])
        expect(message(answer)).toContain(`\`sluice ${command} deployment/web\``);
    }
    expect((await client.patch(WEB, 'strategic', newImage)).status).toBe(200);
    expect((await client.patch(WEB, 'merge', { spec: { paused: false } })).status).toBe(422);
  });

  it('lets the controller un-pause, and anybody after an opt-out', async () => {
    become(CONTROLLER);
    expect((await client.patch(WEB, 'merge', { spec: { paused: false } })).status).toBe(200);
    become('ann');
    expect((await client.patch(WEB, 'merge', { spec: { paused: true } })).status).toBe(200);
    await client.patch(WEB, 'merge', { metadata: { annotations: { 'sluice.dev/policy': null } } });
    expect((await client.patch(WEB, 'merge', { spec: { paused: false } })).status).toBe(200);
  });

  it('refuses a new template while the target is un-paused for its promotion, and only then', async () => {
    become(CONTROLLER);
    await client.post(RELEASES, release);
    await client.patch(WEB, 'merge', { spec: { paused: false } });
    become('ann');
    expect((await client.patch(`${WEB}?dryRun=All`, 'strategic', newImage)).status).toBe(200);
    become(CONTROLLER);
    await client.patch(`${RELEASE}/status`, 'merge', status('Promoting'));
    become('ann');
    const refused = await client.patch(WEB, 'strategic', newImage);
    expect(refused.status).toBe(422);
    expect(message(refused)).toContain(
      'release web-2 is being promoted, and another template would roll out unproven. Apply it when that has ended, which `sluice wait deployment/web` tells, ' +
        'or go back now: apply the stable template, or use `sluice revert deployment/web`',
    );
    expect((await client.patch(WEB, 'merge', { spec: { replicas: 2 } })).status).toBe(200);
    await client.post(DEPLOYMENTS, {
      ...target('default', false),
      metadata: { name: 'other', ...(optIn('default')['metadata'] as JsonObject) },
    });
    expect((await client.patch(`${DEPLOYMENTS}/other`, 'strategic', newImage)).status).toBe(200);
    become(CONTROLLER);
    await client.patch(`${RELEASE}/status`, 'merge', status('Promoted'));
    become('ann');
    expect((await client.patch(WEB, 'strategic', newImage)).status).toBe(200);
  });

  describe('while a release is being promoted', () => {
    const annotated = (annotations: JsonObject): JsonObject => ({
      spec: { template: { metadata: { annotations } } },
    });
    const restart = annotated({ 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' });
    let stable: Json;

    beforeEach(async () => {
      become(CONTROLLER);
      await client.patch(WEB, 'merge', annotated({ owner: 'shop' }));
      stable = get((await client.get(WEB)).body, 'spec', 'template') ?? null;
      const record = { ...object(release['spec']), stable: { replicaSet: 'web-1', template: stable } };
      await client.post(RELEASES, { ...release, spec: record });
      await client.patch(`${RELEASE}/status`, 'merge', status('Promoting'));
      await client.patch(WEB, 'strategic', newImage);
      await client.patch(WEB, 'merge', { spec: { paused: false } });
      become('ann');
    });

    const back = (change: (template: JsonObject) => void = () => undefined): Promise<Answer> => {
      const template = structuredClone(object(stable));
      change(template);
      return client.patch(WEB, 'json', [{ op: 'replace', path: '/spec/template', value: template }]);
    };

    it('never refuses the way back to the stable template', async () => {
      expect((await back()).status).toBe(200);
      expect(get((await client.get(WEB)).body, 'spec', 'template')).toEqual(stable);
    });

    it('lets pods be restarted, and goes back to the stable template from there', async () => {
      expect((await client.patch(WEB, 'merge', restart)).status).toBe(200);
      const restartedAt = get(restart, 'spec', 'template', 'metadata', 'annotations');
      const answer = await back((template) => {
        Object.assign(object(get(template, 'metadata', 'annotations')), restartedAt);
      });
      expect(answer.status).toBe(200);
    });

    const almost: { name: string; change: (template: JsonObject) => void }[] = [
      {
        name: 'another label',
        change: (template) => Object.assign(object(get(template, 'metadata', 'labels')), { tier: 'web' }),
      },
      {
        name: 'an annotation more',
        change: (template) => Object.assign(object(get(template, 'metadata', 'annotations')), { more: 'x' }),
      },
      {
        name: 'an annotation less',
        change: (template) => delete object(get(template, 'metadata', 'annotations'))['owner'],
      },
      {
        name: 'another field of its pods',
        change: (template) => Object.assign(object(template['spec']), { terminationGracePeriodSeconds: 5 }),
      },
    ];
    it.each(almost)(
      'refuses the stable template with $name: that is proven by nobody',
      async ({ change }) => {
        const answer = await back(change);
        expect(answer.status).toBe(422);
        expect(message(answer)).toContain('`sluice revert deployment/web`');
      },
    );
  });

  it('lets Deployments change where the definition of Releases is missing', async () => {
    become('playground-admin');
    client.headers = {};
    await client.delete('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/releases.sluice.dev');
    become(CONTROLLER);
    await client.patch(WEB, 'merge', { spec: { paused: false } });
    become('ann');
    expect((await client.patch(WEB, 'strategic', newImage)).status).toBe(200);
  });
});

describe('the annotation that opts in', () => {
  const values = [
    { given: 'default', want: 201 },
    { given: 'a-1', want: 201 },
    { given: 'a'.repeat(63), want: 201 },
    { given: 'a'.repeat(64), want: 422 },
    { given: '', want: 422 },
    { given: 'Default', want: 422 },
    { given: 'other-namespace/default', want: 422 },
    { given: 'a-', want: 422 },
  ];
  for (const { given, want } of values) {
    it(`${want === 201 ? 'takes' : 'refuses'} ${JSON.stringify(given)}`, async () => {
      const answer = await client.post(DEPLOYMENTS, target(given, false));
      expect(answer.status).toBe(want);
      if (want === 422) expect(message(answer)).toContain('give a DNS label such as "default"');
    });
  }

  it('refuses a bad value on update, and leaves Deployments without it alone', async () => {
    expect((await client.post(DEPLOYMENTS, deployment('web'))).status).toBe(201);
    expect((await client.patch(WEB, 'merge', optIn('No'))).status).toBe(422);
    expect((await client.patch(WEB, 'merge', optIn('yes'))).status).toBe(200);
  });
});

describe('a Release', () => {
  beforeEach(async () => {
    become(CONTROLLER);
    expect((await client.post(RELEASES, release)).status).toBe(201);
    become('ann');
  });

  it('is created by the controller only', async () => {
    const answer = await client.post(RELEASES, { ...release, metadata: { name: 'mine' } });
    expect(answer.status).toBe(403);
    expect(message(answer)).toContain('only the controller creates Releases');
  });

  const writes: { name: string; patch: JsonObject; url?: string; want: number }[] = [
    { name: 'the intent', patch: { spec: { intent: 'Abort' } }, want: 200 },
    { name: 'the policy', patch: { spec: { policy: { drain: '1s' } } }, want: 403 },
    {
      name: 'a new field of the record',
      patch: {
        spec: {
          traffic: { provider: 'nginx', service: 's', canaryService: 'c', routes: [], rewrite: {} },
        },
      },
      want: 403,
    },
    {
      name: 'the intent along with the record',
      patch: { spec: { intent: 'Abort', analysis: [{}] } },
      want: 403,
    },
    {
      name: 'what the route held',
      patch: { metadata: { annotations: { 'sluice.dev/route-originals': '{}' } } },
      want: 403,
    },
    {
      name: 'which step goes on',
      patch: { metadata: { annotations: { 'sluice.dev/resumed-step': '1' } } },
      want: 200,
    },
    ...['resume', 'retry', 'revert'].map((order) => ({
      name: `the order to ${order}`,
      patch: { metadata: { annotations: { [`sluice.dev/${order}`]: 'now' } } },
      want: 200,
    })),
    {
      name: 'an annotation of their own',
      patch: { metadata: { annotations: { 'team/note': 'x' } } },
      want: 200,
    },
    {
      name: 'the target in its labels',
      patch: { metadata: { labels: { 'sluice.dev/target': 'other' } } },
      want: 403,
    },
    { name: 'a label of their own', patch: { metadata: { labels: { 'team/note': 'x' } } }, want: 200 },
    { name: 'the status', patch: status('Promoted'), url: `${RELEASE}/status`, want: 403 },
    { name: 'a finalizer', patch: { metadata: { finalizers: ['sluice.dev/traffic'] } }, want: 200 },
  ];
  for (const { name, patch, url, want } of writes) {
    it(`${want === 200 ? 'lets' : 'does not let'} others change ${name}`, async () => {
      expect((await client.patch(url ?? RELEASE, 'merge', patch)).status).toBe(want);
      become(CONTROLLER);
      expect((await client.patch(url ?? RELEASE, 'merge', patch)).status).toBe(200);
    });
  }

  it('takes from others the annotations by which orders are given, and no others', () => {
    const { spec } = manifests('admission/common/releases.yaml')[0]!;
    const free = objects(get(object(spec), 'variables')).flatMap(({ expression }) =>
      [...text(expression).matchAll(/k in \[([^\]]*)\]/g)].map(([, list = '']) =>
        list.split(',').map((each) => each.trim().replaceAll("'", '')),
      ),
    );
    expect(free).toHaveLength(2);
    for (const list of free) expect(list.sort()).toEqual([...ORDERS].sort());
  });

  it('keeps the labels by which it is found', async () => {
    become(CONTROLLER);
    await client.patch(RELEASE, 'merge', { metadata: { labels: { 'sluice.dev/target': 'web' } } });
    become('ann');
    const gone = { metadata: { labels: { 'sluice.dev/target': null } } };
    const answer = await client.patch(RELEASE, 'merge', gone);
    expect(answer.status).toBe(403);
    expect(message(answer)).toContain('only the controller changes the labels sluice.dev/… of a Release');
    expect((await client.patch(RELEASE, 'merge', { spec: { intent: 'Pause' } })).status).toBe(200);
  });

  it('keeps what the controller has noted on it', async () => {
    const note: JsonObject = { metadata: { annotations: { 'sluice.dev/route-originals': 'x' } } };
    become(CONTROLLER);
    await client.patch(RELEASE, 'merge', note);
    become('ann');
    const gone = { metadata: { annotations: { 'sluice.dev/route-originals': null } } };
    expect((await client.patch(RELEASE, 'merge', gone)).status).toBe(403);
    expect((await client.patch(RELEASE, 'merge', { spec: { intent: 'Pause' } })).status).toBe(200);
    expect((await client.delete(RELEASE)).status).toBe(200);
    expect(get((await client.get(RELEASE)).body, 'code')).toBe(404);
  });
});
