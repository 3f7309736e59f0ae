import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Environment } from '@marcbachmann/cel-js';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { conditionStatuses } from '../../api/conditions.ts';
import { PHASES } from '../../api/kinds/release/status.ts';
import { getObject, getObjects, getString, isObject, type JsonObject } from '../../lib/json.ts';
import { toCel } from '../../playground/apiserver/admission/cel.ts';
import { programOnPath } from '../../playground/dataplane/metrics/apt.ts';
import { ROOT } from '../architecture/root.ts';
import { aRelease } from '../support/release-builders.ts';
import { runHealth } from './lua.ts';
import { statesOf, type State } from './states.ts';

const GITOPS = join(ROOT, 'manifests', 'gitops');
const fragment = (path: string): unknown => parse(readFileSync(join(GITOPS, path), 'utf8'));
const check = (of: string): string =>
  getString(fragment('argocd/health.yaml'), 'data', `resource.customizations.health.${of}`) ?? '';

let states: State[];
beforeAll(async () => {
  states = [...(await statesOf('pause')), ...(await statesOf('admission'))];
});

/**
 * What a person would say about a target in this state; undefined: for a moment between two writes it cannot
 * be known.
 */
function truth({ phase, target }: State): 'held' | 'failed' | 'rolling' | 'serving' | undefined {
  const status = getObject(target, 'status') ?? {};
  const settled = status['observedGeneration'] === target.metadata.generation;
  if (!settled) return 'rolling';
  const updated = status['updatedReplicas'] === 4 && status['availableReplicas'] === 4;
  if (phase === 'RolledBack')
    return getObjects(target, 'status', 'conditions').some((each) => each['status'] === 'False')
      ? 'failed'
      : undefined;
  if (phase === 'Promoted' || phase === 'none')
    return updated && status['replicas'] === 4 ? 'serving' : 'rolling';
  return phase === 'Promoting' ? undefined : 'held';
}

const of = (wanted: ReturnType<typeof truth>): State[] => states.filter((state) => truth(state) === wanted);

describe('the health check of Argo CD for Deployments', () => {
  const health = (target: object) => runHealth(check('apps_Deployment'), target);

  it('tells apart in both hold modes what is held, failed and serving, and calls none of it Suspended', async () => {
    const wanted = { held: 'Progressing', rolling: 'Progressing', failed: 'Degraded', serving: 'Healthy' };
    for (const [what, status] of Object.entries(wanted)) {
      const those = of(what as keyof typeof wanted);
      expect(new Set(those.map(({ hold }) => hold)), what).toEqual(new Set(['pause', 'admission']));
      for (const { target } of those) expect((await health(target)).status, what).toBe(status);
    }
  });

  it('says why: the verdict of a release that was rolled back, and that a change is held', async () => {
    for (const { target } of of('failed'))
      expect((await health(target)).message).toMatch(/^sluice: canary .* errors/);
    for (const { target } of of('held')) expect((await health(target)).message).toMatch(/^Held by Sluice/);
  });

  it('leaves Deployments alone that Sluice does not deliver', async () => {
    const [state] = of('held');
    const target = structuredClone(state?.target);
    delete target?.metadata.annotations?.['sluice.dev/policy'];
    expect(await health(target ?? {})).toEqual({ status: 'Suspended', message: 'Deployment is paused' });
    const rolling = { replicas: 4, updatedReplicas: 2, availableReplicas: 3, observedGeneration: 1 };
    const plain = (status: object): object => ({
      metadata: { generation: 1 },
      spec: { replicas: 4 },
      status,
    });
    expect((await health(plain(rolling))).message).toMatch(/2 of 4/);
    expect((await health(plain({ ...rolling, updatedReplicas: 4, replicas: 5 }))).message).toMatch(
      /1 are left/,
    );
    expect((await health(plain({ ...rolling, updatedReplicas: 4 }))).message).toMatch(/3 of 4/);
    expect(await health({ metadata: { generation: 1 }, spec: {} })).toMatchObject({ status: 'Progressing' });
  });
});

describe('the health check of Argo CD for Releases', () => {
  const health = (release: object) => runHealth(check('sluice.dev_Release'), release);
  const expected = (types: Record<string, string>): string =>
    types['Ready'] === 'True'
      ? 'Healthy'
      : types['Stalled'] === 'True'
        ? 'Degraded'
        : types['NeedsHuman'] === 'True'
          ? 'Suspended'
          : 'Progressing';

  it.each(PHASES)('shows phase %s with its sentence', async (phase) => {
    const types = conditionStatuses(phase);
    const conditions = Object.entries(types).map(([type, status]) => ({
      type,
      status,
      reason: 'Measuring' as const,
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration: 1,
    }));
    const release = aRelease({ status: { phase, conditions, message: 'It is so, "truly": 5%.' } });
    expect(await health(release)).toEqual({
      status: expected(types),
      message: `${phase}: It is so, "truly": 5%.`,
    });
    const edited = { ...release, metadata: { ...release.metadata, generation: 2 } };
    expect((await health(edited)).status).toBe('Progressing');
  });

  it('follows real Releases from their first moment to their end', async () => {
    const wanted: Record<string, string> = { Promoted: 'Healthy', RolledBack: 'Degraded' };
    for (const { phase, release } of states) {
      if (release !== undefined) expect((await health(release)).status).toBe(wanted[phase] ?? 'Progressing');
    }
  });
});

describe('what Flux is told', () => {
  const [exprs] = getObjects(fragment('flux/kustomization.yaml'), 'spec', 'healthCheckExprs');
  const environment = new Environment({ unlistedVariablesAreDyn: true });
  const holds = (which: string, target: State['target']): boolean => {
    const { spec = {}, status = {} } = target as unknown as JsonObject;
    const scope = toCel({ metadata: { ...target.metadata } as JsonObject, spec, status });
    if (!isObject(scope)) throw new Error('not a map');
    return environment.evaluate(getString(exprs, which) ?? '', scope) === true;
  };
  /** As Flux's controllers evaluate it. */
  const verdict = (target: State['target']): string => {
    const observed = getObject(target, 'status')?.['observedGeneration'];
    if (observed !== undefined && observed !== target.metadata.generation) return 'InProgress';
    return holds('failed', target) ? 'Failed' : holds('current', target) ? 'Current' : 'InProgress';
  };

  it('waits while a change is held, fails with the release, and is content in pause mode, too', () => {
    const wanted = { held: 'InProgress', rolling: 'InProgress', failed: 'Failed', serving: 'Current' };
    for (const [what, status] of Object.entries(wanted))
      for (const { target } of of(what as keyof typeof wanted)) expect(verdict(target), what).toBe(status);
  });

  it('is needed: in pause mode a target at rest lacks the condition that kstatus asks for', () => {
    const done = of('serving').filter(({ target }) =>
      getObjects(target, 'status', 'conditions').some((each) => each['reason'] === 'NewReplicaSetAvailable'),
    );
    const paused = of('serving').filter(
      ({ hold, target }) => hold === 'pause' && target.spec?.['paused'] === true,
    );
    expect(paused.length).toBeGreaterThan(0);
    expect(paused.some((state) => !done.includes(state))).toBe(true);
    expect(of('serving').some((state) => state.hold === 'admission' && done.includes(state))).toBe(true);
  });
});

describe('what Argo CD is told to ignore', () => {
  const entries = getObjects(fragment('argocd/application.yaml'), 'spec', 'ignoreDifferences');

  it('covers all that Sluice changes in a route while it steers traffic', () => {
    const routes = states.flatMap(({ route }) => (route === undefined ? [] : [route]));
    const entry = entries.find(({ kind }) => kind === 'HTTPRoute');
    const [path] = (entry?.['jqPathExpressions'] ?? []) as string[];
    const without = (route: object): string => {
      const rest: unknown = structuredClone(getObject(route, 'spec'));
      const field = path?.replace('.spec.', '') ?? '';
      if (isObject(rest)) delete rest[field];
      return JSON.stringify(rest);
    };
    expect(new Set(routes.map((route) => JSON.stringify(getObject(route, 'spec')))).size).toBeGreaterThan(3);
    expect(new Set(routes.map(without)).size).toBe(1);
  });
});

const kubectl = programOnPath('kubectl');

describe('the component opt-in', () => {
  it.skipIf(kubectl === undefined)(
    'annotates the Deployments of a kustomization and nothing else (skipped without kubectl)',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'sluice-opt-in-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const app = (kind: string, apiVersion: string, name: string) =>
        JSON.stringify({ apiVersion, kind, metadata: { name } });
      const all = [
        app('Deployment', 'apps/v1', 'a'),
        app('Deployment', 'apps/v1', 'b'),
        app('Service', 'v1', 'a'),
      ];
      writeFileSync(join(folder, 'app.yaml'), all.join('\n---\n'));
      const component = relative(folder, join(GITOPS, 'opt-in'));
      writeFileSync(
        join(folder, 'kustomization.yaml'),
        `resources: [app.yaml]\ncomponents: [${component}]\n`,
      );
      const made = spawnSync(kubectl ?? '', ['kustomize', '--load-restrictor=LoadRestrictionsNone', folder]);
      expect(made.stderr.toString()).toBe('');
      const annotated = parseAllDocuments(made.stdout.toString()).map((document) => {
        const object: unknown = document.toJS();
        return [getString(object, 'kind'), getObject(object, 'metadata', 'annotations')];
      });
      const policy = { 'sluice.dev/policy': 'default' };
      expect(annotated.sort()).toEqual([
        ['Deployment', policy],
        ['Deployment', policy],
        ['Service', undefined],
      ]);
    },
  );
});
