import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import process from 'node:process';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { measure } from '../analysis/measure/measure.ts';
import { openEndpoints } from '../analysis/measure/open.ts';
import { RESOURCES } from '../api/resources.ts';
import { formatIssue } from '../lib/result.ts';
import { systemClock } from '../kube/clock.ts';
import { connect } from '../kube/http.ts';
import type { Connection } from '../kube/http.ts';
import { servedVersions } from '../kube/versions.ts';
import { parseFlags, type RunConfig } from './config.ts';
import { command } from './flags.ts';
import { decide } from '../release/decide.ts';
import { run } from './run.ts';
import { ownAddress } from './server.ts';

/** After this long the queue stops waiting for running work and the program ends: as after a crash, nothing is lost. */
const SHUTDOWN_MS = 20_000;

/**
 * `sluice controller`: runs until SIGTERM or SIGINT.
 *
 * @param argv flags, without program and command
 * @returns the exit code: 0 stopped by a signal, 1 leadership lost or broken, 2 wrong flags, no kubeconfig
 */
export async function runController(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(command().helpInformation());
    return 0;
  }
  const flags = parseFlags(argv);
  if (!flags.ok) {
    for (const issue of flags.issues) process.stderr.write(`sluice controller: ${formatIssue(issue)}\n`);
    return 2;
  }
  const config = { ...flags.value, metricsAddress: flags.value.metricsAddress ?? ownAddress(process.env) };
  const log = pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime });
  const connection = open(config);
  if (typeof connection === 'string') {
    process.stderr.write(`sluice controller: ${connection}\n`);
    return 2;
  }
  if (config.endpoints.size === 0)
    log.warn(
      'neither --prometheus nor --source is given: nothing can be measured, and every release will wait for a human',
    );
  try {
    return await runUntilSignal(config, connection, log);
  } catch (error) {
    log.fatal({ err: error }, 'the controller cannot continue');
    return 1;
  }
}

/** The connection to the API server, or why it cannot be made. */
function open({ kubeconfig, context }: RunConfig): Connection | string {
  try {
    return connect({ kubeconfig, context, userAgent: 'sluice-controller' });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function runUntilSignal(config: RunConfig, connection: Connection, log: Logger): Promise<number> {
  const stop = new AbortController();
  const bug = (error: unknown): void => {
    log.fatal({ err: error }, 'unexpected error');
    process.exit(1);
  };
  const onSignal = (name: NodeJS.Signals): void => {
    log.info({ signal: name }, 'stopping');
    stop.abort();
    setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
  };
  process.on('uncaughtException', bug);
  process.once('SIGTERM', onSignal).once('SIGINT', onSignal);
  const endpoints = await openEndpoints(config.endpoints);
  log.info({ server: connection.server, ...describe(config) }, 'starting');
  try {
    const ended = await run(
      {
        config,
        transport: servedVersions(connection.transport, Object.values(RESOURCES)),
        identity: `${hostname()}_${process.pid}_${randomBytes(4).toString('hex')}`,
        decide,
        measure: (job) => measure(job, endpoints),
        clock: systemClock,
        cpuMs: () => {
          const { user, system } = process.cpuUsage();
          return (user + system) / 1000;
        },
        random: Math.random,
        log,
        onBug: bug,
      },
      stop.signal,
    );
    log.info({ ended }, 'ended');
    return ended === 'stopped' ? 0 : 1;
  } finally {
    connection.close();
    for (const endpoint of endpoints.values()) endpoint.close();
    process.off('uncaughtException', bug).off('SIGTERM', onSignal).off('SIGINT', onSignal);
  }
}

function describe(config: RunConfig): Record<string, unknown> {
  const { namespace, lease, concurrency, hold, decisions } = config;
  return {
    namespace,
    lease,
    concurrency,
    hold,
    controllerNamespace: decisions.namespace,
    endpoints: decisions.endpoints,
  };
}
