import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { isKubeObject, type KubeObject } from '../../api/kube.ts';
import { parsePolicy } from '../../api/kinds/policy/policy.ts';
import { parseTemplate } from '../../api/kinds/template/template.ts';
import { ANNOTATION } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import { checkTemplate } from '../../analysis/measure/check.ts';
import { check } from '../../cli/commands/check.ts';
import { formatIssue } from '../../lib/result.ts';
import { writeKubeconfig } from '../../playground/apiserver/kubeconfig.ts';
import { listen, type Listening } from '../../playground/apiserver/listen.ts';
import { fakeRuntime, startWorkloads } from '../../playground/workloads/index.ts';
import { startApi } from '../support/api.ts';
import { recordingIo } from '../support/cli.ts';
import { foreignCrd } from '../support/kinds/index.ts';
import { reportedBy } from '../support/routes.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/**
 * An API server accepts every object of Sluice that examples/ and the pages of docs/migration/ show, and a
 * release of it can begin.
 */

const ROOT = join(import.meta.dirname, '../..');
const NAMESPACE = 'shop';

interface Example {
  name: string;
  objects: KubeObject[];
}

const objectsIn = (yaml: string): KubeObject[] =>
  parseAllDocuments(yaml)
    .map((document) => document.toJS() as unknown)
    .filter(isKubeObject);

const targetOf = ({ objects }: Example): KubeObject | undefined =>
  objects.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.annotations?.[ANNOTATION.policy] !== undefined,
  );

const files = (folder: string, ending: string): string[] =>
  readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(ending));

const EXAMPLES: Example[] = files('examples', '.yaml').map((name) => ({
  name: `examples/${name}`,
  objects: objectsIn(readFileSync(join(ROOT, 'examples', name), 'utf8')),
}));

/** Blocks of a page that contain a target; those of the other tool contain none. */
const MIGRATED: Example[] = files('docs/migration', '.md').flatMap((name) => {
  const page = readFileSync(join(ROOT, 'docs/migration', name), 'utf8');
  return [...page.matchAll(/^```yaml\n([^]*?)^```/gm)]
    .map(([, block = '']) => ({ name: `docs/migration/${name}`, objects: objectsIn(block) }))
    .filter((example) => targetOf(example) !== undefined);
});

const parsers: Record<string, typeof parsePolicy | typeof parseTemplate> = {
  ReleasePolicy: parsePolicy,
  AnalysisTemplate: parseTemplate,
};

function mistakesIn({ kind, metadata, spec }: KubeObject): string[] {
  const parsed = parsers[kind]?.(spec);
  if (parsed?.ok === false) return parsed.issues.map(formatIssue);
  if (kind !== 'AnalysisTemplate') return [];
  const template = parseTemplate(spec);
  return template.ok ? checkTemplate(template.value, metadata.name).map(formatIssue) : [];
}

const ended: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

/**
 * Applies the objects, lets the Deployment roll out, reports on routes as their controller would, and runs
 * `sluice check`.
 */
async function checked(example: Example, controller = ISTIO): Promise<Said> {
  const clock = new VirtualClock();
  const { client, server } = await startApi(clock, NAMESPACE, 'sluice-system');
  for (const kind of ['HTTPRoute', 'GRPCRoute', 'VirtualService', 'DestinationRule'] as const)
    await client.create(foreignCrd(kind));
  const workloads = startWorkloads({ store: server.store, clock, runtime: fakeRuntime(clock) });
  ended.push(() => workloads.stop());
  for (const object of example.objects) {
    const made = await client.create({ ...object, metadata: { ...object.metadata, namespace: NAMESPACE } });
    if (object.kind !== RESOURCES.httpRoutes.kind) continue;
    const ref = { resource: RESOURCES.httpRoutes, namespace: NAMESPACE, name: made.metadata.name };
    const { status = {} } = reportedBy(made, controller);
    await client.mergePatch(ref, { status }, { subresource: 'status' });
  }
  await clock.advance(60_000);
  const listening: Listening = await listen(server, 0);
  ended.push(() => listening.close());
  const kubeconfig = writeKubeconfig(listening.url, undefined);
  ended.push(() => rmSync(dirname(kubeconfig), { recursive: true }));
  return ask(example, { kubeconfig });
}

const ISTIO = 'istio.io/gateway-controller';

interface Said {
  code: number;
  text: string;
}

async function ask(example: Example, where: { kubeconfig: string } | { filename: string[] }): Promise<Said> {
  const io = recordingIo();
  const flags = { ...where, namespace: NAMESPACE, controllerNamespace: 'sluice-system' };
  const code = await check(io, `deployment/${targetOf(example)?.metadata.name ?? ''}`, flags);
  return { code, text: io.printed.join('\n') };
}

describe.each([...EXAMPLES, ...MIGRATED])('$name', (example) => {
  it('has a target, and policies and templates that are taken', () => {
    expect(targetOf(example)).toBeDefined();
    expect(example.objects.flatMap(mistakesIn)).toEqual([]);
  });

  it('is taken by an API server, and its release can begin', async () => {
    const { code, text } = await checked(example);
    expect(text).toContain('✓ A release can begin.');
    expect(code).toBe(0);
  });

  it('can be checked from its manifests alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-example-'));
    ended.push(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'all.yaml');
    writeFileSync(file, example.objects.map((object) => stringify(object)).join('---\n'));
    expect(await ask(example, { filename: [file] })).toMatchObject({ code: 0 });
  });
});

describe('examples/README.md', () => {
  it('lists every example', () => {
    const page = readFileSync(join(ROOT, 'examples/README.md'), 'utf8');
    const unlisted = files('examples', '.yaml').filter((name) => !page.includes(`](${name})`));
    expect(unlisted).toEqual([]);
  });
});

describe('docs/migration', () => {
  it.each(files('docs/migration', '.md'))('shows on %s how the same is written for Sluice', (name) => {
    expect(MIGRATED.map((example) => example.name)).toContain(`docs/migration/${name}`);
  });
});

describe('examples/rest-gateway-api.yaml', () => {
  it.each([
    ['istio', ISTIO],
    ['envoy-gateway', 'gateway.envoyproxy.io/gatewayclass-controller'],
    ['cilium', 'io.cilium/gateway-controller'],
    ['contour', 'projectcontour.io/gateway-controller'],
    ['kgateway', 'kgateway.dev/kgateway'],
    ['traefik', 'traefik.io/gateway-controller'],
  ])('finds the ready-made queries of %s', async (preset, controller) => {
    const example = EXAMPLES.find(({ name }) => name === 'examples/rest-gateway-api.yaml');
    const { code, text } = await checked(example ?? { name: '', objects: [] }, controller);
    expect(text).toMatch(new RegExp(`^ +queries +${preset}: ${controller}`, 'm'));
    expect(code).toBe(0);
  });
});
