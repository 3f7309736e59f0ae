import { HOME } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import { getString } from '../../lib/json.ts';
import { lookForController } from '../at-work.ts';
import type { Io } from '../io.ts';
import type { Finding, Patient } from './finding.ts';

/** Windows of measurements are some seconds long: clocks may differ by less. */
const SKEW_MS = 5_000;

/** Who leads, and how old that is; then the clocks of this machine and of the leader, by the API server's. */
export async function leaseAndClocks(io: Io, { client }: Pick<Patient, 'client'>): Promise<Finding[]> {
  const { seen, sentence } = await lookForController(io, client, HOME.namespace);
  const askedMs = io.clock.now();
  const serverMs = await client.serverTimeMs();
  const hereMs = (askedMs + io.clock.now()) / 2;
  const lease = await client.get({ resource: RESOURCES.leases, namespace: HOME.namespace, name: HOME.lease });
  const renewedMs = Date.parse(getString(lease?.spec, 'renewTime') ?? '');
  const working = seen === 'yes';
  return [
    working || seen === 'unknown'
      ? { check: 'lease', is: working ? 'good' : 'note', sentence: sentence.replace(/\.$/, '') }
      : {
          ...{ check: 'lease', is: 'bad', sentence: sentence.replace(/\.$/, '') },
          remedy: `kubectl -n ${HOME.namespace} get pods, and logs of deployment/sluice-controller; nothing is lost meanwhile`,
        },
    ...clocks({ serverMs, hereMs, renewedMs: working ? renewedMs : NaN }),
  ];
}

interface Times {
  serverMs: number | undefined;
  hereMs: number;
  /** NaN: no controller is at work */
  renewedMs: number;
}

/** A Lease is renewed every two seconds, so its time is the leader's clock, give or take that. */
function clocks({ serverMs, hereMs, renewedMs }: Times): Finding[] {
  const check = 'clocks';
  if (serverMs === undefined)
    return [{ check, is: 'note', sentence: 'not compared: the API server sends no date' }];
  const found: Finding[] = [];
  const leader = renewedMs - serverMs;
  if (Math.abs(leader) > SKEW_MS)
    found.push({
      ...{ check, is: 'bad', sentence: `the controller's clock is ${apart(leader)} the API server's` },
      remedy: "let the controller's node keep its time (NTP): windows are measured at the wrong times",
    });
  const here = hereMs - serverMs;
  if (Math.abs(here) > SKEW_MS)
    found.push({
      ...{ check, is: 'note', sentence: `this machine's clock is ${apart(here)} the API server's` },
      remedy: 'ages that commands print are wrong by that; no release depends on it',
    });
  const sentence = 'clocks agree within 5 s';
  return found.length > 0 ? found : [{ check, is: 'good', sentence }];
}

const apart = (ms: number): string =>
  `${Math.round(Math.abs(ms) / 1000)} s ${ms > 0 ? 'ahead of' : 'behind'}`;
