import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { KubeObject } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { FORBIDDEN } from '../../controller/observe/snapshot.ts';
import { KubeError } from '../../kube/errors.ts';
import { recordingIo } from '../../test/support/cli.ts';
import { aDeployment, aService } from '../../test/support/objects.ts';
import { aTarget } from '../../test/support/builders.ts';
import { aRelease } from '../../test/support/release-builders.ts';
import { ScriptedServer, type Exchange } from '../../test/support/scripted-server.ts';
import { backend, httpRoute, ingress, ingressPath, rule } from '../../test/support/routes.ts';
import { clusterReader } from '../check/reader.ts';
import { UsageError } from '../io.ts';
import { check, type CheckFlags } from './check.ts';

const labels = { app: 'web' };
const target = (spec: Record<string, string | object> = {}): KubeObject =>
  aDeployment('web', labels, {
    metadata: { annotations: { 'sluice.dev/policy': 'default' } },
    spec: spec as KubeObject['spec'] & object,
  });
const service = aService('web', labels);
const main = (): KubeObject => {
  const object = ingress('web', { 'shop.example.com': [ingressPath('/', 'web')] });
  return { ...object, spec: { ...object.spec, ingressClassName: 'nginx' } };
};
const autoscaler: KubeObject = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 2 },
};

/** Admits pods of the target's namespace by a label that has another value on canary pods. */
const foreignPolicy: KubeObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'db', namespace: 'db' },
  spec: {
    podSelector: {},
    ingress: [
      {
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
            podSelector: { matchLabels: labels },
          },
        ],
      },
    ],
  },
};

let dir: string;
beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), 'sluice-check-'))));
afterEach(() => rm(dir, { recursive: true }));

async function run(objects: readonly unknown[], flags: Partial<CheckFlags> = {}) {
  const file = join(dir, 'all.yaml');
  await writeFile(file, objects.map((each) => stringify(each)).join('---\n'));
  const io = recordingIo();
  const given = { filename: [file], namespace: 'shop', controllerNamespace: 'sluice-system', ...flags };
  const code = await check(io, 'deployment/web', given);
  return { code, text: io.printed.join('\n') };
}

describe('sluice check of manifests', () => {
  it('says how a release would go', async () => {
    const { code, text } = await run([target(), service, main()]);
    expect(code).toBe(0);
    for (const words of [
      'canary: 5% → 25% → 50%',
      'nginx (Ingress web)',
      'web, canary web-canary',
      'can begin',
    ])
      expect(text).toContain(words);
  });

  it('says who meets the new version in the steps of another strategy', async () => {
    const policy = {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'ReleasePolicy',
      metadata: { name: 'default', namespace: 'shop' },
      spec: { strategy: 'blueGreen' },
    };
    expect((await run([target(), service, main(), policy])).text).toContain(
      'blueGreen: no requests, at full size → all requests',
    );
  });

  it('tells steps, pods, rests, and the least time a release takes', async () => {
    const policy = {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'ReleasePolicy',
      metadata: { name: 'default', namespace: 'shop' },
      spec: {
        steps: [
          { weight: 50, minDuration: '5m', maxDuration: '10000h', pause: '10m' },
          { weight: 25, minDuration: '2m', maxDuration: '20m', pause: true },
        ],
      },
    };
    const { code, text } = await run([target(), service, main(), policy]);
    expect(code).toBe(0);
    for (const words of [
      '50%: 5m to 10000h, then 10m of rest, 2 canary pods',
      '25%: 2m to 20m, then a human resumes it, 1 canary pod\n',
      'at least 17m, and as long as it takes a human to resume it once',
      'http, every 15s: error-rate (error rate, preset auto)',
      'i Step 1 may last 60 weeks without a conclusion',
      'i The weights go down from 50% to 25% (step 1 to 2)',
    ])
      expect(text).toContain(words);
  });

  it('takes the pods of manifests for ready, so that an annotation may name the Service', async () => {
    const annotations = { 'sluice.dev/policy': 'default', 'sluice.dev/service': 'web' };
    const named = { ...target(), metadata: { ...target().metadata, annotations } };
    expect(await run([named, service, main()])).toMatchObject({ code: 0 });
    const { code, text } = await run([named, aService('web', { app: 'other' }), main()]);
    expect(code).toBe(6);
    expect(text).toContain('UnusableService: annotation sluice.dev/service');
  });

  it('sees that a template is not PromQL, and where', async () => {
    const template = {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'AnalysisTemplate',
      metadata: { name: 'http', namespace: 'shop' },
      spec: {
        metrics: [
          { name: 'slow', threshold: { query: 'max(rate(x{pod=~"{{pods}}"})', success: 'value < 1' } },
        ],
      },
    };
    const { code, text } = await run([target(), service, main(), template]);
    expect(code).toBe(6);
    expect(text).toContain(
      'InvalidTemplate: AnalysisTemplate http: spec.metrics[0].threshold.query: max(rate(x{pod=~"{{pods}}"}) is not PromQL: ends too early (at character 29)',
    );
  });

  it('says whose queries are asked where the template brings its own', async () => {
    const template = {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'AnalysisTemplate',
      metadata: { name: 'http', namespace: 'shop' },
      spec: {
        metrics: [
          { name: 'errors', errorRate: { bad: 'bad{s="{{service}}"}', total: 'all{s="{{service}}"}' } },
        ],
      },
    };
    const { code, text } = await run([
      target(),
      service,
      httpRoute('web', [rule('/', [backend('web')])]),
      template,
    ]);
    expect(code).toBe(0);
    expect(text).toContain('those of the templates; the share of requests is checked by the total of errors');
    expect(text).not.toContain('none');
  });

  it.each([
    ['supersede', 'A change now takes its place'],
    ['queue', 'A change now waits until it has ended'],
  ] as const)('in mid-release says so, and does not judge its split (%s)', async (onNewRevision, words) => {
    const release = aRelease({ policy: { onNewRevision }, status: { step: 1, observedWeight: 25 } });
    const split = httpRoute('web', [
      rule('/', [backend('web', { weight: 75 }), backend('web-canary', { weight: 25 })]),
    ]);
    const { code, text } = await run([aTarget(), service, split, release]);
    expect(code).toBe(0);
    expect(text).toContain('✓ Release web-5 is under way (Progressing, step 2/3, weight 25%)');
    expect(text).toContain(words);
    expect(text).not.toContain('backendRef');
    const json = JSON.parse(
      (await run([aTarget(), service, split, release], { output: 'json' })).text,
    ) as unknown;
    expect(json).toMatchObject({ ok: true, underWay: { release: 'web-5', phase: 'Progressing', step: 1 } });
  });

  it('in mid-release still refuses a policy that cannot be used', async () => {
    const { code, text } = await run([aTarget({ policy: 'gone' }), service, aRelease()]);
    expect(code).toBe(6);
    expect(text).toContain('PolicyNotFound');
  });

  it('asks no query without a Prometheus to ask', async () => {
    expect((await run([target(), service, main()])).text).not.toContain('metric');
  });

  it('sees what another namespace says about the pods', async () => {
    const { code, text } = await run([target(), service, main(), foreignPolicy]);
    expect(code).toBe(0);
    expect(text).toContain(
      'i A NetworkPolicy of another namespace names the pods of Deployment web by app=web; the canary may not be reached',
    );
  });

  it('says neither name nor namespace of what another namespace holds', async () => {
    const secret: KubeObject = { ...foreignPolicy, metadata: { name: 'unspoken', namespace: 'whispered' } };
    const { text } = await run([target(), service, main(), secret], { output: 'json' });
    expect(JSON.parse(text)).toMatchObject({
      ok: true,
      notes: expect.arrayContaining([expect.objectContaining({ reason: 'CanaryMayBeCutOff' })]) as unknown,
    });
    expect(text).not.toMatch(/unspoken|whispered/);
  });

  it('says everything that stands against it, and ends with 6', async () => {
    const { code, text } = await run([target({ strategy: { type: 'Recreate' } }), service, main()]);
    expect(code).toBe(6);
    expect(text).toContain('TargetUnsupported: spec.strategy.type of Deployment web is Recreate');
  });

  it('notes what will happen', async () => {
    expect((await run([target(), service, main(), autoscaler])).text).toContain(
      'HorizontalPodAutoscaler web',
    );
  });

  it('notes that nothing is held without the annotation', async () => {
    const without = { ...target(), metadata: { ...target().metadata, annotations: {} } };
    const { code, text } = await run([without, service, main()]);
    expect(code).toBe(0);
    expect(text).toContain('i The annotation sluice.dev/policy is not set');
    expect((await run([target(), service, main()])).text).not.toContain('is not set');
  });

  it('does not blame manifests for what only a cluster can tell', async () => {
    const { code, text } = await run([target(), service, httpRoute('web', [rule('/', [backend('web')])])]);
    expect(code).toBe(0);
    expect(text).toContain('? PresetUnknown');
  });

  it('speaks JSON to machines', async () => {
    const refused = JSON.parse((await run([target(), main()], { output: 'json' })).text) as unknown;
    expect(refused).toMatchObject({ target: 'web', ok: false, refusals: [{ reason: 'NoService' }] });
    const fine = JSON.parse((await run([target(), service, main()], { output: 'json' })).text) as unknown;
    expect(fine).toMatchObject({ ok: true, refusals: [], traffic: { provider: 'nginx' } });
  });

  it('takes objects out of a List, and those without a namespace into that of -n', async () => {
    const bare = (object: KubeObject) => ({
      ...object,
      metadata: { ...object.metadata, namespace: undefined },
    });
    const items = [target(), service, main()].map(bare);
    expect((await run([{ apiVersion: 'v1', kind: 'List', items }])).code).toBe(0);
  });

  it.each<[string, unknown[], Partial<CheckFlags>, RegExp]>([
    ['a file that is not there', [], { filename: ['/nowhere.yaml'] }, /-f \/nowhere\.yaml: cannot be read/],
    ['no Kubernetes object', [{ a: 1 }], {}, /document 1 is not a Kubernetes object/],
    ['no such target', [service], {}, /there is no Deployment web in namespace shop/],
    [
      'no URL',
      [target()],
      { prometheus: ['prom:9090'] },
      /--prometheus: prom:9090 is not a name and an http URL/,
    ],
  ])('names %s', async (_name, objects, flags, words) => {
    const error = await run(objects, flags).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(words);
  });
});

describe('sluice check asks the queries of stable', () => {
  const form = (exchange: Exchange) => new URLSearchParams(exchange.body).get('query') ?? '';

  async function asked(answer: (exchange: Exchange) => void, template?: object) {
    const server = await ScriptedServer.start();
    const served = (async () => {
      for (;;) answer(await server.next());
    })();
    void served;
    const objects = [target(), service, main(), ...(template === undefined ? [] : [template])];
    const result = await run(objects, { prometheus: [server.url] });
    await server.close();
    return result;
  }
  const nothing = { status: 'success', data: { resultType: 'vector', result: [] } };

  it('and shows what Prometheus refuses, in its own words, as what stands against a release', async () => {
    const error = 'invalid parameter "query": 1:12: parse error: unexpected \u001b[2J';
    const { code, text } = await asked((exchange) =>
      exchange.answer(400, { status: 'error', errorType: 'bad_data', error }),
    );
    expect(code).toBe(6);
    expect(text).toContain('✗ metric error-rate: stable bad: Prometheus refused the query');
    expect(text).toContain('query       nginx_ingress_controller_requests{namespace="shop"');
    expect(text).toContain('Prometheus  invalid parameter "query": 1:12: parse error: unexpected');
    expect(text).not.toContain('A release can begin');
  });

  it('and names stable where stable has no data, whatever the arm', async () => {
    const queries: string[] = [];
    const { code, text } = await asked((exchange) => {
      queries.push(form(exchange));
      exchange.answer(200, nothing);
    });
    expect(code).toBe(0);
    expect(text).toContain('? metric error-rate: Prometheus knows no requests of stable');
    expect(text).not.toMatch(/metric .*canary/);
    expect(queries.some((query) => query.includes('web-canary'))).toBe(false);
  });

  it('and says when each request would count twice', async () => {
    const COUNTER = 'nginx_ingress_controller_requests';
    const at = (exchange: Exchange) => Number(new URLSearchParams(exchange.body).get('time'));
    const twice = (exchange: Exchange) =>
      ['scrape-a', 'scrape-b'].map((job) => ({
        metric: {
          __name__: COUNTER,
          namespace: 'shop',
          ingress: 'web',
          service: 'web',
          job,
          instance: 'a:1',
        },
        values: [240, 120, 0].map((ago) => [at(exchange) - ago, String(1000 - ago)]),
      }));
    const { text } = await asked((exchange) =>
      exchange.answer(200, { status: 'success', data: { resultType: 'matrix', result: twice(exchange) } }),
    );
    expect(text).toContain(`${COUNTER} seems to be scraped twice (job scrape-a and scrape-b)`);
  });
});

it('no password of a URL is repeated', async () => {
  const error = await run([target()], { prometheus: ['ftp://me:se/cret@prom:9090'] }).catch(String);
  expect(error).toContain('--prometheus: ftp://…@prom:9090 is not a name and an http URL');
});

describe('what may not be read on a cluster', () => {
  const refusing = (code: number, served = true) =>
    clusterReader({
      listAll: () => Promise.reject(new KubeError({ code, reason: 'Refused', message: 'no' })),
      serves: () => Promise.resolve(served),
    });

  it.each([
    ['a policy that could follow', RESOURCES.networkPolicies, 403, FORBIDDEN],
    ['a kind of route that is not installed', RESOURCES.httpRoutes, 404, []],
  ] as const)('%s', async (_name, resource, code, want) => {
    expect(await refusing(code).list(resource, 'shop')).toEqual(want);
  });

  it.each([RESOURCES.authorizationPolicies, RESOURCES.virtualServices])(
    '$plural: the server says 403 for a kind it does not have, too',
    async (resource) => {
      expect(await refusing(403, false).list(resource, 'shop')).toEqual([]);
    },
  );

  it.each([
    ['pods', RESOURCES.pods, 403],
    ['Deployments', RESOURCES.deployments, 404],
    ['a route', RESOURCES.ingresses, 403],
    ['a server that is down', RESOURCES.networkPolicies, 500],
  ] as const)('%s: it ends', async (_name, resource, code) => {
    await expect(refusing(code).list(resource, 'shop')).rejects.toThrow('no');
  });

  it('NetworkPolicies of other namespaces: they are not judged', async () => {
    expect(await refusing(403).elsewhere?.('shop', [])).toEqual([]);
  });
});

it('NetworkPolicies of all namespaces of a cluster are looked through', async () => {
  const asked: (string | undefined)[] = [];
  const reader = clusterReader({
    listAll: (_resource, scope) => {
      asked.push(scope?.namespace);
      const inside = { ...foreignPolicy, metadata: { name: 'own', namespace: 'shop' } };
      return Promise.resolve({ items: [foreignPolicy, inside], resourceVersion: '1' });
    },
    serves: () => Promise.resolve(true),
  });
  expect(await reader.elsewhere?.('shop', [])).toEqual([foreignPolicy]);
  expect(asked).toEqual([undefined]);
});
