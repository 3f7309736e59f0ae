import { describe, expect, it } from 'vitest';
import type { Resource } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { getObject, getString } from '../../lib/json.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { KubeError } from '../../kube/errors.ts';
import { aRelease } from '../../test/support/release-builders.ts';
import { missingRights, readingRights, whoAmI, writingRights, type Needed } from './rights.ts';

const release = aRelease() as unknown as Release;
const USER = 'system:serviceaccount:sluice-system:sluice';
const PLACE = { namespace: 'shop', home: 'sluice-system', attached: [] };

/** An API server on which this user may do everything except what `denied` names, like "patch httproutes". */
function server(denied: readonly string[], absent: readonly string[] = []) {
  const asked: JsonObject[] = [];
  return {
    asked,
    review: (_resource: Resource, spec: JsonObject = {}) => {
      const wanted = getObject(spec, 'resourceAttributes') ?? {};
      asked.push(wanted);
      const of = (name: string) => getString(wanted, name) ?? '';
      const name = `${of('verb')} ${of('resource')}${of('subresource') === '' ? '' : `/${of('subresource')}`}`;
      return Promise.resolve({ allowed: !denied.includes(name) });
    },
    serves: ({ plural }: Resource) => Promise.resolve(!absent.includes(plural)),
  };
}

const sentences = async (denied: string[], rights: Needed[]) =>
  (await missingRights(server(denied), rights, USER)).map(({ reason, sentence }) => `${reason}: ${sentence}`);

describe('sluice check --as', () => {
  it('finds the rights that the controller lacks, with verbs, kind and namespace', async () => {
    const denied = ['create services', 'delete services', 'patch httproutes', 'patch releases/status'];
    expect(await sentences(denied, writingRights(release, PLACE))).toEqual([
      expect.stringContaining('may not create, delete services in namespace shop'),
      expect.stringContaining(
        `Forbidden: ${USER} may not patch releases/status of sluice.dev in namespace shop; grant it`,
      ),
      expect.stringContaining('may not patch httproutes of gateway.networking.k8s.io in namespace shop'),
    ]);
    expect(await sentences([], writingRights(release, PLACE))).toEqual([]);
  });

  it('asks for what has to follow the canary, and for the Lease at home', async () => {
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'deny', namespace: 'shop' },
    };
    const all = await sentences(
      ['patch networkpolicies', 'create leases'],
      writingRights(release, { ...PLACE, attached: [policy] }),
    );
    expect(all.join('\n')).toContain(
      'may not create leases of coordination.k8s.io in namespace sluice-system',
    );
    expect(all.join('\n')).toContain('may not patch networkpolicies');
  });

  it('asks to read what is installed, and nothing else', async () => {
    const client = server(['list xbackendtrafficpolicies', 'list virtualservices'], ['virtualservices']);
    const missing = await missingRights(client, await readingRights(client, 'shop', 'sluice-system'), USER);
    expect(missing.map(({ sentence }) => sentence)).toEqual([
      expect.stringContaining('may not list xbackendtrafficpolicies of gateway.networking.x-k8s.io'),
    ]);
    expect(client.asked.some((each) => getString(each, 'resource') === 'virtualservices')).toBe(false);
  });
});

describe('with whose rights it looked', () => {
  const answering = (review: () => Promise<JsonObject>) =>
    whoAmI({ review, serves: () => Promise.resolve(true) });

  it('is what the API server says', async () => {
    expect(await answering(() => Promise.resolve({ userInfo: { username: 'ann' } }))).toBe('ann');
  });

  it('is not known where it cannot be asked', async () => {
    const error = new KubeError({ code: 404, reason: 'NotFound', message: 'no' });
    expect(await answering(() => Promise.reject(error))).toBeUndefined();
  });
});
