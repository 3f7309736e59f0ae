import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BORROWED, type Controller } from './lane.ts';
import { Stage, WHY } from './steps.ts';
import { PROVIDERS, type Subject } from './targets.ts';

/** One provider that edits an object of its user, one that makes objects, and one that has only pods. */
const SUBJECTS: readonly Subject[] = PROVIDERS.filter(({ name }) =>
  ['gateway-http', 'nginx', 'replicas'].includes(name),
);
/** With an election as well: the Lease is renewed at the server that is restarted. */
const ELECTION = ['--lease-name=sluice-controller'];

describe.skipIf(BORROWED !== undefined)(
  `a release during which the API server dies and comes again${WHY}`,
  () => {
    let stage: Stage;
    let controller: Controller;

    beforeAll(async () => {
      stage = await Stage.start(SUBJECTS);
    });

    afterEach(() => controller.end());

    afterAll(() => stage.stop());

    /**
     * A starting server does not know its roles for seconds and answers 403: only that may be in the
     * complaints.
     */
    const expectPromoted = async (): Promise<void> => {
      await stage.sight.until(SUBJECTS, /^Promoted\/PromotedByHuman$/);
      await stage.expectAsBefore();
    };

    it('goes on in the same process without an election, from whatever step', async () => {
      controller = await stage.lane.controller();
      await stage.sight.until(SUBJECTS, /^Promoted\/Initial$/);
      await stage.release('v2', 'v1');
      // While canaries start, and while they get requests.
      await stage.sight.until(SUBJECTS, /^Progressing\//);
      await stage.lane.restartServer();
      await stage.sight.untilSplit(SUBJECTS);
      await stage.lane.restartServer();
      await stage.promote('v2');
      await expectPromoted();
      expect(controller.child.exitCode).toBeNull();
    });

    it('goes on in the next process where the Lease ended with the server', async () => {
      controller = await stage.lane.controller(stage.lane.hold, ELECTION);
      await stage.release('v3', 'v2');
      await stage.sight.untilSplit(SUBJECTS);
      const ended = once(controller.child, 'exit');
      await stage.lane.stopServer();
      expect(await ended).toEqual([1, null]);
      await stage.lane.startServer();
      controller = await stage.lane.controller(stage.lane.hold, ELECTION);
      await stage.promote('v3');
      await expectPromoted();
    });
  },
);
