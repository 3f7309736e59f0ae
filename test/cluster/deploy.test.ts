/**
 * The chart and the overlays on a real server: what they install, and a controller that has only the rights
 * that they give.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../api/kube.ts';
import { HOME } from '../../api/names.ts';
import { getString } from '../../lib/json.ts';
import { freePort } from '../../playground/dataplane/metrics/prometheus.ts';
import { SIZES, TYPOS } from '../support/chart-values.ts';
import { eventually } from '../support/eventually.ts';
import { run, type Ran } from './control-plane.ts';
import { deployment, image, NAMESPACE, Targets } from './held.ts';
import { ensureHelm, NO_HELM } from './helm.ts';
import { BORROWED, Lane } from './lane.ts';

const MANIFESTS = fileURLToPath(new URL('../../manifests', import.meta.url));
const DEPLOY = join(MANIFESTS, 'deploy');
const CONTROLLER = ['deployment/sluice-controller', '-n', HOME.namespace];
const skipped = BORROWED ?? NO_HELM;
const why = (reason: string | undefined): string => (reason === undefined ? '' : ` (${reason})`);

const objectsIn = (text: string): KubeObject[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
const idOf = ({ kind, metadata }: KubeObject): string =>
  `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
const idsOf = (objects: readonly KubeObject[]): string[] => objects.map(idOf).sort();

/** Releases a new version of a target, and promotes it. */
async function deliver(targets: Targets, name: string): Promise<void> {
  expect(await targets.kubectl('set', 'image', `deployment/${name}`, `app=${image(2)}`)).toMatchObject({
    code: 0,
  });
  await targets.until(name, /^Progressing/);
  expect(await targets.sluice('promote', `deployment/${name}`)).toMatchObject({ code: 0 });
  await targets.until(name, /^Promoted\/PromotedByHuman$/);
}

describe.skipIf(BORROWED !== undefined)(`the overlays${why(BORROWED)}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-overlay-'));
  let lane: Lane;

  beforeAll(async () => {
    lane = await Lane.start();
  });

  afterAll(async () => {
    await lane.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('namespaced lets targets be delivered where it is bound, and tells all others', async () => {
    await lane.ok(['apply', '-k', join(DEPLOY, 'overlays/namespaced')]);
    await lane.namespace(NAMESPACE);
    await lane.ok(['apply', '-n', NAMESPACE, '-k', join(DEPLOY, 'namespace')]);
    await lane.signIn();
    const controller = await lane.controller('pause');
    const targets = await Targets.start(lane, [deployment('bound')]);
    try {
      await deliver(targets, 'bound');
      await lane.namespace('elsewhere');
      const { metadata, ...rest } = deployment('unbound');
      await lane.apply({ ...rest, metadata: { ...metadata, namespace: 'elsewhere' } });
      await eventually(() => expect(controller.log).toMatch(/nothing is decided in this namespace/));
      expect(await lane.list('releases', 'elsewhere')).toEqual([]);
    } finally {
      targets.stop();
      await controller.end();
    }
  });

  it.each(['namespaced', 'cluster-wide', 'ha'])(
    '%s is applied twice, and its pods are let in by the restricted standard',
    async (overlay) => {
      const from = ['-k', join(DEPLOY, 'overlays', overlay)];
      await lane.ok(['apply', ...from]);
      const again = await lane.ok(['apply', ...from]);
      const changed = again
        .trim()
        .split('\n')
        .filter((line) => !line.endsWith(' unchanged'));
      // kubectl writes the selector of a budget again with every apply.
      expect(changed.filter((line) => !line.startsWith('poddisruptionbudget.policy/'))).toEqual([]);
      await lane.ok(['rollout', 'status', ...CONTROLLER, '--timeout=120s']);
    },
  );

  it.each([
    {
      role: 'view',
      may: ['list releases', 'get releasepolicies'],
      mayNot: ['patch releases', 'delete releases'],
    },
    {
      role: 'edit',
      may: ['patch releases', 'list analysistemplates'],
      mayNot: ['create releases', 'patch releases/status', 'create releasepolicies'],
    },
    {
      role: 'admin',
      may: ['patch releases', 'create releasepolicies', 'update analysistemplates'],
      mayNot: ['create releases', 'update releases', 'patch releases/status'],
    },
  ])('let people with the role $role do what is theirs, and no more', async ({ role, may, mayNot }) => {
    const who = `somebody-with-${role}`;
    await lane.namespace(NAMESPACE);
    await lane.ok(['create', 'rolebinding', who, '-n', NAMESPACE, `--clusterrole=${role}`, `--user=${who}`]);
    const can = async (what: string): Promise<boolean> => {
      const [verb = '', kind = ''] = what.split(' ');
      const [plural, subresource] = kind.split('/');
      const sub = subresource === undefined ? [] : [`--subresource=${subresource}`];
      const asked = [
        'auth',
        'can-i',
        verb,
        `${plural ?? ''}.sluice.dev`,
        ...sub,
        '-n',
        NAMESPACE,
        `--as=${who}`,
      ];
      return (await lane.kubectl(asked)).code === 0;
    };
    // The controller manager aggregates roles.
    await eventually(async () => {
      for (const what of may) expect([what, await can(what)]).toEqual([what, true]);
    });
    for (const what of mayNot) expect([what, await can(what)]).toEqual([what, false]);
  });

  it('take the component of the hold by admission in the place of the hold by pause', async () => {
    const kustomization = {
      resources: [relative(folder, join(DEPLOY, 'overlays/ha'))],
      components: [relative(folder, join(DEPLOY, 'components/hold-by-admission'))],
    };
    writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
    const policies = idsOf(objectsIn(await lane.ok(['kustomize', folder]))).filter((id) =>
      /AdmissionPolicy /.test(id),
    );
    expect(policies).toEqual([
      'MutatingAdmissionPolicy /sluice-fresh-start',
      'MutatingAdmissionPolicy /sluice-hold',
      'MutatingAdmissionPolicy /sluice-keep',
      'ValidatingAdmissionPolicy /sluice-guard',
      'ValidatingAdmissionPolicy /sluice-policy-annotation',
      'ValidatingAdmissionPolicy /sluice-releases',
    ]);
  });
});

describe.skipIf(skipped !== undefined)(`the chart${why(skipped)}`, () => {
  const home = mkdtempSync(join(tmpdir(), 'sluice-chart-'));
  const chart = ['sluice', join(MANIFESTS, 'chart')];
  let lane: Lane;
  let program: string;

  beforeAll(async () => {
    lane = await Lane.start();
    program = ensureHelm();
  });

  afterAll(async () => {
    await lane.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const tried = (...args: string[]): Promise<Ran> => {
    const homes = ['CACHE', 'CONFIG', 'DATA'].map((each) => `HELM_${each}_HOME=${home}`);
    const where = [`--kubeconfig=${lane.kubeconfig}`, `--namespace=${HOME.namespace}`];
    return run('env', [...homes, program, ...where, ...args]);
  };
  /** Runs Helm, which must succeed. */
  const helm = async (...args: string[]): Promise<string> => {
    const { code, out } = await tried(...args);
    if (code !== 0) throw new Error(`helm ${args.join(' ')} ended with ${code}:\n${out}`);
    return out;
  };
  const withValues = (values: unknown): string => {
    const file = join(home, 'values.json');
    writeFileSync(file, JSON.stringify(values));
    return `--values=${file}`;
  };
  const bindings = async (kind: string): Promise<string[]> => {
    const all = await lane.list(kind, NAMESPACE, 'app.kubernetes.io/managed-by=Helm');
    return all.map(({ metadata }) => metadata.name).sort();
  };

  it('renders by its default values what the overlay cluster-wide has', async () => {
    // kustomize adds blank lines to long expressions.
    const spaced = (object: unknown): unknown =>
      JSON.parse(JSON.stringify(object).replaceAll(/(\\n|\s)+/g, ' '));
    const bare = ({ metadata, ...object }: KubeObject): unknown => ({
      ...object,
      metadata: { name: metadata.name, namespace: metadata.namespace },
    });
    const sorted = (text: string): KubeObject[] =>
      objectsIn(text)
        .filter((each) => !['Namespace /sluice-system', 'ClusterRole /sluice-proxies'].includes(idOf(each)))
        .sort((a, b) => idOf(a).localeCompare(idOf(b)));
    const rendered = sorted(await helm('template', ...chart));
    const overlay = sorted(await lane.ok(['kustomize', join(DEPLOY, 'overlays/cluster-wide')]));
    expect(rendered.map(bare).map(spaced)).toEqual(overlay.map(bare).map(spaced));
  });

  it.each(TYPOS)('refuses $title', async ({ values }) => {
    const { code, out } = await tried('template', ...chart, withValues(values));
    expect([code, out]).toEqual([
      1,
      expect.stringContaining("values don't meet the specifications of the schema"),
    ]);
  });

  it.each(SIZES)('renders for $title what the server takes', async ({ values }) => {
    const input = await helm('template', ...chart, withValues(values));
    await lane.namespace(HOME.namespace);
    for (const namespace of [NAMESPACE, 'pay']) await lane.namespace(namespace);
    const known = objectsIn(input).filter(
      ({ apiVersion }) => !apiVersion.startsWith('monitoring.coreos.com/'),
    );
    const items = { apiVersion: 'v1', kind: 'List', items: known };
    await lane.ok(['apply', '--dry-run=server', '-f', '-'], JSON.stringify(items));
  });

  it('says what the hold by admission takes where the server cannot have it', async () => {
    const { code, out } = await tried('template', ...chart, '--set=hold=admission');
    expect([code, out]).toEqual([1, expect.stringContaining('set hold to auto or pause')]);
  });

  it.each(['v1', 'v1beta1'])(
    'makes the policies in %s, where that is the best the server serves',
    async (version) => {
      const served = `--api-versions=admissionregistration.k8s.io/${version}/MutatingAdmissionPolicy`;
      const mutating = objectsIn(await helm('template', ...chart, served)).filter(({ kind }) =>
        kind.startsWith('Mutating'),
      );
      expect(mutating).toHaveLength(6);
      expect(new Set(mutating.map(({ apiVersion }) => apiVersion))).toEqual(
        new Set([`admissionregistration.k8s.io/${version}`]),
      );
    },
  );

  it('installs what delivers a target, by the best hold that the server can have', async () => {
    await lane.ok(['label', 'namespace', HOME.namespace, 'pod-security.kubernetes.io/enforce=restricted']);
    await helm('install', ...chart);
    await lane.ok(['rollout', 'status', ...CONTROLLER, '--timeout=120s']);
    await lane.signIn();
    const port = await freePort();
    const controller = await lane.controller('auto', [`--metrics-port=${port}`]);
    const targets = await Targets.start(lane, [deployment('web')]);
    try {
      await eventually(async () => {
        const body = await (await fetch(`http://127.0.0.1:${port}/readyz`)).text();
        expect(body).toMatch(new RegExp(`^hold: ${lane.hold}`, 'm'));
        expect(body).toMatch(/^releases: kept by sluice-releases/m);
      });
      await deliver(targets, 'web');
      expect(lane.forbidden).toEqual([]);
    } finally {
      targets.stop();
      await controller.end();
    }
  });

  it('gives its rights in some namespaces alone after an upgrade that names them', async () => {
    expect(await bindings('clusterrolebindings')).toContain('sluice-target');
    await helm(
      'upgrade',
      ...chart,
      withValues({ targets: { namespaces: [NAMESPACE], providers: ['gateway'], followers: [] } }),
    );
    expect(await bindings('clusterrolebindings')).toEqual(['sluice-discovery']);
    expect(await bindings('rolebindings')).toEqual([
      'sluice-provider-gateway',
      'sluice-read',
      'sluice-target',
    ]);
  });

  it('leaves the kinds and every Release when it is uninstalled', async () => {
    const before = idsOf(await lane.list('releases', NAMESPACE));
    await helm('uninstall', 'sluice');
    expect(before).not.toEqual([]);
    expect(idsOf(await lane.list('releases', NAMESPACE))).toEqual(before);
    expect(await lane.list('deployments', HOME.namespace)).toEqual([]);
    expect(await bindings('clusterrolebindings')).toEqual([]);
  });

  it('takes the kinds over when it is installed again', async () => {
    await helm('install', ...chart);
    const crd = await lane.get('crd', 'releases.sluice.dev', '');
    expect(getString(crd.metadata, 'annotations', 'meta.helm.sh/release-name')).toBe('sluice');
  });
});
