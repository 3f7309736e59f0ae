/** What the shipped policies of admission mode do; the effects were tried on a real server. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeRuntime, startWorkloads } from '../../workloads/index.ts';
import { get, object, objects, text, without } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { deployment, DEPLOYMENTS, TestClient } from '../../../test/support/apiserver/client.ts';
import type { Answer } from '../../../test/support/apiserver/client.ts';
import { CONTROLLER, install, manifests } from '../../../test/support/apiserver/policies.ts';

const WEB = `${DEPLOYMENTS}/web`;
const HELD = 'sluice.dev/held';
const image = (name: string): Json => ({
  spec: { template: { spec: { containers: [{ name: 'app', image: name }] } } },
});
const restartedAt = (at: string): Json => ({
  spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': at } } } },
});

let client: TestClient;
let stop: () => void;

beforeEach(async () => {
  client = new TestClient();
  await install(client, ...manifests('admission/common/'), ...manifests('admission/admission-mode/'));
  const { clock, server } = client;
  const workloads = startWorkloads({
    store: server.store,
    clock,
    runtime: fakeRuntime(clock),
    schedule: false,
  });
  stop = () => workloads.stop();
  client.headers = { 'impersonate-user': 'ann' };
  const made = await client.post(DEPLOYMENTS, {
    ...deployment('web', { progressDeadlineSeconds: 60 }),
    metadata: { name: 'web', annotations: { 'sluice.dev/policy': 'default' } },
  });
  expect(made.status).toBe(201);
  await client.clock.advance(5000);
});
afterEach(() => stop());

const state = ({ body }: Answer): string => {
  const held = get(body, 'metadata', 'annotations', HELD);
  return `${get(body, 'spec', 'paused') === true ? 'paused' : 'running'} ${typeof held === 'string' ? held : 'unmarked'}`;
};
const live = async (): Promise<Answer> => client.get(WEB);
const generation = ({ body }: Answer): number => Number(get(body, 'metadata', 'generation'));

/**
 * The write of a controller: removes the pause and the mark, if the target is as it was when it was judged.
 */
const release = (judged: number): Promise<Answer> =>
  asController(() =>
    client.patch(WEB, 'json', [
      { op: 'test', path: '/metadata/generation', value: judged },
      { op: 'add', path: '/spec/paused', value: false },
      { op: 'remove', path: '/metadata/annotations/sluice.dev~1held' },
    ]),
  );

async function asController<T>(act: () => Promise<T>): Promise<T> {
  const before = client.headers;
  client.headers = { 'impersonate-user': CONTROLLER };
  const result = await act();
  client.headers = before;
  return result;
}

const replaced = async (change: (draft: JsonObject) => void): Promise<Answer> => {
  const draft = structuredClone((await live()).body);
  delete (draft['metadata'] as JsonObject)['resourceVersion'];
  change(draft);
  return client.put(WEB, draft);
};

describe('an idle target', () => {
  it('is un-paused, unmarked and exactly as its author wrote it', async () => {
    const { body } = await live();
    expect(get(body, 'metadata', 'annotations')).toEqual({
      'sluice.dev/policy': 'default',
      'deployment.kubernetes.io/revision': '1',
    });
    expect(get(body, 'spec', 'paused')).toBeUndefined();
  });

  const natural = [
    {
      name: 'a bare restart',
      act: () => client.patch(WEB, 'strategic', restartedAt('2026-01-01T00:00:00Z')),
    },
    { name: 'a scale', act: () => client.patch(`${WEB}/scale`, 'merge', { spec: { replicas: 3 } }) },
    { name: 'a change of replicas', act: () => client.patch(WEB, 'merge', { spec: { replicas: 3 } }) },
    {
      name: "the controller's own write",
      act: () => asController(() => client.patch(WEB, 'strategic', image('shop:2'))),
    },
  ];
  for (const { name, act } of natural) {
    it(`is not held by ${name}`, async () => {
      expect((await act()).status).toBe(200);
      expect(state(await live())).toBe('running unmarked');
    });
  }

  const changes = [
    { name: 'another image', act: () => client.patch(WEB, 'strategic', image('shop:2')) },
    {
      name: 'a template annotation',
      act: () =>
        client.patch(WEB, 'merge', { spec: { template: { metadata: { annotations: { a: 'b' } } } } }),
    },
    {
      name: 'a template label',
      act: () => client.patch(WEB, 'merge', { spec: { template: { metadata: { labels: { a: 'b' } } } } }),
    },
    {
      name: 'a server-side apply',
      act: () =>
        client.apply(WEB, 'ci', { ...deployment('web'), ...(image('shop:2') as JsonObject) }, '&force=true'),
    },
  ];
  for (const { name, act } of changes) {
    it(`is held by ${name}, in the same write`, async () => {
      const before = await live();
      const answer = await act();
      expect(state(answer)).toBe('paused new');
      expect(generation(answer)).toBe(generation(before) + 1);
      await client.clock.advance(5000);
      expect(get((await live()).body, 'status', 'updatedReplicas')).toBeUndefined();
    });
  }

  it('is held in a dry run too, which changes nothing', async () => {
    const answer = await client.patch(`${WEB}?dryRun=All`, 'strategic', image('shop:2'));
    expect(state(answer)).toBe('paused new');
    expect(state(await live())).toBe('running unmarked');
  });

  it('still gets its status from the native controller when somebody has put the marker on by hand', async () => {
    await client.patch(WEB, 'merge', { metadata: { annotations: { [HELD]: 'new' } } });
    expect(state(await live())).toBe('running new');
    const answer = await client.patch(`${WEB}/status`, 'merge', { status: { collisionCount: 1 } });
    expect(answer.status).toBe(200);
  });

  it('is left alone when it has not opted in', async () => {
    await client.post(DEPLOYMENTS, deployment('other'));
    expect(state(await client.patch(`${DEPLOYMENTS}/other`, 'strategic', image('shop:2')))).toBe(
      'running unmarked',
    );
  });
});

describe('a held target', () => {
  beforeEach(async () => {
    await client.patch(WEB, 'strategic', image('shop:2'));
  });

  const attempts = [
    { name: 'a replace', act: () => replaced((draft) => delete (draft['spec'] as JsonObject)['paused']) },
    {
      name: 'a replace without the marker',
      act: () =>
        replaced((draft) => ((get(draft, 'metadata', 'annotations') as JsonObject)[HELD] = undefined)),
    },
    { name: 'an explicit paused: false', act: () => client.patch(WEB, 'merge', { spec: { paused: false } }) },
    {
      name: 'a patch of /spec',
      act: async () => {
        const spec = without(object(get((await live()).body, 'spec')), 'paused');
        return client.patch(WEB, 'json', [{ op: 'replace', path: '/spec', value: spec }]);
      },
    },
    {
      name: 'a server-side apply',
      act: () =>
        client.apply(
          WEB,
          'ci',
          { apiVersion: 'apps/v1', kind: 'Deployment', spec: { paused: false } },
          '&force=true',
        ),
    },
    {
      name: 'a removed marker',
      act: () => client.patch(WEB, 'merge', { metadata: { annotations: { [HELD]: null } } }),
    },
    { name: 'a newer template', act: () => client.patch(WEB, 'strategic', image('shop:3')) },
  ];
  for (const { name, act } of attempts) {
    it(`stays held against ${name}`, async () => {
      expect((await act()).status).toBe(200);
      expect(state(await live())).toBe('paused new');
    });
  }

  const resume = (): Promise<Answer> =>
    client.send(
      'PATCH',
      `${WEB}?fieldManager=kubectl-rollout`,
      { spec: { paused: null } },
      'application/strategic-merge-patch+json',
    );

  it('answers a resume with what to do instead', async () => {
    const answer = await resume();
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      reason: 'Invalid',
      details: { name: 'web', group: 'apps', kind: 'deployments' },
    });
    expect(text(answer.body['message'])).toBe(
      `deployments.apps "web" is forbidden: ValidatingAdmissionPolicy 'sluice-guard' with binding 'sluice-guard' denied request: ` +
        'deployment web is held by Sluice: this revision is not proven yet. Promote it now with `sluice promote deployment/web`, ' +
        'or withdraw it with `sluice abort deployment/web`; if its release has ended, try it again with `sluice retry deployment/web`, ' +
        'or put the stable one back with `sluice revert deployment/web`',
    );
    expect(state(await live())).toBe('paused new');
  });

  const strip: Json = { metadata: { annotations: { [HELD]: null } } };
  const sideways = [
    { name: 'as `kubectl rollout` would', url: `${WEB}?fieldManager=kubectl-rollout`, patch: strip },
    { name: 'through the status', url: `${WEB}/status`, patch: strip },
    {
      name: 'by another word in it, through the status',
      url: `${WEB}/status`,
      patch: { metadata: { annotations: { [HELD]: 'mine' } } },
    },
  ];
  for (const { name, url, patch } of sideways) {
    it(`does not lose its marker to a write ${name}, and so does not roll out unproven`, async () => {
      const answer = await client.patch(url, 'merge', patch);
      expect(answer.status).toBe(422);
      expect(text(answer.body['message'])).toContain(
        'annotation sluice.dev/held: only the controller changes it while deployment web is held. Promote the revision with `sluice promote deployment/web`',
      );
      await client.patch(WEB, 'merge', { spec: { paused: false } });
      expect(state(await live())).toBe('paused new');
    });
  }

  it('loses its marker to anybody who opts it out in the same write', async () => {
    const out = { metadata: { annotations: { 'sluice.dev/policy': null, [HELD]: null } } };
    expect((await client.patch(WEB, 'merge', out)).status).toBe(200);
    expect((await resume()).status).toBe(200);
    expect(state(await live())).toBe('running unmarked');
  });

  it('resumes once it has opted out', async () => {
    await client.patch(WEB, 'merge', { metadata: { annotations: { 'sluice.dev/policy': null } } });
    expect((await resume()).status).toBe(200);
    await client.clock.advance(5000);
    expect(get((await live()).body, 'status', 'updatedReplicas')).toBe(1);
  });

  it('is let go by the controller, and clean after that', async () => {
    const answer = await release(generation(await live()));
    expect(answer.status).toBe(200);
    expect(state(answer)).toBe('running unmarked');
    await client.clock.advance(5000);
    expect(get((await live()).body, 'status', 'updatedReplicas')).toBe(1);
  });

  it('refuses a stale un-pause with a 422', async () => {
    const judged = generation(await live());
    await client.patch(WEB, 'strategic', image('shop:3'));
    expect((await release(judged)).status).toBe(422);
    expect(state(await live())).toBe('paused new');
  });

  const failure = {
    type: 'Progressing',
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
    message: 'worse',
  };
  const progressing = async (): Promise<JsonObject | undefined> =>
    objects(get((await live()).body, 'status', 'conditions')).find((each) => each['type'] === 'Progressing');

  it('keeps the failure the controller gave it, and drops it in the status write that sees a newer template', async () => {
    const index = objects(get((await live()).body, 'status', 'conditions')).findIndex(
      (c) => c['type'] === 'Progressing',
    );
    const mark = [{ op: 'replace', path: `/status/conditions/${index}`, value: failure }];
    const marker = [{ op: 'add', path: '/metadata/annotations/sluice.dev~1held', value: 'failed' }];
    await asController(() => client.patch(WEB, 'json', marker));
    expect((await asController(() => client.patch(`${WEB}/status`, 'json', mark))).status).toBe(200);
    await client.clock.advance(5000);
    expect(await progressing()).toMatchObject({ reason: 'ProgressDeadlineExceeded', message: 'worse' });

    const seen: { observed: Json | undefined; failed: boolean }[] = [];
    const watch = await client.watch(`${DEPLOYMENTS}?watch=true&fieldSelector=metadata.name%3Dweb`);
    const answer = await client.patch(WEB, 'strategic', image('shop:3'));
    expect(state(answer)).toBe('paused new');
    await client.clock.advance(5000);
    for (const event of watch.read()) {
      const conditions = objects(get(event, 'object', 'status', 'conditions'));
      seen.push({
        observed: get(event, 'object', 'status', 'observedGeneration'),
        failed: conditions.some((each) => each['reason'] === 'ProgressDeadlineExceeded'),
      });
    }
    watch.close();
    const sawNew = seen.filter(({ observed }) => observed === generation(answer));
    expect(sawNew.length).toBeGreaterThan(0);
    expect(sawNew.every(({ failed }) => !failed)).toBe(true);
    expect(seen[0]).toMatchObject({ failed: true });
  });
});
