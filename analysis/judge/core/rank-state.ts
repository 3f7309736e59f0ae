import type { Counts, History } from '../../../api/analysis.ts';
import type { Margin } from '../../../api/kinds/template/margins.ts';
import { fnv1a } from '../../../lib/hash.ts';
import { tooShort } from '../../stats/late.ts';
import type { RankRung, RankWealth, SafeRankWealth, Suspicion } from '../../stats/rank-wealth.ts';
import {
  logRank,
  logSafeRank,
  logSuspicion,
  rankBlock,
  safeRankBlock,
  suspect,
} from '../../stats/rank-wealth.ts';
import type { Blocks } from '../../stats/rank.ts';
import { calibrateRanks, rankRungAfter, rankScore } from '../../stats/rank.ts';
import { thin } from '../../stats/thinning.ts';
import type { Calibration } from './calibration.ts';

/** The rank twin of one error rate; plain JSON. Frozen at the start, except the wealths, suspicion, partial and blocks. */
export interface RankData {
  rungs: RankRung[];
  /** share of the rank twin in the evidence */
  weight: number;
  /** rate of bad requests of stable in the history */
  rate: number;
  /** stable counts are thinned to this share, because a canary pod had less traffic than a stable one; 1 = not */
  thinned: number;
  seed: string;
  /** ln of the suspicion that opens the veto, and the margin behind it; absent: the harm margin */
  suspects: { log: number; margin?: Margin };
  /** whole blocks scored, and those behind the evidence of safety */
  blocks: number;
  safeBlocks: number;
  /** evidence of harm, one per rung; kept through all steps */
  wealth: RankWealth[];
  /** evidence of safety at the strict margin and at that of the next weight, one per rung; restarted in each step */
  safe: SafeRankWealth[];
  scaled: SafeRankWealth[];
  /** what speaks against single canary pods and against all of them; those that nothing speaks against are left out */
  suspicion: Record<string, Suspicion>;
  /** bad requests of each pod in the current block */
  partial: Partial;
}

interface Partial extends Bad {
  seconds: number;
  /** what the safe test counts, where that differs */
  safe?: Bad;
}

/** Bad requests of each pod. */
interface Bad {
  canary: Record<string, number>;
  stable: Record<string, number>;
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
const NONE_BAD: Bad = { canary: {}, stable: {} };
const NO_PARTIAL: Partial = { seconds: 0, ...NONE_BAD };
/** What E_rank or a suspicion must have reached so that counts may stop a release. */
const CONCURRENCE = Math.log(2);
/**
 * A short history of all stable pods together may hold no burst by chance, so that a first one would look like harm: there
 * suspicion needs this many times more. Where history is weak, it has to outlast usual bursts, and only much more errors
 * than stable's raise it.
 */
const CAUTION = 4.5;
const WEAK_CONCURRENCE = Math.log(25);
const MUCH: Margin = { relative: 3, absolute: 0 };

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
  const nothing = rungs.map(() => []);
  return {
    rungs,
    weight: calibration.poisson && calibration.strong ? POISSON_WEIGHT : BURSTY_WEIGHT,
    rate: bad / total,
    thinned,
    seed,
    suspects: calibration.strong
      ? { log: vetoAfter(hoursOf(history.pods, seconds)) }
      : { log: WEAK_CONCURRENCE, margin: MUCH },
    blocks: 0,
    safeBlocks: 0,
    wealth: nothing,
    safe: nothing,
    scaled: nothing,
    suspicion: {},
    partial: NO_PARTIAL,
  };
}

const vetoAfter = (hours: number): number => CONCURRENCE + CAUTION * tooShort(hours);

function hoursOf(pods: Readonly<Record<string, readonly Counts[]>>, seconds: number): number {
  const served = Object.values(pods).flatMap((list) => list.filter(({ total }) => total > 0));
  return (served.length * seconds) / 3600;
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
  /** what the safe test counts, where that differs */
  safePods?: PodCounts;
  seconds: number;
  rho: number;
  harmMargin: Margin;
  safeMargin: Margin;
  /** absent: only the strict margin counts */
  scaledMargin?: Margin;
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
  const { pods, safePods } = window;
  const { seconds, safe, ...harm } = data.partial;
  const partial: Partial = {
    seconds: seconds + window.seconds,
    ...plus(harm, pods),
    ...(safePods === undefined ? {} : { safe: plus(safe ?? NONE_BAD, safePods) }),
  };
  const next = { ...data, partial };
  if (partial.seconds <= BLOCK_SECONDS - window.seconds / 2) return next;
  return { ...(scored(next, window) ?? next), partial: NO_PARTIAL };
}

type Margins = Omit<RankWindow, 'pods' | 'safePods' | 'seconds'>;

/** The rank twin if the current block ended now; `undefined`: there are too few pods to rank among. */
function scored(
  data: RankData,
  { rho, harmMargin, safeMargin, scaledMargin }: Margins,
): RankData | undefined {
  const harm = blockOf(data, data.partial, rho);
  if (harm === undefined) return undefined;
  const safe = data.partial.safe === undefined ? harm : blockOf(data, data.partial.safe, rho);
  const safeAt = (margin: Margin, before: readonly SafeRankWealth[]): SafeRankWealth[] => {
    if (safe === undefined) return [...before];
    const scores = scoresIn(safe, margin, data.rate);
    return data.rungs.map((rung, i) => safeRankBlock(before[i] ?? [], scores, rung).map(rounded));
  };
  const scores = scoresIn(harm, harmMargin, data.rate);
  const suspects = scoresIn(harm, data.suspects.margin ?? harmMargin, data.rate);
  return {
    ...data,
    blocks: data.blocks + 1,
    safeBlocks: data.safeBlocks + 1,
    wealth: data.rungs.map((rung, i) => rankBlock(data.wealth[i] ?? [], scores, rung).map(rounded)),
    safe: safeAt(safeMargin, data.safe),
    scaled: scaledMargin === undefined ? data.rungs.map(() => []) : safeAt(scaledMargin, data.scaled),
    suspicion: suspicionAfter(
      data,
      harm.canary.map(([pod], i) => [pod, suspects[i] ?? 0]),
    ),
  };
}

/** The bad requests of a block, with stable's thinned to the canary pods' traffic. */
interface Block {
  canary: (readonly [pod: string, bad: number])[];
  stable: number[];
  /** a canary request is kept with this probability, so that its pod has a stable pod's traffic */
  keep: number;
}

function blockOf({ thinned, seed, blocks }: RankData, bad: Bad, rho: number): Block | undefined {
  const relative = rho / thinned;
  const keepStable = thinned * (relative < THIN_BELOW ? relative : 1);
  const stable = Object.entries(bad.stable).map(([pod, count]) =>
    thin(count, keepStable, `${seed}/${pod}/live${blocks}`),
  );
  if (stable.length < FEWEST_PODS) return undefined;
  return { canary: Object.entries(bad.canary), stable, keep: 1 / Math.max(1, relative) };
}

function scoresIn({ canary, stable, keep }: Block, margin: Margin, rate: number): number[] {
  const tolerated = 1 + margin.relative + margin.absolute / rate;
  return canary.map(([, bad]) => rankScore(bad, stable, keep / tolerated));
}

/** The name under which all canary pods together are suspected: no pod has an empty name. */
const TOGETHER = '';

/** One sick pod among many does not show in the sum of their ranks, and a little harm in all of them shows only there. */
function suspicionAfter(
  { suspicion, rungs: [rung] }: RankData,
  scores: readonly (readonly [string, number])[],
): Record<string, Suspicion> {
  if (rung === undefined) return {};
  const all = [TOGETHER, scores.map(([, score]) => score)] as const;
  const each = scores.map(([pod, score]) => [pod, [score]] as const);
  return Object.fromEntries(
    [all, ...each].flatMap(([name, list]) => {
      const next = suspect(suspicion[name] ?? [], list, rung).map(twoDecimals);
      return next.some((sum) => sum > 0) ? [[name, next] as const] : [];
    }),
  );
}

const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;
const twoDecimals = (value: number): number => Math.round(value * 100) / 100;

const plus = (bad: Bad, pods: PodCounts): Bad => ({
  canary: plusEach(bad.canary, pods.canary),
  stable: plusEach(bad.stable, pods.stable),
});

/** Only pods that had requests. A hash of the whole name stands for it, because names are long. */
function plusEach(
  bad: Readonly<Record<string, number>>,
  pods: Readonly<Record<string, Counts>>,
): Record<string, number> {
  const sum = { ...bad };
  for (const [pod, counts] of Object.entries(pods)) {
    const key = fnv1a(pod).toString(36);
    if (counts.total > 0) sum[key] = (sum[key] ?? 0) + counts.bad;
  }
  return sum;
}

/** The rank twin at the beginning of the next step; the block that is not whole goes on. */
export function nextRankStep(data: RankData, { keepSafe }: { keepSafe: boolean }): RankData {
  const nothing = data.rungs.map(() => []);
  const fresh = { ...data, scaled: nothing };
  return keepSafe ? fresh : { ...fresh, safe: nothing, safeBlocks: 0 };
}

/** Evidence of harm begins anew. */
export const pardonRanks = (data: RankData): RankData => ({
  ...data,
  wealth: data.rungs.map(() => []),
  suspicion: {},
});

/** ln of the evidence of harm after the last whole block. */
export function logRankOf({ wealth, rungs, blocks }: RankData): number {
  return logRank(wealth[rankRungAfter(rungs, blocks)] ?? []);
}

/** ln of the evidence of safety after the last whole block, at both margins. */
export function logSafeRanksOf({ safe, scaled, rungs, safeBlocks }: RankData): {
  safe: number;
  scaled: number;
} {
  const rung = rankRungAfter(rungs, safeBlocks);
  return { safe: logSafeRank(safe[rung] ?? []), scaled: logSafeRank(scaled[rung] ?? []) };
}

/**
 * Do the ranks agree that counts may stop the release? Asked as if the current block ended now. Open also where ranks
 * could not be scored. A veto needs no evidence that is valid by itself: it can only prevent false alarms.
 */
export function concurs(data: RankData, margins: Margins): boolean {
  if (opens(data)) return true;
  if (data.partial.seconds === 0) return false;
  const provisional = scored(data, margins);
  return provisional === undefined || opens(provisional);
}

function opens(data: RankData): boolean {
  if (logRankOf(data) >= CONCURRENCE) return true;
  return Object.values(data.suspicion).some((suspicion) => logSuspicion(suspicion) >= data.suspects.log);
}
