import type { Counts, History } from '../../../api/analysis.ts';
import type { Margin } from '../../../api/kinds/template/margins.ts';
import type { Blocks, RankRung, RankWealth } from '../../stats/rank.ts';
import {
  calibrateRanks,
  logRank,
  RANK_WEALTH_LENGTH,
  rankBlock,
  rankRungAfter,
  rankScore,
} from '../../stats/rank.ts';
import { thin } from '../../stats/thinning.ts';
import type { Calibration } from './calibration.ts';

/** The rank twin of one error rate; plain JSON. Frozen at the start, except wealth, partial and blocks. */
export interface RankData {
  rungs: RankRung[];
  /** share of the rank twin in the evidence of harm */
  weight: number;
  /** rate of bad requests of stable in the history */
  rate: number;
  /** stable counts are thinned to this share, because a canary pod had less traffic than a stable one; 1 = not */
  thinned: number;
  seed: string;
  /** whole blocks scored */
  blocks: number;
  /** one per rung */
  wealth: RankWealth[];
  /** for each canary pod, the blocks in a row in which it ranked above nearly all stable pods; other pods are left out */
  above?: Record<string, number>;
  /** bad requests of each pod in the current block */
  partial: { seconds: number; canary: Record<string, number>; stable: Record<string, number> };
}

export interface PodCounts {
  canary: Record<string, Counts>;
  stable: Record<string, Counts>;
}

const BLOCK_SECONDS = 60;
/** Below this share of a stable pod's traffic a canary pod cannot be ranked without thinning. */
const THIN_BELOW = 0.8;
const POISSON_WEIGHT = 0.1;
const BURSTY_WEIGHT = 0.5;
const FEWEST_PODS = 4;
const NEARLY_ALL = 0.4;
/** Bursts do not last for this many blocks. */
const LASTING_BLOCKS = 15;
const NO_PARTIAL = { seconds: 0, canary: {}, stable: {} };

interface Basis {
  seconds: number;
  rho: number;
  calibration: Calibration;
  seed: string;
}

/** `undefined`: the history does not suffice (no pods, or too few pods, errors or blocks). */
export function startRanks(
  history: History,
  { seconds, rho, calibration, seed }: Basis,
): RankData | undefined {
  if (calibration.kind !== 'placebo' || history.pods === undefined) return undefined;
  const thinned = rho < THIN_BELOW ? rho : 1;
  const blocks = Object.entries(history.pods).map(([pod, list]) =>
    inBlocks(list, seconds).map((bad, b) =>
      bad === undefined ? undefined : thin(bad, thinned, `${seed}/${pod}/${b}`),
    ),
  );
  const rungs = calibrateRanks(blocks satisfies Blocks, calibration.strong);
  const total = history.stable.reduce((sum, counts) => sum + counts.total, 0);
  const bad = history.stable.reduce((sum, counts) => sum + counts.bad, 0);
  if (rungs === undefined || total <= 0 || bad <= 0) return undefined;
  const weight = calibration.poisson && calibration.strong ? POISSON_WEIGHT : BURSTY_WEIGHT;
  const wealth = rungs.map((): RankWealth => []);
  return { rungs, weight, rate: bad / total, thinned, seed, blocks: 0, wealth, partial: NO_PARTIAL };
}

/** Bad requests per block of a minute; `undefined` where the pod had no requests. */
function inBlocks(list: readonly Counts[], seconds: number): (number | undefined)[] {
  const ticks = Math.max(1, Math.round(BLOCK_SECONDS / seconds));
  return Array.from({ length: Math.floor(list.length / ticks) }, (_, b) => {
    const block = list.slice(b * ticks, (b + 1) * ticks);
    if (!block.some(({ total }) => total > 0)) return undefined;
    return block.reduce((sum, { bad }) => sum + bad, 0);
  });
}

export interface RankWindow {
  pods: PodCounts;
  seconds: number;
  rho: number;
  margin: Margin;
}

/** Can canary pods be ranked in this window? That needs a canary pod with requests, and enough stable pods. */
export function canRank({ canary, stable }: PodCounts): boolean {
  return serving(canary) > 0 && serving(stable) >= FEWEST_PODS;
}

function serving(pods: Readonly<Record<string, Counts>>): number {
  return Object.values(pods).filter(({ total }) => total > 0).length;
}

/** The rank twin after one more window; a block that is full is scored. */
export function addRanks(data: RankData, window: RankWindow): RankData {
  const partial = {
    seconds: data.partial.seconds + window.seconds,
    canary: plus(data.partial.canary, window.pods.canary),
    stable: plus(data.partial.stable, window.pods.stable),
  };
  const next = { ...data, partial };
  if (partial.seconds <= BLOCK_SECONDS - window.seconds / 2) return next;
  return { ...scored(next, window), partial: NO_PARTIAL };
}

/** The rank twin if the current block ended now. */
function scored(data: RankData, { rho, margin }: Pick<RankWindow, 'rho' | 'margin'>): RankData {
  const ended = { ...data, blocks: data.blocks + 1 };
  const relative = rho / data.thinned;
  const keepStable = data.thinned * (relative < THIN_BELOW ? relative : 1);
  const stable = Object.entries(data.partial.stable).map(([pod, bad]) =>
    thin(bad, keepStable, `${data.seed}/${pod}/live${data.blocks}`),
  );
  if (stable.length < FEWEST_PODS) return ended;
  const keep = 1 / (1 + margin.relative + margin.absolute / data.rate) / Math.max(1, relative);
  const pods = Object.entries(data.partial.canary).map(
    ([pod, bad]) => [pod, rankScore(bad, stable, keep)] as const,
  );
  const scores = pods.map(([, score]) => score);
  const wealth = data.rungs.map((rung, i) => rankBlock(data.wealth[i] ?? [], scores, rung).map(rounded));
  const above = pods.flatMap(([pod, score]) =>
    score < NEARLY_ALL ? [] : [[pod, (data.above?.[pod] ?? 0) + 1] as const],
  );
  return { ...ended, wealth, above: Object.fromEntries(above) };
}

/**
 * A defect may show in only one of many canary pods, and the ranks of the others would hide it for ever. If it lasts
 * longer than bursts do, the ranks no longer prevent a rollback.
 */
export function isOneLasting({ above = {} }: RankData): boolean {
  return Object.values(above).some((blocks) => blocks >= LASTING_BLOCKS);
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** Only pods that had requests; a pod is named by the last part of its name, which is short and unique enough. */
function plus(
  bad: Readonly<Record<string, number>>,
  pods: Readonly<Record<string, Counts>>,
): Record<string, number> {
  const sum = { ...bad };
  for (const [pod, counts] of Object.entries(pods)) {
    const key = pod.slice(pod.lastIndexOf('-') + 1);
    if (counts.total > 0) sum[key] = (sum[key] ?? 0) + counts.bad;
  }
  return sum;
}

/** ln of the evidence after the last whole block. */
export function logRankOf(data: RankData): number {
  return logRank(data.wealth[rankRungAfter(data.rungs, data.blocks)] ?? []);
}

/** The same if the current block ended now. */
export function logRankProvisional(data: RankData, window: Pick<RankWindow, 'rho' | 'margin'>): number {
  if (data.partial.seconds === 0) return logRankOf(data);
  return logRankOf(scored(data, window));
}

/** Is this a rank twin, as stored? */
export function isRankData(value: unknown): value is RankData {
  if (typeof value !== 'object' || value === null) return false;
  const data = value as Record<keyof RankData, unknown>;
  return (
    [data.weight, data.rate, data.thinned].every((share) => isNumber(share) && share > 0 && share <= 1) &&
    typeof data.seed === 'string' &&
    isNumber(data.blocks) &&
    isList(data.rungs, isRung) &&
    data.rungs.length > 0 &&
    isList(data.wealth, isWealth) &&
    data.wealth.length === data.rungs.length &&
    (data.above === undefined || isCounts(data.above)) &&
    isPartial(data.partial)
  );
}

function isList(value: unknown, item: (one: unknown) => boolean): value is unknown[] {
  return Array.isArray(value) && value.every(item);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isRung(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { blocks, kappa } = value as Record<string, unknown>;
  return isNumber(blocks) && isList(kappa, isNumber) && kappa.length === RANK_WEALTH_LENGTH - 1;
}

function isWealth(value: unknown): boolean {
  return isList(value, isNumber) && (value.length === 0 || value.length === RANK_WEALTH_LENGTH);
}

function isPartial(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { seconds, canary, stable } = value as Record<string, unknown>;
  return isNumber(seconds) && [canary, stable].every(isCounts);
}

function isCounts(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(isNumber);
}
