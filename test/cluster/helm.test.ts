/** A real Helm 4, which applies server-side, before, during and after releases: no conflict ever, and ownership as it was. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { App, image, ROUTES, type RouteKind } from './applied.ts';
import { run, type Ran } from './control-plane.ts';
import { ensureHelm, NO_HELM } from './helm.ts';
import { Lane } from './lane.ts';

const CHART = fileURLToPath(new URL('chart', import.meta.url));
const title = NO_HELM === undefined ? 'Helm 4' : `Helm 4 (skipped: ${NO_HELM})`;

describe.skipIf(NO_HELM !== undefined)(title, () => {
  const home = mkdtempSync(join(tmpdir(), 'sluice-helm-'));
  let lane: Lane;
  let program: string;

  beforeAll(async () => {
    lane = await Lane.start();
    program = ensureHelm(inject('lane')!.binaries);
    await lane.install();
    await lane.controller();
  });

  afterAll(async () => {
    await lane.stop();
    rmSync(home, { recursive: true, force: true });
  });

  describe.each(ROUTES)('with a chart of a Deployment, a Service and a %s', (kind: RouteKind) => {
    let app: App;
    let spec: unknown;

    beforeAll(async () => {
      app = new App(lane, kind, `helm-${kind.toLowerCase()}`);
      await app.prepare();
    });

    const helm = (...args: string[]): Promise<Ran> =>
      run('env', [
        `HELM_CACHE_HOME=${home}`,
        `HELM_CONFIG_HOME=${home}`,
        `HELM_DATA_HOME=${home}`,
        program,
        `--kubeconfig=${lane.kubeconfig}`,
        `--namespace=${app.namespace}`,
        ...args,
      ]);
    const chart = (version: number): string[] => [
      'web',
      CHART,
      `--set=image=${image(version)}`,
      `--set=route=${kind}`,
    ];
    const upgrade = (version: number): Promise<Ran> => helm('upgrade', ...chart(version));

    it('installs, and upgrades to the same without a release', async () => {
      expect(await helm('install', ...chart(1))).toMatchObject({ code: 0 });
      await app.until(/^Promoted\/Initial/);
      spec = (await app.get(kind)).spec;
      expect(await upgrade(1)).toMatchObject({ code: 0 });
      expect(await app.owners()).toBe('helm');
    });

    it('upgrades, and upgrades again in mid-release, by which the release is superseded', async () => {
      expect(await upgrade(2)).toMatchObject({ code: 0 });
      await app.untilSplit();
      expect(await app.owners()).toBe('helm');
      expect(await upgrade(3)).toMatchObject({ code: 0 });
      await app.until(/^\S+ Superseded\//);
      await app.untilSplit();
      expect(await app.owners()).toBe('helm');
    });

    it('upgrades to the same in mid-release, by which the route is put back and the release goes on', async () => {
      expect(await upgrade(3)).toMatchObject({ code: 0 });
      await app.order('promote');
      await app.until(/^Promoted\/Promoted/);
      expect([await app.owners(), (await app.get(kind)).spec]).toEqual(['helm', spec]);
    });

    it('says success for an upgrade that waits as soon as the change is held', async () => {
      expect(await helm('upgrade', ...chart(4), '--wait', '--timeout=60s')).toMatchObject({ code: 0 });
      expect(await app.state()).toMatch(/^(Pending|Progressing)?\//);
      await app.untilSplit();
    });

    it('rolls back in mid-release, which ends it, and after one', async () => {
      expect(await helm('rollback', 'web')).toMatchObject({ code: 0 });
      await app.until(/^Aborted\//);
      expect([await app.image(), await app.owners()]).toEqual([image(3), 'helm']);
      expect((await app.get(kind)).spec).toEqual(spec);
      expect(await helm('rollback', 'web', '1')).toMatchObject({ code: 0 });
      expect(await app.owners()).toBe('helm');
    });

    it('uninstalls all of it', async () => {
      expect(await helm('uninstall', 'web')).toMatchObject({ code: 0 });
      await expect
        .poll(() => lane.list(`deployments,services,${kind}`, app.namespace), { timeout: 600_000 })
        .toEqual([]);
    });
  });
});
