import { PodHost } from '../dataplane/proxy/pod-host.ts';
import type { HostCommand } from '../dataplane/proxy/pod-host.ts';
import { command } from './program.ts';

export const run = command({
  name: 'playground pod-host',
  help: 'Runs the pods of one playground: started over IPC by its kubelet, and ends with it.',
  takes: () => undefined,
  run: async (program) => {
    const host = new PodHost(process.pid, (event) => program.tell(event));
    process.on('message', (message) => host.handle(message as HostCommand));
    await program.ended;
    return 0;
  },
});
