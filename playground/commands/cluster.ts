import { randomUUID } from 'node:crypto';
import { realClock } from '../apiserver/clock.ts';
import { CONTROLLER } from '../apiserver/http/users.ts';
import { listen } from '../apiserver/listen.ts';
import { createApiServer } from '../apiserver/server.ts';
import { HttpPodRuntime } from '../dataplane/proxy/pod-runtime.ts';
import { seeded } from '../../lib/random.ts';
import { startWorkloads } from '../workloads/index.ts';
import { command, SEED, whole, type Program } from './program.ts';

/**
 * API server and workloads as in `api`, with pods that really serve; prints their address and sends it, with
 * a token of the controller's, to the parent process.
 */
async function serve(program: Program, { seed }: { seed: number }): Promise<number> {
  const clock = realClock;
  const broken = Promise.withResolvers<number>();
  const runtime = new HttpPodRuntime({
    seed,
    onFatal: (sentence) => {
      program.complain(sentence);
      broken.resolve(1);
    },
  });
  const controllerToken = randomUUID();
  const users = { [controllerToken]: CONTROLLER };
  const api = createApiServer({ clock, random: seeded(seed), users });
  const workloads = startWorkloads({ store: api.store, clock, runtime });
  const listening = await listen(api, 0, randomUUID());
  program.print(`API server at 127.0.0.1:${listening.port}`);
  program.tell({ ready: { url: listening.url, controllerToken } });
  const code = await Promise.race([program.ended.then(() => 0), broken.promise]);
  workloads.stop();
  runtime.close();
  api.close();
  await listening.close();
  return code;
}

export const run = command({
  name: 'playground cluster',
  help: 'An API server of Kubernetes with its controllers, and pods that serve requests.',
  takes: (made) => made.option('--seed <n>', 'repeats the same faults', whole('--seed', SEED), 1),
  run: serve,
});
