import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { isKubeObject, type KubeObject } from '../../api/kube.ts';
import { parsePolicy } from '../../api/kinds/policy/policy.ts';
import { ANNOTATION, HOME } from '../../api/names.ts';
import { readFlags } from '../../controller/flags.ts';
import { get, getArray, getObject, getObjects, getString, getStringMap } from '../../lib/json.ts';
import { ensureGoProgram } from '../../scripts/lib/go-program.ts';
import { ROOT } from '../architecture/root.ts';

/** docker-compose.yml as far as it can be known without Docker. */

const FILE = join(ROOT, 'docker-compose.yml');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const compose: unknown = parse(readFileSync(FILE, 'utf8'));
const names = Object.keys(getObject(compose, 'services') ?? {});
const strings = (...path: string[]): string[] => (getArray(compose, 'services', ...path) ?? []).map(String);
const objectsIn = (path: string): KubeObject[] =>
  parseAllDocuments(read(path))
    .map((document) => document.toJS() as unknown)
    .filter(isKubeObject);

/** What a service mounts of this repository: from, to. */
const mountsOf = (name: string): [string, string][] =>
  strings(name, 'volumes')
    .map((each) => each.split(':'))
    .filter(([from = '']) => from.startsWith('./'))
    .map(([from = '', to = '']) => [from, to]);
/** k3s applies what lies in this folder. */
const APPLIED = '/var/lib/rancher/k3s/server/manifests/';
const applied = mountsOf('k3s')
  .filter(([, to]) => to.startsWith(APPLIED))
  .map(([from]) => from);
const objects = applied.flatMap(objectsIn);
const ofKind = (kind: string): KubeObject[] => objects.filter((each) => each.kind === kind);

const checker = ensureGoProgram({
  path: 'github.com/compose-spec/compose-go/v2/cmd',
  version: '2.16.2',
  name: 'compose-go',
});
const why = 'missing' in checker ? ` (skipped: ${checker.missing})` : '';

describe('docker-compose.yml', () => {
  it.skipIf(why !== '')(`is taken by the library that docker compose reads it with${why}`, () => {
    const done = spawnSync('path' in checker ? checker.path : '', [FILE], { cwd: ROOT, encoding: 'utf8' });
    expect(done.stderr).toBe('');
    expect(done.status).toBe(0);
  });

  it.each(names)('pins the image of %s, or builds ours', (name) => {
    const image = getString(compose, 'services', name, 'image');
    if (image === undefined) expect(existsSync(join(ROOT, 'Dockerfile'))).toBe(true);
    else expect(image).toMatch(/^[\w./-]+:v?\d+\.\d+\.\d+(-k3s\d+)?$/);
    expect([name, image === undefined]).toEqual([name, name === 'controller']);
  });

  it.each(names)('lets nobody but this machine reach %s', (name) => {
    for (const port of strings(name, 'ports')) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it.each(names)('mounts into %s what is there, and so that it stays as it is', (name) => {
    for (const [from] of mountsOf(name)) expect(existsSync(join(ROOT, from)), from).toBe(true);
    for (const each of strings(name, 'volumes').filter((volume) => volume.startsWith('./')))
      expect(each).toMatch(/:ro$/);
    const kept = Object.keys(getObject(compose, 'volumes') ?? {});
    const used = strings(name, 'volumes').map((each) => each.split(':')[0] ?? '');
    expect(used.filter((each) => !each.startsWith('./') && !kept.includes(each))).toEqual([]);
  });

  it('knows of every service whether it is well, but of the one that has no program to ask with', () => {
    const blind = names.filter((name) => get(compose, 'services', name, 'healthcheck', 'test') === undefined);
    expect(blind).toEqual(['users']);
  });

  it('waits for services that can be waited for', () => {
    for (const name of names)
      for (const other of Object.keys(getObject(compose, 'services', name, 'depends_on') ?? {}))
        expect(getString(compose, 'services', name, 'depends_on', other, 'condition')).toBe(
          'service_healthy',
        );
  });

  it('starts the controller with flags that it has', () => {
    const [command, ...flags] = strings('controller', 'command');
    expect(command).toBe('controller');
    expect(readFlags(flags)).toMatchObject({ ok: true });
  });
});

describe('the cluster of docker-compose.yml', () => {
  it('has the kinds of Sluice and a Deployment that has opted in, behind a route of a Gateway of Traefik', () => {
    expect(ofKind('CustomResourceDefinition')).toHaveLength(3);
    const [target] = ofKind('Deployment');
    const [policy] = ofKind('ReleasePolicy');
    expect(target?.metadata.annotations?.[ANNOTATION.policy]).toBe(policy?.metadata.name);
    const [service] = ofKind('Service');
    const labels = getStringMap(target, 'spec', 'template', 'metadata', 'labels');
    expect(labels).toMatchObject(getStringMap(service, 'spec', 'selector'));
    const [route] = ofKind('HTTPRoute');
    const [rule] = getObjects(route, 'spec', 'rules');
    expect(getObjects(rule, 'backendRefs').map(({ name }) => name)).toEqual([service?.metadata.name]);
    const [gateway] = ofKind('Gateway');
    expect(getObjects(route, 'spec', 'parentRefs').map(({ name }) => name)).toEqual([gateway?.metadata.name]);
    expect(getString(gateway, 'spec', 'gatewayClassName')).toBe('traefik');
  });

  it('has a policy that is taken', () => {
    for (const { spec } of ofKind('ReleasePolicy')) expect(parsePolicy(spec)).toMatchObject({ ok: true });
  });

  it('makes every namespace that its objects are in', () => {
    const made = ofKind('Namespace').map(({ metadata }) => metadata.name);
    const used = objects.map(({ metadata }) => metadata.namespace ?? '').filter((name) => name !== '');
    expect([...new Set(used)].filter((name) => ![...made, 'kube-system'].includes(name))).toEqual([]);
    expect(made).toContain(HOME.namespace);
  });

  it('switches Traefik to routes of the Gateway API, and shows its metrics where Prometheus looks', () => {
    const [config] = ofKind('HelmChartConfig');
    const values: unknown = parse(getString(config, 'spec', 'valuesContent') ?? '');
    expect(get(values, 'providers', 'kubernetesGateway', 'enabled')).toBe(true);
    expect(get(values, 'ports', 'metrics', 'expose', 'default')).toBe(true);
    const prometheus: unknown = parse(read('manifests/compose/prometheus.yaml'));
    const targets = getObjects(prometheus, 'scrape_configs')
      .flatMap((job) => getObjects(job, 'static_configs'))
      .flatMap((each) => getArray(each, 'targets') ?? []);
    expect(targets).toEqual(['k3s:9100', 'k3s:8080']);
  });

  it('sends its users to a host that the route knows', () => {
    const [route] = ofKind('HTTPRoute');
    const host = getString(route, 'spec', 'hostnames', 0) ?? '';
    expect(strings('users', 'command')).toContain(`Host: ${host}`);
  });

  it('has Grafana read the dashboards where they are mounted', () => {
    const dashboards: unknown = parse(read('manifests/compose/grafana/dashboards.yaml'));
    const [provider] = getObjects(dashboards, 'providers');
    const mounted = mountsOf('grafana').find(([from]) => from === './manifests/grafana')?.[1];
    expect(getString(provider, 'options', 'path')).toBe(mounted);
  });
});
