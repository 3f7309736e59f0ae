import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import type { HoldMode } from '../../release/model.ts';
import { Invariants } from './invariants.ts';
import { BAD, GOOD, LIVE_BAD, type Version } from './objects.ts';
import type { WorldProvider } from './mesh.ts';
import { act } from './scenario.ts';
import { World, type Fault } from './world.ts';

const MINUTE = 60_000;
/** Its copy is one more write that may fail. */
const POLICY =
  'apply networkpolicies.networking.k8s.io deny {"podSelector":{"matchLabels":{"app":"web"}},"policyTypes":["Ingress"]}';
const ONE_STEP = { steps: [{ weight: 20, minDuration: '10s' }] };

/** Copies, then everything at once, then back. */
const SWITCH = { strategy: 'blueGreen', mirror: { minDuration: '10s' }, bake: '10m' };
const MATCHED = {
  strategy: 'ab',
  match: { headers: [{ name: 'x-beta', exact: 'yes' }] },
  steps: [{ weight: 0, minDuration: '10s' }],
};

interface Lived {
  phase: string;
  writes: number;
  broken: string[];
}

interface Life {
  provider: WorldProvider;
  version: Version;
  hold: HoldMode;
  /** default: one step of a canary */
  policy?: JsonObject;
}

/** Events do not matter, and a dry run writes nothing. */
const isWrite = (url: string): boolean => !url.includes('/events') && !url.includes('dryRun');

/** One release from first sight to its end; `die` gives the fate of each write by its number. */
async function live({ version, ...options }: Life, die: (write: number) => Fault): Promise<Lived> {
  const world = new World({ policy: ONE_STEP, ...options });
  const invariants = new Invariants(world);
  let writes = 0;
  world.fault = ({ url }) => (isWrite(url) ? die(++writes) : 'none');
  await world.until(() => world.phase() === 'Promoted/Initial', MINUTE);
  await act(world, invariants, POLICY);
  world.release(version);
  const end = () => /^(Promoted\/Promoted|RolledBack)/.test(world.phase());
  await world.until(end, 10 * MINUTE);
  await world.run(MINUTE);
  invariants.atRest();
  return { phase: world.phase(), writes, broken: invariants.broken };
}

const STRATEGIES: (Life & { phase: string })[] = [
  { policy: SWITCH, version: LIVE_BAD, phase: 'RolledBack/CircuitBreaker' },
  { policy: MATCHED, version: GOOD, phase: 'Promoted/Promoted' },
].map((life) => ({ provider: 'gateway', hold: 'pause', ...life }));

const LIVES: (Life & { phase: string })[] = (['pause', 'admission'] as const).flatMap((hold) => [
  ...lives('gateway', hold),
  // the mode of the hold makes no difference to what follows
  ...(hold === 'pause' ? [...lives('replicas', hold), ...STRATEGIES] : []),
]);

function lives(provider: WorldProvider, hold: HoldMode): (Life & { phase: string })[] {
  return [
    { provider, hold, version: GOOD, phase: 'Promoted/Promoted' },
    { provider, hold, version: BAD, phase: 'RolledBack/HarmDetected' },
  ];
}

/** Each write gets only one of these, so that the test stays fast; the property tests mix them at random. */
const FAULTS: readonly Fault[] = ['crashAfter', 'crashBefore', 'lost', 'conflict'];

describe.each(LIVES)('a release of $version.name ($provider, $hold, $policy.strategy)', (life) => {
  const { phase } = life;
  it(`ends ${phase} although any one of its writes goes wrong, or is the last of a process`, async () => {
    const { writes } = await live(life, () => 'none');
    for (let fatal = 1; fatal <= writes; fatal++) {
      const fault = FAULTS[fatal % FAULTS.length] ?? 'none';
      const lived = await live(life, (write) => (write === fatal ? fault : 'none'));
      expect({ fatal, fault, phase: lived.phase, broken: lived.broken }).toEqual({
        fatal,
        fault,
        phase,
        broken: [],
      });
    }
  });

  it(`ends ${phase} even if the process dies after every single write`, async () => {
    const lived = await live(life, () => 'crashAfter');
    expect([lived.phase, lived.broken]).toEqual([phase, []]);
  });
});
