import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject, ObjectRef } from '../../api/kube.ts';
import { HOME } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeError } from '../../kube/errors.ts';
import { startApi, type TestApi } from '../../test/support/api.ts';
import { settle, VirtualClock } from '../../test/support/in-process.ts';
import { aRelease } from '../../test/support/release-builders.ts';
import { SealKeeper } from './keeper.ts';
import type { SecretClient } from './secret.ts';

const HOUR = 60 * 60_000;
const REF: ObjectRef = { resource: RESOURCES.secrets, namespace: 'sluice-system', name: HOME.seal };

let clock: VirtualClock;
let api: TestApi;
let lines: { level: number; msg: string }[];
let changes: number;

beforeEach(async () => {
  clock = new VirtualClock();
  api = await startApi(clock, 'sluice-system');
  lines = [];
  changes = 0;
});

function keeper(client: SecretClient = api.client, namespace = 'sluice-system'): SealKeeper {
  const sink = {
    write: (line: string) => void lines.push(JSON.parse(line) as { level: number; msg: string }),
  };
  return new SealKeeper({
    client,
    namespace,
    clock,
    log: pino({ level: 'info', base: null }, sink),
    onChange: () => (changes += 1),
  });
}

const dataOf = async () => ((await api.client.get(REF)) as KubeObject)['data'] as Record<string, string>;

function sealedBy({ seal }: SealKeeper): KubeObject {
  const release = aRelease();
  const annotations = { ...release.metadata.annotations, 'sluice.dev/seal': seal.of(release) ?? '' };
  return { ...release, metadata: { ...release.metadata, annotations } };
}

describe('the key of the seals', () => {
  it('is made once, by whoever comes first of two that start at once', async () => {
    const both = [keeper(), keeper()] as const;
    // both look before either has made the Secret
    let waiting = 0;
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const client: SecretClient = {
      get: (ref) => api.client.get(ref),
      create: async (object) => {
        waiting += 1;
        if (waiting === 2) open();
        await gate;
        return api.client.create(object);
      },
    };
    const [one, two] = [keeper(client), keeper(client)];
    await Promise.all([one.read(), two.read()]);
    expect(Buffer.from((await dataOf())['key'] ?? '', 'base64')).toHaveLength(32);
    await Promise.all(both.map((each) => each.read()));
    const release = sealedBy(one);
    expect([one, two, ...both].map(({ seal }) => seal.standingOf(release))).toEqual(Array(4).fill('sealed'));
    expect(lines.map(({ msg }) => msg)).toEqual(['made the key by which Releases are sealed']);
  });

  it('is found changed for another within the hour; the old one verifies while it stands as the second', async () => {
    const made = keeper();
    const started = made.start();
    await settle();
    const release = sealedBy(made);
    const { key = '' } = await dataOf();
    const next = Buffer.alloc(32, 7).toString('base64');
    await api.client.mergePatch(REF, { data: { key: next, previous: key } });
    await clock.advance(HOUR);
    expect([made.seal.standingOf(release), changes]).toEqual(['aging', 1]);
    await api.client.mergePatch(REF, { data: { previous: null } });
    await clock.advance(HOUR);
    expect(made.seal.standingOf(release)).toBe('unsealed');
    expect(lines.filter(({ level }) => level >= 50)).toEqual([]);
    made.stop();
    void started;
  });

  it('that is lost makes way for another, loudly', async () => {
    const made = keeper();
    const started = made.start();
    await settle();
    const release = sealedBy(made);
    await api.client.delete(REF);
    await clock.advance(HOUR);
    expect([made.seal.standingOf(release), changes, made.problem]).toEqual(['unsealed', 1, undefined]);
    expect(lines.at(-1)).toMatchObject({
      level: 50,
      msg: 'the key of the seals was lost: releases under way end Aborted, with their traffic off',
    });
    made.stop();
    void started;
  });

  it('that stays out of reach later is still the one that is known', async () => {
    let away = false;
    const made = keeper({
      get: (ref) =>
        away
          ? Promise.reject(new KubeError({ code: 503, reason: 'ServiceUnavailable', message: 'away' }))
          : api.client.get(ref),
      create: (object) => api.client.create(object),
    });
    const started = made.start();
    await settle();
    const release = sealedBy(made);
    away = true;
    await clock.advance(2 * HOUR);
    expect([made.seal.standingOf(release), made.problem]).toEqual(['sealed', undefined]);
    made.stop();
    void started;
  });
});

describe('what keeps the key from being known is said, and no work begins before', () => {
  it('a right that is missing', async () => {
    let allowed = false;
    const made = keeper({
      get: (ref) =>
        allowed
          ? api.client.get(ref)
          : Promise.reject(new KubeError({ code: 403, reason: 'Forbidden', message: 'no' })),
      create: (object) => api.client.create(object),
    });
    let known = false;
    const reading = made.read().then(() => (known = true));
    await clock.advance(60_000);
    expect([known, made.problem]).toEqual([
      false,
      'the controller may not read or make Secret sluice-system/sluice-seal, the key by which it knows its own Releases; allow it to get and create secrets there (docs/operations.md)',
    ]);
    expect(lines).toHaveLength(1);
    allowed = true;
    await clock.advance(10_000);
    await reading;
    expect(made.problem).toBe(undefined);
  });

  it('a namespace that is missing', async () => {
    const made = keeper(api.client, 'nowhere');
    void made.read();
    await settle();
    expect(made.problem).toContain('Secret nowhere/sluice-seal');
    expect(made.problem).toContain('create the namespace');
    made.stop();
  });

  it('a Secret that is no key', async () => {
    await api.client.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: HOME.seal, namespace: 'sluice-system' },
      data: { key: 'c2hvcnQ=' },
    });
    const made = keeper();
    void made.read();
    await settle();
    expect(made.problem).toContain('have to be 32 bytes or more in base64');
    made.stop();
  });
});
