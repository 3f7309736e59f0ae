import { readAccess } from '../dataplane/proxy/api-client.ts';
import { Gateway } from '../dataplane/proxy/gateway.ts';
import { seeded } from '../../lib/random.ts';
import { command, SEED, whole, type Program } from './program.ts';

interface Flags {
  kubeconfig: string;
  seed: number;
  propagationMs: number;
}

/** The data plane; prints its ports and sends them to the parent process. */
async function serve(program: Program, { kubeconfig, seed, propagationMs }: Flags): Promise<number> {
  const gateway = new Gateway({
    access: readAccess(kubeconfig),
    random: seeded(seed),
    propagationMs,
  });
  const ports = await gateway.listen();
  program.tell({ ready: ports });
  program.print(JSON.stringify(ports));
  await program.ended;
  gateway.close();
  return 0;
}

export const run = command({
  name: 'playground gateway',
  help: 'A data plane that routes requests by the objects of a cluster, as gateways and meshes do.',
  takes: (made) =>
    made
      .requiredOption('--kubeconfig <file>', 'kubeconfig of the cluster')
      .option('--seed <n>', 'repeats the same draws', whole('--seed', SEED), 1)
      .option(
        '--propagation-ms <n>',
        'time between a change of an object and requests that follow it',
        whole('--propagation-ms', [0, 600_000]),
        500,
      ),
  run: serve,
});
