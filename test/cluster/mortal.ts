import { pino } from 'pino';
import { measure } from '../../analysis/measure/measure.ts';
import { openEndpoints } from '../../analysis/measure/open.ts';
import { RESOURCES } from '../../api/resources.ts';
import { parseFlags } from '../../controller/config.ts';
import { decide } from '../../release/decide.ts';
import { run } from '../../controller/run.ts';
import { systemClock } from '../../kube/clock.ts';
import { KubeError, NETWORK } from '../../kube/errors.ts';
import { connect } from '../../kube/http.ts';
import type { KubeRequest, Transport } from '../../kube/types.ts';
import { servedVersions } from '../../kube/versions.ts';

/**
 * What happens to the process at a write: it dies before the server has the write, or directly after the
 * answer.
 */
export type Fate = 'none' | 'before' | 'after';

/**
 * A controller that may die at any write. It runs in the process of the test, because many of them have to
 * start in a minute.
 */
export interface Mortal {
  kubeconfig: string;
  flags: string[];
  /** asked at each write except Events and dry runs */
  fate: (request: KubeRequest) => Fate;
}

/** Runs until it dies or the signal fires; afterwards nothing of it reaches the server. */
export async function live({ kubeconfig, flags, fate }: Mortal, signal: AbortSignal): Promise<void> {
  const parsed = parseFlags([`--kubeconfig=${kubeconfig}`, '--log-level=silent', ...flags]);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  const config = parsed.value;
  const connection = connect({ kubeconfig, userAgent: 'sluice-controller' });
  const death = new AbortController();
  const endpoints = await openEndpoints(config.endpoints);
  const bugs: unknown[] = [];
  try {
    await run(
      {
        config,
        transport: servedVersions(mortal(connection.transport, fate, death), Object.values(RESOURCES)),
        identity: 'mortal',
        decide,
        measure: (job) => measure(job, endpoints),
        clock: systemClock,
        cpuMs: () => 0,
        random: Math.random,
        log: pino({ level: config.logLevel }),
        onBug: (error) => bugs.push(error),
      },
      AbortSignal.any([signal, death.signal]),
    );
  } finally {
    connection.close();
    for (const endpoint of endpoints.values()) endpoint.close();
  }
  if (bugs.length > 0) throw bugs[0];
}

const isWrite = ({ method, url }: KubeRequest): boolean =>
  method !== 'GET' && !url.includes('/events') && !url.includes('dryRun');

/** Requests that are running when it dies may have an effect or not, as with any process. */
function mortal(transport: Transport, fate: Mortal['fate'], death: AbortController): Transport {
  const gone = (): never => {
    throw new KubeError({ code: 0, reason: NETWORK, message: 'the process has died' });
  };
  return {
    request: async (request) => {
      if (death.signal.aborted) gone();
      const ends = isWrite(request) ? fate(request) : 'none';
      if (ends === 'before') death.abort();
      if (death.signal.aborted) gone();
      const signal = AbortSignal.any([
        death.signal,
        ...(request.signal === undefined ? [] : [request.signal]),
      ]);
      try {
        const response = await transport.request({ ...request, signal });
        if (ends === 'after') {
          await response.text();
          death.abort();
          gone();
        }
        return response;
      } catch (error) {
        if (death.signal.aborted) gone();
        throw error;
      }
    },
  };
}
