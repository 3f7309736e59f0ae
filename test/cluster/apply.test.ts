/**
 * `kubectl apply --server-side` before, during and after releases: it has no conflicts, and every field keeps
 * its owner.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { App, applied, image, manifests, ROUTES, type RouteKind } from './applied.ts';
import type { Ran } from './control-plane.ts';
import { Lane } from './lane.ts';

let lane: Lane;

beforeAll(async () => {
  lane = await Lane.start();
  await lane.install();
  await lane.controller();
});

afterAll(() => lane.stop());

describe.each(ROUTES)('a server-side apply of a Deployment, a Service and a %s', (kind: RouteKind) => {
  let app: App;
  let spec: unknown;

  beforeAll(async () => {
    app = new App(lane, kind, `applied-${kind.toLowerCase()}`);
    await app.prepare();
  });

  /** As a team's pipeline applies, without force. */
  const apply = (version: number): Promise<Ran> => {
    const items = manifests(kind, app.name, version);
    const args = ['apply', '--server-side', '--field-manager=team', '-n', app.namespace, '-f', '-'];
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    return applied(() => lane.kubectl(args, { input }));
  };

  it('meets no conflict before a release', async () => {
    expect(await apply(1)).toMatchObject({ code: 0 });
    await app.until(/^Promoted\/Initial/);
    spec = (await app.get(kind)).spec;
    expect(await apply(1)).toMatchObject({ code: 0 });
    expect(await app.owners()).toBe('team');
  });

  it('meets none in mid-release, where another template supersedes', async () => {
    expect(await apply(2)).toMatchObject({ code: 0 });
    await app.untilSplit('team');
    expect(await apply(3)).toMatchObject({ code: 0 });
    await app.until(/^\S+ Superseded\//);
    await app.untilSplit('team');
  });

  it('meets none where the same template puts the route back, and the release goes on', async () => {
    expect(await apply(3)).toMatchObject({ code: 0 });
    expect((await app.get(kind)).spec).toEqual(spec);
    await app.order('promote');
    await app.until(/^Promoted\/Promoted/);
    expect([await app.owners(), (await app.get(kind)).spec]).toEqual(['team', spec]);
  });

  it('meets none after a release, promoted or aborted', async () => {
    expect(await apply(3)).toMatchObject({ code: 0 });
    expect(await apply(4)).toMatchObject({ code: 0 });
    await app.untilSplit('team');
    await app.order('abort');
    await app.until(/^Aborted\//);
    expect([await app.owners(), (await app.get(kind)).spec]).toEqual(['team', spec]);
    expect(await apply(4)).toMatchObject({ code: 0 });
  });

  it('meets none once the stable template was put back by order', async () => {
    await app.order('revert');
    await app.until(/^Aborted\//);
    await eventually(async () => expect(await app.image()).toBe(image(3)));
    expect(await app.owners()).toBe('team');
    expect(await apply(5)).toMatchObject({ code: 0 });
    await app.untilSplit('team');
  });
});
