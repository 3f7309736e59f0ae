import { describe, expect, it } from 'vitest';
import { diffJson, formatChange } from './diff.ts';

describe('diffJson', () => {
  it('tells list items apart by name, and shows what was added, changed and removed', () => {
    const before = {
      spec: {
        containers: [
          { name: 'app', image: 'shop:1' },
          { name: 'log', image: 'l' },
        ],
        old: true,
      },
    };
    const after = {
      spec: {
        containers: [
          { name: 'log', image: 'l' },
          { name: 'app', image: 'shop:2', env: [] },
        ],
      },
    };
    expect(diffJson(before, after).map(formatChange)).toEqual([
      'spec.containers[app].image: shop:1 → shop:2',
      'spec.containers[app].env: added []',
      'spec.old: removed true',
    ]);
  });

  it('compares lists without names by position, and shortens long values', () => {
    const changes = diffJson({ args: ['a'] }, { args: ['b', 'x'.repeat(200)] }, { values: true });
    expect(changes.map(formatChange)[0]).toBe('args[0]: a → b');
    expect(changes.map(formatChange)[1]?.length).toBeLessThan(110);
  });

  const container = (image: string, secret: string) => ({
    metadata: { annotations: { 'x.dev/token': secret }, labels: { app: 'web' } },
    spec: {
      containers: [
        {
          name: 'app',
          image,
          args: ['--password', secret],
          command: ['run', secret],
          env: [
            { name: 'DB_PASSWORD', value: secret },
            { name: 'LEVEL', value: secret === 'old-secret' ? '1' : '2' },
          ],
          livenessProbe: { httpGet: { path: '/live', httpHeaders: [{ name: 'Auth', value: secret }] } },
          resources: { limits: { memory: image === 'web:1' ? '1Gi' : '2Gi' } },
        },
      ],
      volumes: [{ name: 'v', csi: { driver: 'd', volumeAttributes: { token: secret } } }],
      replicas: image === 'web:1' ? 1 : 2,
    },
  });

  it('names what could hold a secret and says that it changed, and shows what runs', () => {
    const changes = diffJson(container('web:1', 'old-secret'), container('web:2', 'new-secret'));
    expect(changes.map(formatChange)).toEqual([
      'metadata.annotations[x.dev/token]: changed',
      'spec.containers[app].image: web:1 → web:2',
      'spec.containers[app].args[1]: changed',
      'spec.containers[app].command[1]: changed',
      'spec.containers[app].env[DB_PASSWORD].value: changed',
      'spec.containers[app].env[LEVEL].value: changed',
      'spec.containers[app].livenessProbe.httpGet.httpHeaders[Auth].value: changed',
      'spec.containers[app].resources.limits.memory: 1Gi → 2Gi',
      'spec.volumes[v].csi.volumeAttributes.token: changed',
      'spec.replicas: 1 → 2',
    ]);
  });

  it('shows no value of a container that was added or removed either', () => {
    const empty = { metadata: { labels: { app: 'web' } }, spec: { containers: [] } };
    for (const [before, after] of [
      [empty, container('web:1', 'old-secret')],
      [container('web:1', 'old-secret'), empty],
    ] as const) {
      const lines = diffJson(before, after).map(formatChange);
      expect(lines.join()).toContain('spec.containers[app].env[DB_PASSWORD].value: ');
      expect(lines.join()).not.toContain('old-secret');
    }
  });

  it('shows values to who asks for them', () => {
    const changes = diffJson(container('web:1', 'old-secret'), container('web:1', 'new-secret'), {
      values: true,
    });
    expect(changes.map(formatChange)).toContain(
      'spec.containers[app].env[DB_PASSWORD].value: old-secret → new-secret',
    );
  });

  it('finds nothing between equal values', () => {
    expect(diffJson({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toEqual([]);
  });
});
