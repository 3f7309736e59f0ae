import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../api/kube.ts';
import { getArray, getObject, getObjects, getString, type JsonObject } from '../../lib/json.ts';
import { parseFlags } from '../../controller/config.ts';
import { ownAddress } from '../../controller/server.ts';
import { SIZES, TYPOS } from '../support/chart-values.ts';
import { ROOT } from './root.ts';

const read = (path: string): string => readFileSync(join(ROOT, 'manifests', path), 'utf8');
const json = (path: string): JsonObject => parse(read(path)) as JsonObject;

const accepts = new Ajv({ allErrors: true, strict: false }).compile(json('chart/values.schema.json'));
const wrong = (values: JsonObject): string[] => {
  accepts(values);
  return (accepts.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
};

describe('the values of the chart', () => {
  it('are taken as they stand in values.yaml', () => {
    expect(wrong(json('chart/values.yaml'))).toEqual([]);
  });

  it.each(SIZES)('are taken for $title', ({ values }) => {
    expect(wrong(values)).toEqual([]);
  });

  it.each(TYPOS)('are refused with $title', ({ values, at }) => {
    expect(wrong(values).map((each) => each.split(' ', 1)[0])).toContain(at);
  });

  const choices = (...path: string[]): string[] => {
    const schema = path.reduce<JsonObject | undefined>(
      (at, name) => getObject(at, 'properties', name),
      json('chart/values.schema.json'),
    );
    return (getArray(schema, 'enum') ?? []).map(String);
  };

  it.each([
    { flag: '--hold', path: ['hold'] },
    { flag: '--policies', path: ['controller', 'policies'] },
    { flag: '--log-level', path: ['controller', 'logLevel'] },
  ])('offer nothing for $flag that the controller does not know', ({ flag, path }) => {
    const offered = choices(...path);
    expect(offered).not.toEqual([]);
    for (const each of offered) expect(parseFlags([`${flag}=${each}`]), each).toMatchObject({ ok: true });
  });
});

describe('what is shipped for clusters', () => {
  const folders = ['crds', 'rbac', 'admission/common', 'admission/admission-mode', 'admission/pause-mode'];
  const shipped = folders.flatMap((folder) =>
    readdirSync(join(ROOT, 'manifests', folder))
      .filter(
        (file) => file.endsWith('.yaml') && file !== 'kustomization.yaml' && file !== 'cluster-wide.yaml',
      )
      .map((file) => `${folder}/${file}`),
  );

  it.each(shipped)('is in the chart as it is in %s', (path) => {
    expect(read(`chart/files/${path}`).split('\n').slice(1).join('\n')).toBe(read(path));
  });

  it('binds the same roles by the overlay as by manifests/rbac', () => {
    expect(read('deploy/overlays/cluster-wide/bindings.yaml')).toBe(read('rbac/cluster-wide.yaml'));
  });
});

describe('the controller of the kustomize base', () => {
  const objects = parseAllDocuments(read('deploy/base/controller.yaml')).map(
    (document) => document.toJS() as KubeObject,
  );
  const deployment = objects.find(({ kind }) => kind === 'Deployment');
  const pod = getObject(deployment?.spec, 'template', 'spec');
  const [container = {}] = getObjects(pod, 'containers');

  it('starts with the defaults of its flags', () => {
    const [command, ...flags] = (getArray(container, 'args') ?? []).map(String);
    expect(command).toBe('controller');
    expect(parseFlags(flags)).toEqual(parseFlags([]));
  });

  it('runs by the restricted standard of Pod Security, and cannot write where it runs', () => {
    expect(pod).toMatchObject({
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(container).toMatchObject({
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
    });
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'volumes'])
      expect(Object.keys(pod ?? {})).not.toContain(field);
  });

  it('is probed on the port that it serves', () => {
    const [port] = getObjects(container, 'ports');
    expect(port).toMatchObject({ name: 'metrics', containerPort: 8080 });
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect(getString(container, probe, 'httpGet', 'port')).toBe('metrics');
  });

  it('listens where kubectl port-forward reaches it, on the loopback of the pod', () => {
    const given = getObjects(container, 'env').map((each) => [getString(each, 'name') ?? '', 'set']);
    const env = {
      KUBERNETES_SERVICE_HOST: '10.96.0.1',
      ...(Object.fromEntries(given) as Record<string, string>),
    };
    expect(ownAddress(env)).toBe('');
  });

  it('has no limit of CPU, by which it would lose its Lease', () => {
    expect(getObject(container, 'resources', 'limits')).toEqual({ memory: '512Mi' });
  });
});
