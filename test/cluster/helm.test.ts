/**
 * A real Helm 4, which applies server-side, before, during and after releases: there are no conflicts, and
 * every field keeps its owner.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { App, applied, image, ROUTES, type RouteKind } from './applied.ts';
import { run } from './control-plane.ts';
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
    program = ensureHelm();
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
    /** Helm's number of the revision that was promoted last */
    let proven = '';

    beforeAll(async () => {
      app = new App(lane, kind, `helm-${kind.toLowerCase()}`);
      await app.prepare();
    });

    /** Runs Helm, which must succeed. */
    const helm = async (...args: string[]): Promise<string> => {
      const homes = ['CACHE', 'CONFIG', 'DATA'].map((each) => `HELM_${each}_HOME=${home}`);
      const where = [`--kubeconfig=${lane.kubeconfig}`, `--namespace=${app.namespace}`];
      const { code, out } = await applied(() => run('env', [...homes, program, ...where, ...args]));
      if (code !== 0) throw new Error(`helm ${args.join(' ')} ended with ${code}:\n${out}`);
      return out;
    };
    const chart = (version: number): string[] => [
      'web',
      CHART,
      `--set=image=${image(version)}`,
      `--set=route=${kind}`,
    ];
    const upgrade = (version: number): Promise<string> => helm('upgrade', ...chart(version));

    it('installs, and upgrades to the same without a release', async () => {
      await helm('install', ...chart(1));
      await app.until(/^Promoted\/Initial/);
      spec = (await app.get(kind)).spec;
      await upgrade(1);
      expect(await app.owners()).toBe('helm');
    });

    it('upgrades, and upgrades again in mid-release, by which the release is superseded', async () => {
      await upgrade(2);
      await app.untilSplit('helm');
      await upgrade(3);
      await app.until(/^\S+ Superseded\//);
      await app.untilSplit('helm');
    });

    it('upgrades to the same in mid-release, by which the route is put back and the release goes on', async () => {
      await upgrade(3);
      await app.order('promote');
      await app.until(/^Promoted\/Promoted/);
      expect([await app.owners(), (await app.get(kind)).spec]).toEqual(['helm', spec]);
      proven = /"version": ?(\d+)/.exec(await helm('status', 'web', '--output=json'))?.[1] ?? '';
    });

    it('says success for an upgrade that waits as soon as the change is held', async () => {
      await helm('upgrade', ...chart(4), '--wait', '--timeout=60s');
      expect(await app.state()).toMatch(/^(Pending|Progressing)?\//);
      await app.untilSplit('helm');
    });

    it('rolls back in mid-release, which ends it, and after one', async () => {
      await helm('rollback', 'web', proven);
      await app.until(/^Aborted\//);
      expect([await app.image(), await app.owners()]).toEqual([image(3), 'helm']);
      expect((await app.get(kind)).spec).toEqual(spec);
      await helm('rollback', 'web', '1');
      expect(await app.owners()).toBe('helm');
    });

    it('uninstalls all of it', async () => {
      await helm('uninstall', 'web');
      await eventually(async () =>
        expect(await lane.list(`deployments,services,${kind}`, app.namespace)).toEqual([]),
      );
    });
  });
});
