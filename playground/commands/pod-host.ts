import { PodHost } from '../dataplane/proxy/pod-host.ts';
import type { HostCommand } from '../dataplane/proxy/pod-host.ts';
import type { Program } from './program.ts';

/** `pod-host`: runs the pods of one playground; started by the kubelet's side over IPC, ends with it. */
export async function run(program: Program): Promise<number> {
  const host = new PodHost(process.pid, (event) => program.tell(event));
  process.on('message', (message) => host.handle(message as HostCommand));
  await program.ended;
  return 0;
}
