import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { realClock } from '../apiserver/clock.ts';
import { writeKubeconfig } from '../apiserver/kubeconfig.ts';
import { CONTROLLER } from '../apiserver/http/users.ts';
import { listen } from '../apiserver/listen.ts';
import { createApiServer } from '../apiserver/server.ts';
import { fakeRuntime, startWorkloads } from '../workloads/index.ts';
import type { Program } from './program.ts';

function portOf(value: string): number {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new Error(`api: --port ${value} is no port; give a number from 0 (any free one) to 65535`);
}

/** `api [--port N] [--token T] [--faults]`: the embedded API server with its controllers and pods that only pretend. */
export async function run(program: Program): Promise<number> {
  const { values } = parseArgs({
    args: program.args,
    options: {
      port: { type: 'string', default: '0' },
      token: { type: 'string' },
      faults: { type: 'boolean', default: false },
    },
  });
  const clock = realClock;
  const { token, faults } = values;
  const controllerToken = randomUUID();
  const users = { [controllerToken]: CONTROLLER };
  const api = createApiServer({ clock, users, faults, ...(token === undefined ? {} : { token }) });
  const workloads = startWorkloads({ store: api.store, clock, runtime: fakeRuntime(clock), schedule: false });
  const listening = await listen(api, portOf(values.port));
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
