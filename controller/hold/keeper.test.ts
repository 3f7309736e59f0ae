import type { TargetName } from '../../api/target-key.ts';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject, ObjectRef } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import type { ApiServer } from '../../playground/apiserver/contract.ts';
import { serviceAccount } from '../../playground/apiserver/http/users.ts';
import { createApiServer } from '../../playground/apiserver/server.ts';
import { inProcessTransport, settle, VirtualClock } from '../../test/support/in-process.ts';
import type { PolicyReader } from './check.ts';
import { HoldKeeper, type Hold } from './keeper.ts';
import { admissionResource } from './resources.ts';
import { shippedPolicies } from './shipped.ts';

const HOUR = 60 * 60_000;
const WEB: TargetName = { namespace: 'shop', name: 'web' };
const DEPLOYMENT: ObjectRef = { resource: RESOURCES.deployments, ...WEB };
const shipped = shippedPolicies();

let clock: VirtualClock;
let api: ApiServer;
let lines: { level: number; msg: string }[];
let changes: number;
let targets: TargetName[] | undefined;

beforeEach(() => {
  clock = new VirtualClock();
  const users = {
    sluice: serviceAccount('sluice-system', 'sluice'),
    other: serviceAccount('delivery', 'sluice'),
  };
  api = createApiServer({ clock, users });
  api.store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  lines = [];
  changes = 0;
  targets = [WEB];
});

const resourceOf = ({ kind }: KubeObject): string => {
  const { plural, group } = admissionResource(kind, 'v1');
  return `${plural}.${group}`;
};
const install = (): void => shipped.forEach((each) => api.store.create(resourceOf(each), each));

function createTarget(name = WEB.name): void {
  const labels = { app: 'web' };
  api.store.create('deployments.apps', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...WEB, name, annotations: { 'sluice.dev/policy': 'default' } },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'web:1' }] } },
    },
  });
}

const clientAs = (token: string): KubeClient =>
  new KubeClient({
    transport: inProcessTransport(api, token),
    clock,
    fieldManager: 'sluice',
    resources: Object.values(RESOURCES),
  });

/** A client that answers some requests differently from the API server. */
const clientWith = (other: Partial<PolicyReader>, token = 'sluice'): PolicyReader => {
  const real = clientAs(token);
  return {
    get: real.get.bind(real),
    mergePatch: real.mergePatch.bind(real),
    serves: real.serves.bind(real),
    serverVersion: real.serverVersion.bind(real),
    ...other,
  };
};

interface Wish {
  wanted?: Hold;
  token?: string;
  client?: PolicyReader;
}

function keeper({ wanted = 'auto', token = 'sluice', client = clientAs(token) }: Wish = {}): HoldKeeper {
  return new HoldKeeper({
    wanted,
    client,
    shipped,
    targets: () => targets,
    clock,
    log: pino(
      { base: null },
      { write: (line: string) => void lines.push(JSON.parse(line) as { level: number; msg: string }) },
    ),
    onChange: () => (changes += 1),
    onBug: (error) => {
      throw error;
    },
  });
}

async function started(wish: Wish = {}): Promise<HoldKeeper> {
  const made = keeper(wish);
  await made.start();
  return made;
}

const ERROR = 50;
const WARN = 40;
const INFO = 30;

describe('--hold', () => {
  it('pause asks nothing of the cluster', async () => {
    install();
    expect(await started({ wanted: 'pause' })).toMatchObject({
      mode: 'pause',
      shown: 'pause',
      state: 'hold: pause',
    });
  });

  it('auto is admission where the policies are, tried by a dry run that leaves no trace', async () => {
    install();
    createTarget();
    const before = await clientAs('sluice').get(DEPLOYMENT);
    expect(await started()).toMatchObject({ mode: 'admission', state: 'hold: admission' });
    expect(await clientAs('sluice').get(DEPLOYMENT)).toEqual(before);
    expect(changes).toBe(1);
  });

  it('auto is pause where there are none, without alarm', async () => {
    expect(await started()).toMatchObject({ mode: 'pause' });
    expect(lines).toMatchObject([
      {
        level: INFO,
        msg: expect.stringContaining('MutatingAdmissionPolicy sluice-hold does not exist') as string,
      },
    ]);
  });

  it('admission is pause where there are none, and that is an error', async () => {
    const made = await started({ wanted: 'admission' });
    expect(made.state).toContain('hold: pause, although --hold=admission: ');
    expect(made.state).toContain('; apply manifests/admission/admission-mode of this version');
    expect(lines).toMatchObject([{ level: ERROR }]);
  });

  it.each([
    {
      version: 'v1.34.2',
      validating: true,
      can: 'apply its guards with kubectl apply -k manifests/admission',
    },
    { version: 'v1.28.9', validating: false, can: 'its guards need Kubernetes 1.30' },
  ])(
    'says what a server ($version) is that cannot have the policies, and what it can have',
    async ({ version, validating, can }) => {
      const client = clientWith({
        get: () => Promise.resolve(undefined),
        serves: ({ kind }) => Promise.resolve(validating && kind.startsWith('Validating')),
        serverVersion: () => Promise.resolve(version),
      });
      const { state } = await started({ client });
      expect(state).toBe(
        `hold: pause, although --hold=auto: the API server is Kubernetes ${version} and does not serve MutatingAdmissionPolicy (on by default from 1.36); the controller holds by pause; ${can} (docs/admission.md)`,
      );
    },
  );

  it('auto is pause where one is changed, and says which and where', async () => {
    install();
    const policy = 'mutatingadmissionpolicies.admissionregistration.k8s.io';
    const hold = api.store.get(policy, undefined, 'sluice-hold')!;
    hold.spec!['failurePolicy'] = 'Ignore';
    api.store.update(policy, hold);
    const made = await started();
    expect([made.mode, lines[0]?.level]).toEqual(['pause', WARN]);
    expect(made.state).toContain(
      'MutatingAdmissionPolicy sluice-hold: spec.failurePolicy differs from what this version ships; apply',
    );
  });

  it('is pause where a binding is missing', async () => {
    install();
    api.store.delete(
      'validatingadmissionpolicybindings.admissionregistration.k8s.io',
      undefined,
      'sluice-guard',
    );
    const made = await started();
    expect(made.state).toContain('ValidatingAdmissionPolicyBinding sluice-guard does not exist');
    expect(lines).toMatchObject([{ level: WARN }]);
  });

  it('is pause where the policies hold the controller itself, and names the user they exempt', async () => {
    install();
    createTarget();
    const made = await started({ token: 'other' });
    expect(made.mode).toBe('pause');
    expect(made.state).toContain("exempt user 'system:serviceaccount:sluice-system:sluice'");
    expect(made.state).toContain('tried by dry run on Deployment shop/web');
  });

  it('finds that out on a target that is held already as well', async () => {
    install();
    createTarget();
    const draft = api.store.get('deployments.apps', 'shop', 'web')!;
    draft.spec!['template'] = {
      ...(draft.spec!['template'] as object),
      metadata: { labels: { app: 'web', v: '2' } },
    };
    expect(api.store.update('deployments.apps', draft).spec!['paused']).toBe(true);
    expect(await started({ token: 'other' })).toMatchObject({ mode: 'pause' });
    expect(await started()).toMatchObject({ mode: 'admission', state: 'hold: admission' });
  });

  it('says that nothing could be tried while there is no target, and tries it when there is one', async () => {
    install();
    targets = [];
    const made = await started({ token: 'other' });
    expect(made).toMatchObject({
      mode: 'admission',
      state: 'hold: admission; own writes not tried: there is no target yet',
    });
    createTarget();
    targets = [WEB];
    await clock.advance(60_000);
    expect(made.mode).toBe('pause');
  });
});

describe('the policies are looked at again', () => {
  it('hourly: those that went away end admission mode loudly, those that come back begin it', async () => {
    install();
    createTarget();
    const made = await started();
    const policy = 'mutatingadmissionpolicies.admissionregistration.k8s.io';
    const keep = api.store.get(policy, undefined, 'sluice-keep')!;
    api.store.delete(policy, undefined, 'sluice-keep');
    await clock.advance(HOUR - 1);
    expect(made.mode).toBe('admission');
    await clock.advance(1);
    expect([made.mode, lines.at(-1)?.level, changes]).toEqual(['pause', ERROR, 2]);
    delete keep.metadata.resourceVersion;
    delete keep.metadata.uid;
    api.store.create(policy, keep);
    await clock.advance(HOUR);
    expect([made.mode, changes]).toEqual(['admission', 3]);
    made.stop();
    expect(clock.nextInMs).toBeUndefined();
  });

  it('soon after a change has escaped', async () => {
    install();
    createTarget();
    const made = await started();
    shipped.forEach((each) => api.store.delete(resourceOf(each), undefined, each.metadata.name));
    made.doubt();
    made.doubt();
    await clock.advance(10_000);
    expect(made.mode).toBe('pause');
  });

  it('until the API server answers, first and later; meanwhile the mode stays', async () => {
    install();
    createTarget();
    const real = clientAs('sluice');
    let broken = true;
    const client = clientWith({
      get: (ref: ObjectRef) =>
        broken
          ? Promise.reject(new KubeError({ code: 503, reason: 'ServiceUnavailable', message: 'away' }))
          : real.get(ref),
    });
    const made = keeper({ client });
    const known = made.start();
    await clock.advance(30_000);
    expect(made).toMatchObject({ shown: 'unknown', state: 'hold: auto, the policies are not checked yet' });
    broken = false;
    await clock.advance(10_000);
    await known;
    expect(made).toMatchObject({ mode: 'admission', shown: 'admission' });
    broken = true;
    await clock.advance(HOUR);
    expect(made.mode).toBe('admission');
  });
});

describe('an API server that answers some requests only', () => {
  const away = new KubeError({ code: 500, reason: 'InternalError', message: 'failed calling webhook "x"' });

  it('does not keep releases from being rolled back: after a minute they are held by pause, loudly', async () => {
    install();
    createTarget();
    const real = clientAs('sluice');
    let broken = true;
    const made = keeper({
      client: clientWith({
        mergePatch: (...args: Parameters<KubeClient['mergePatch']>) =>
          broken ? Promise.reject(away) : real.mergePatch(...args),
      }),
    });
    const known = made.start();
    await clock.advance(50_000);
    expect(made.shown).toBe('unknown');
    await clock.advance(10_000);
    await known;
    expect(made).toMatchObject({
      shown: 'pause',
      state:
        'hold: pause, although --hold=auto: the admission policies could not be checked: failed calling webhook "x"',
    });
    broken = false;
    await clock.advance(10_000);
    expect([made.mode, made.state]).toEqual(['admission', 'hold: admission']);
  });

  it('is asked about another target where a write to the first cannot be tried', async () => {
    install();
    createTarget();
    createTarget('api');
    targets = [WEB, { ...WEB, name: 'api' }];
    const real = clientAs('other');
    const client = clientWith({
      get: real.get.bind(real),
      mergePatch: (ref, ...rest) =>
        ref.name === 'web' ? Promise.reject(away) : real.mergePatch(ref, ...rest),
    });
    const made = await started({ client });
    expect(made.state).toContain('tried by dry run on Deployment shop/api');
  });
});

describe('what the cluster may not let the controller do', () => {
  it('is said: reading policies', async () => {
    const client = clientWith({
      get: () => Promise.reject(new KubeError({ code: 403, reason: 'Forbidden', message: 'no' })),
      mergePatch: () => Promise.reject(new Error('not reached')),
    });
    expect((await started({ client })).state).toContain(
      'the controller may not read mutatingadmissionpolicies; allow it to get them',
    );
  });

  it('is said: dry runs, where another admission webhook refuses them', async () => {
    const reason = 'admission webhook "x" does not support dry run';
    const client = clientWith({
      get: ({ resource, name }: ObjectRef) =>
        // as Kubernetes 1.34 and 1.35 serve them
        Promise.resolve(
          resource.version === 'v1' && resource.kind.startsWith('Mutating')
            ? undefined
            : shipped.find((each) => each.kind === resource.kind && each.metadata.name === name),
        ),
      mergePatch: () => Promise.reject(new KubeError({ code: 400, reason: 'BadRequest', message: reason })),
    });
    const made = await started({ client });
    expect(made).toMatchObject({
      mode: 'admission',
      state: `hold: admission; own writes not tried: shop/web: ${reason}`,
    });
    await settle();
  });
});
