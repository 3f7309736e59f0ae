import { isIP } from 'node:net';
import { CLUSTER_DOMAIN, isDomain } from '../api/names.ts';
import { parseDuration } from '../lib/duration.ts';
import { fail, ok } from '../lib/result.ts';
import type { Issue, Result } from '../lib/result.ts';
import { dnsLabel, NO_ENDPOINTS, parseEndpoints, parseNamespaces } from './config-endpoints.ts';
import { LOG_LEVELS, POLICIES, readFlags } from './flags.ts';
import { HOLDS, type Hold } from './hold/keeper.ts';
import type { ControllerConfig } from '../release/model.ts';

export type LogLevel = (typeof LOG_LEVELS)[number];

/** The configuration that the flags of `sluice controller` make. */
export interface RunConfig {
  kubeconfig: string | undefined;
  context: string | undefined;
  /** watch only this namespace; undefined: all */
  namespace: string | undefined;
  /** base URLs of the sources of numbers, by "<source>/<end point>" */
  endpoints: ReadonlyMap<string, string>;
  /** undefined: no HTTP port */
  metricsPort: number | undefined;
  /** address that the port listens on; undefined: the pod's, or loopback outside of a pod */
  metricsAddress: string | undefined;
  /** name of the Lease; undefined: no election */
  lease: string | undefined;
  logLevel: LogLevel;
  concurrency: number;
  /** the mode that the flag asks for; controller/hold finds out which mode is in force */
  hold: Hold;
  decisions: Omit<ControllerConfig, 'hold'>;
}

/** Flags → configuration, or every issue at once. */
export function parseFlags(argv: readonly string[]): Result<RunConfig> {
  const parsed = readFlags(argv);
  if (!parsed.ok) return parsed;
  const flags = parsed.value;
  const issues: Issue[] = [];
  const collect = <T>(result: Result<T>, otherwise: T): T => {
    if (result.ok) return result.value;
    issues.push(...result.issues);
    return otherwise;
  };

  const { endpoints, endpointsFor } = collect(parseEndpoints(flags), NO_ENDPOINTS);
  const policies = collect(oneOf('--policies', flags.policies, POLICIES), 'own');
  const trusted = collect(parseNamespaces('--trusted-namespaces', flags.trustedNamespaces), []);
  const port = collect(wholeNumber('--metrics-port', flags.metricsPort, { min: 0, max: 65_535 }), 0);
  const address =
    flags.metricsAddress === undefined ? undefined : collect(ipAddress(flags.metricsAddress), '');
  const concurrency = collect(wholeNumber('--concurrency', flags.concurrency, { min: 1, max: 1_000 }), 1);
  const logLevel = collect(oneOf('--log-level', flags.logLevel, LOG_LEVELS), 'info');
  const hold = collect(oneOf('--hold', flags.hold, HOLDS), 'pause');
  const scrapeLagMs = collect(duration('--scrape-lag', flags.scrapeLag), 0);
  const minIntervalMs = collect(duration('--min-interval', flags.minInterval), 0);
  const clusterDomain = collect(domain(flags.clusterDomain), '');
  const namespace =
    flags.namespace === undefined ? undefined : collect(dnsLabel('--namespace', flags.namespace), '');
  const home = collect(dnsLabel('--controller-namespace', flags.controllerNamespace), '');
  const lease = collect(dnsLabel('--lease-name', flags.leaseName), '');
  if (issues.length > 0) return fail(...issues);
  return ok({
    kubeconfig: flags.kubeconfig,
    context: flags.context,
    namespace,
    endpoints,
    metricsPort: port === 0 ? undefined : port,
    metricsAddress: address,
    lease: flags.leaderElection ? lease : undefined,
    logLevel,
    concurrency,
    hold,
    decisions: {
      namespace: home,
      endpoints: [...endpoints.keys()],
      scrapeLagMs,
      minIntervalMs,
      ...(clusterDomain === CLUSTER_DOMAIN ? {} : { clusterDomain }),
      ...(Object.keys(endpointsFor).length === 0 ? {} : { endpointsFor }),
      ...(policies === 'shared-only' ? { sharedOnly: true } : {}),
      ...(flags.enforceNamespaceMatcher === true ? { namespaceMatcher: true } : {}),
      ...(trusted.length === 0 ? {} : { trustedNamespaces: trusted }),
    },
  });
}

function wholeNumber(path: string, value: string, range: { min: number; max: number }): Result<number> {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (number >= range.min && number <= range.max) return ok(number);
  const remedy = `give a whole number from ${range.min} to ${range.max}`;
  return fail({ path, value, message: 'is out of range or no number', remedy });
}

function oneOf<T extends string>(path: string, value: string, choices: readonly T[]): Result<T> {
  const choice = choices.find((each) => each === value);
  return choice === undefined
    ? fail({ path, value, message: 'is not known', remedy: `give one of: ${choices.join(', ')}` })
    : ok(choice);
}

function ipAddress(value: string): Result<string> {
  const remedy = 'give one like 127.0.0.1, or 0.0.0.0 for all interfaces';
  return isIP(value) === 0
    ? fail({ path: '--metrics-address', value, message: 'is not an IP address', remedy })
    : ok(value);
}

function domain(value: string): Result<string> {
  return isDomain(value)
    ? ok(value)
    : fail({
        path: '--cluster-domain',
        value,
        message: 'is no domain',
        remedy: `write it like ${CLUSTER_DOMAIN}, without a dot at either end`,
      });
}

function duration(path: string, value: string): Result<number> {
  const ms = parseDuration(value);
  return ms === undefined
    ? fail({ path, value, message: 'is no duration', remedy: 'write it like 15s or 1m30s' })
    : ok(ms);
}
