import { parseArgs } from 'node:util';
import { readAccess } from '../dataplane/proxy/api-client.ts';
import { Gateway } from '../dataplane/proxy/gateway.ts';
import { seeded } from '../../lib/random.ts';
import type { Program } from './program.ts';

/** `gateway --kubeconfig FILE [--seed N] [--propagation-ms N]`: the data plane; prints and tells its ports. */
export async function run(program: Program): Promise<number> {
  const { values } = parseArgs({
    args: program.args,
    options: {
      kubeconfig: { type: 'string' },
      seed: { type: 'string', default: '1' },
      'propagation-ms': { type: 'string', default: '500' },
    },
  });
  if (values.kubeconfig === undefined)
    throw new Error('gateway: --kubeconfig is missing; give the path of one');
  const gateway = new Gateway({
    access: readAccess(values.kubeconfig),
    random: seeded(Number(values.seed)),
    propagationMs: Number(values['propagation-ms']),
  });
  const ports = await gateway.listen();
  program.tell({ ready: ports });
  program.print(JSON.stringify(ports));
  await program.ended;
  gateway.close();
  return 0;
}
