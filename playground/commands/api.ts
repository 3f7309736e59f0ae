import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { realClock } from '../apiserver/clock.ts';
import { writeKubeconfig } from '../apiserver/kubeconfig.ts';
import { CONTROLLER } from '../apiserver/http/users.ts';
import { listen } from '../apiserver/listen.ts';
import { createApiServer } from '../apiserver/server.ts';
import { fakeRuntime, startWorkloads } from '../workloads/index.ts';
import { command, whole, type Program } from './program.ts';

interface Flags {
  port: number;
  token?: string;
  faults?: boolean;
}

/** The embedded API server with its controllers, and pods that run nothing. */
async function serve(program: Program, { port, token, faults = false }: Flags): Promise<number> {
  const clock = realClock;
  const controllerToken = randomUUID();
  const users = { [controllerToken]: CONTROLLER };
  const api = createApiServer({ clock, users, faults, ...(token === undefined ? {} : { token }) });
  const workloads = startWorkloads({ store: api.store, clock, runtime: fakeRuntime(clock), schedule: false });
  const listening = await listen(api, port);
  const { url } = listening;
  const kubeconfig = writeKubeconfig(url, token);
  const controllerKubeconfig = writeKubeconfig(url, controllerToken);
  program.print(`API server at ${url}`);
  program.print(`kubeconfig: ${kubeconfig}`);
  program.print(`kubeconfig of ${CONTROLLER.username}: ${controllerKubeconfig}`);
  if (faults) program.print(`faults: ${url}/playground/faults`);
  program.tell({ ready: { url, kubeconfig, controllerKubeconfig } });
  await program.ended;
  workloads.stop();
  api.close();
  await listening.close();
  for (const file of [kubeconfig, controllerKubeconfig]) rmSync(dirname(file), { recursive: true });
  return 0;
}

export const run = command({
  name: 'playground api',
  help: 'An API server of Kubernetes with its controllers, and pods that only pretend.',
  takes: (made) =>
    made
      .option('--port <n>', 'where it listens on loopback; 0: any free port', whole('--port', [0, 65_535]), 0)
      .option('--token <token>', 'what its administrator has to give (default: nothing)')
      .option('--faults', 'faults may be set at /playground/faults'),
  run: serve,
});
