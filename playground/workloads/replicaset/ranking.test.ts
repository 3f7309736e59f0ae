import { describe, expect, it } from 'vitest';
import type { Pod } from '../kinds.ts';
import { timestamp } from '../time.ts';
import { podsToDelete } from './ranking.ts';

const NOW = Date.UTC(2026, 0, 1);

interface Modifiers {
  node?: string;
  phase?: string;
  readySecondsAgo?: number;
  bornSecondsAgo?: number;
  cost?: string;
  restarts?: number;
}

function pod(name: string, { node = 'n', phase = 'Running', ...rest }: Modifiers = {}): Pod {
  const { readySecondsAgo, bornSecondsAgo = 1000, cost, restarts = 0 } = rest;
  const status = readySecondsAgo === undefined ? 'False' : 'True';
  const since = timestamp(NOW - (readySecondsAgo ?? 0) * 1000);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      creationTimestamp: timestamp(NOW - bornSecondsAgo * 1000),
      annotations: cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': cost },
    },
    spec: { nodeName: node, containers: [] },
    status: {
      phase,
      conditions: [{ type: 'Ready', status, lastTransitionTime: since }],
      containerStatuses: [
        {
          name: 'app',
          ready: true,
          restartCount: restarts,
          image: '',
          imageID: '',
          state: {},
          lastState: {},
        },
      ],
    },
  };
}

const READY = { readySecondsAgo: 500 };

interface Case {
  name: string;
  first: Modifiers;
  second: Modifiers;
}

const CASES: Case[] = [
  {
    name: 'a pod without a node before one with a node',
    first: { node: '', ...READY },
    second: { phase: 'Pending' },
  },
  { name: 'a pending pod before a running one', first: { phase: 'Pending', cost: '9' }, second: {} },
  { name: 'an unready pod before a ready one', first: { cost: '9' }, second: READY },
  { name: 'a cheap pod before a dear one', first: { ...READY, cost: '-1' }, second: { readySecondsAgo: 1 } },
  { name: 'a pod ready for a short time', first: { readySecondsAgo: 10 }, second: { readySecondsAgo: 900 } },
  { name: 'a pod that restarted more', first: { restarts: 3 }, second: { restarts: 1, bornSecondsAgo: 1 } },
  { name: 'a young pod before an old one', first: { bornSecondsAgo: 10 }, second: { bornSecondsAgo: 900 } },
];

describe('the pod that goes first', () => {
  it.each(CASES)('is $name', ({ first, second }) => {
    const pods = [pod('a-second', second), pod('z-first', first)];
    expect(podsToDelete(pods, 1, pods, NOW).map(({ metadata }) => metadata.name)).toEqual(['z-first']);
  });

  it('is the one on the node with more pods of the Deployment', () => {
    const pods = [pod('a', { node: 'empty', ...READY }), pod('b', { node: 'full', ...READY })];
    const crowd = [...pods, pod('c', { node: 'full' })];
    expect(podsToDelete(pods, 1, crowd, NOW).map(({ metadata }) => metadata.name)).toEqual(['b']);
  });

  it('does not depend on age among pods of about one age', () => {
    const pods = [pod('b', { readySecondsAgo: 600 }), pod('a', { readySecondsAgo: 700 })];
    expect(podsToDelete(pods, 1, pods, NOW).map(({ metadata }) => metadata.name)).toEqual(['a']);
  });
});
