import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import { pathOf } from '../../playground/dataplane/proxy/api-client.ts';
import { ensurePrometheus } from '../../playground/dataplane/metrics/prometheus-binary.ts';
import { SCENARIOS } from '../../playground/demo/catalog.ts';
import { APP, NAMESPACE } from '../../playground/demo/objects.ts';
import { play } from '../../playground/demo/play.ts';
import type { Outcome } from '../../playground/demo/play.ts';
import { Stage } from '../../playground/demo/stage.ts';

/** A moment of a release; the controller dies when a status first shows it. */
interface Moment {
  when: string;
  is(status: ReleaseStatus): boolean;
}

const MOMENTS = {
  begun: { when: 'the Release was just made', is: () => true },
  weight5: { when: 'weight 5 is wanted', is: (status) => status.weight === 5 },
  judged: { when: 'a first window was judged', is: ({ analysis }) => (analysis?.verdicts.length ?? 0) > 0 },
  weight25: { when: 'weight 25 is observed', is: (status) => status.observedWeight === 25 },
  promoting: { when: 'the promotion began', is: ({ phase }) => phase === 'Promoting' },
  emptied: {
    when: 'weight 0 is observed at the end of the promotion',
    is: ({ phase, observedWeight }) => phase === 'Promoting' && observedWeight === 0,
  },
  rollingBack: { when: 'the rollback began', is: ({ phase }) => phase === 'RollingBack' },
  draining: { when: 'the canary drains', is: (status) => status.drainStartedAt !== undefined },
} as const satisfies Record<string, Moment>;

interface Ending {
  outcome: Outcome;
  died: string[];
  /** what `kubectl rollout status` reads: exit 0, or 1 for ProgressDeadlineExceeded */
  progressing: Condition | undefined;
}

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

function progressingOf(deployment: KubeObject): Condition | undefined {
  const conditions = deployment.status?.['conditions'] as Condition[] | undefined;
  return conditions?.find((condition) => condition.type === 'Progressing');
}

/** Plays a scenario; at each moment the controller is killed with SIGKILL and another one starts. */
async function playWithDeaths(name: 'healthy' | 'regression', moments: Moment[]): Promise<Ending> {
  const broken: string[] = [];
  const stage = await Stage.start({
    provider: name === 'healthy' ? 'gateway' : 'nginx',
    seed: 5,
    requestsPerSecond: 200,
    prometheus: ensurePrometheus(() => undefined),
    say: () => undefined,
    onDeath: (sentence) => broken.push(sentence),
    ended: new Promise(() => undefined),
  });
  try {
    const left = [...moments];
    const died: string[] = [];
    let restarting = Promise.resolve();
    const outcome = await play(stage, SCENARIOS[name], {
      progress: ({ status }) => {
        const moment = left[0];
        if (status === undefined || moment === undefined || !moment.is(status)) return;
        left.shift();
        died.push(moment.when);
        restarting = restarting.then(async () => {
          await stage.killController();
          await stage.startController();
        });
      },
    });
    await restarting;
    expect(broken).toEqual([]);
    const target = await stage.client.get(pathOf('apps/v1', 'deployments', NAMESPACE, APP));
    return { outcome, died, progressing: progressingOf(target) };
  } finally {
    await stage.stop();
  }
}

describe.concurrent('a controller that is killed again and again', () => {
  it.each([
    {
      scenario: 'healthy' as const,
      moments: [
        MOMENTS.begun,
        MOMENTS.weight5,
        MOMENTS.judged,
        MOMENTS.weight25,
        MOMENTS.promoting,
        MOMENTS.emptied,
      ],
      want: { phase: 'Promoted', weights: [5, 25, 50] },
      signal: undefined,
    },
    {
      scenario: 'regression' as const,
      moments: [MOMENTS.begun, MOMENTS.weight5, MOMENTS.judged, MOMENTS.rollingBack, MOMENTS.draining],
      want: { phase: 'RolledBack', weights: [5] },
      signal: { status: 'False', reason: 'ProgressDeadlineExceeded' },
    },
  ])('ends $scenario as if nothing had happened', async ({ scenario, moments, want, signal }) => {
    const { outcome, died, progressing } = await playWithDeaths(scenario, moments);
    expect(outcome).toMatchObject({ ...want, clientErrors: 0, leftovers: [] });
    if (signal === undefined) expect(progressing?.reason).not.toBe('ProgressDeadlineExceeded');
    else expect(progressing).toMatchObject(signal);
    expect(died).toEqual(moments.map((moment) => moment.when));
  });
});
