import { command as defined } from '../command.ts';
import { connection, home, output, target } from '../flags.ts';
import { parseDuration } from '../../lib/duration.ts';
import { ANNOTATION } from '../../api/names.ts';
import { LeaseWatch } from '../at-work.ts';
import { EXIT, UsageError, type Io } from '../io.ts';
import { listReleases, openSession, type ConnectionFlags, type Session } from '../session.ts';
import { sleep } from '../sleep.ts';
import { deploymentRef, parseTarget } from '../target.ts';
import { judgeWait, pinOf, pinnedRelease, type Pin, type WaitResult, type WaitView } from '../wait-logic.ts';
import { WaitReport } from '../wait-report.ts';
import { KubeError, isRetryable } from '../../kube/errors.ts';

const POLL_MS = 1_000;
const LEASE_MS = 3_000;
/** A controller that is at work notices a change much sooner than this. */
const UNNOTICED_MS = 12_000;

export interface WaitFlags extends ConnectionFlags {
  timeout?: string;
  throughPauses?: boolean;
  controllerNamespace: string;
  output?: string;
}

type Reader = Pick<Session, 'client' | 'namespace'>;

/** `sluice wait deployment/x`: follows the template seen now until its fate is known. Resolves to the exit code. */
export async function wait(io: Io, target: string, flags: WaitFlags): Promise<number> {
  const name = parseTarget(target);
  const timeoutMs = readTimeout(flags.timeout);
  const session = openSession(flags, io.clock);
  try {
    return await waitFor(io, session, {
      name,
      timeoutMs,
      throughPauses: flags.throughPauses === true,
      home: flags.controllerNamespace,
      json: flags.output === 'json',
    });
  } finally {
    session.close();
  }
}

function readTimeout(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) {
    throw new UsageError(`--timeout: "${text}" is not a duration; give one like 10m or 1h30m`);
  }
  return ms;
}

export interface WaitRequest {
  name: string;
  timeoutMs: number;
  /** also keeps waiting while the release waits for a human */
  throughPauses: boolean;
  /** namespace of the controller */
  home: string;
  json: boolean;
}

/** The wait itself, over an open session. */
export async function waitFor(io: Io, session: Reader, request: WaitRequest): Promise<number> {
  const report = new WaitReport(io, request);
  const startedMs = io.clock.now();
  const deadlineMs = startedMs + request.timeoutMs;
  const first = await session.client.get(deploymentRef(session.namespace, request.name));
  if (first === undefined) {
    return report.end({ outcome: 'gone', sentence: 'There is no such Deployment.' });
  }
  if (first.metadata.annotations?.[ANNOTATION.policy] === undefined) {
    throw new UsageError(
      `deployment/${request.name}: has no annotation ${ANNOTATION.policy}, so nothing is released; set it to the name of a ReleasePolicy, like "default"`,
    );
  }
  const asked = {
    pin: pinOf(first),
    request,
    startedMs,
    lease: new LeaseWatch(request.home),
    lookedMs: -Infinity,
  };
  for (;;) {
    const result = await look(io, session, asked, report);
    if (result !== undefined) return report.end(result);
    if (io.clock.now() >= deadlineMs) return report.timedOut();
    await sleep(io, Math.min(POLL_MS, deadlineMs - io.clock.now()));
    if (io.stop.aborted) return EXIT.interrupted;
  }
}

interface Asked {
  pin: Pin;
  request: WaitRequest;
  startedMs: number;
  lease: LeaseWatch;
  /** when the Lease was looked at last */
  lookedMs: number;
}

async function look(
  io: Io,
  session: Reader,
  asked: Asked,
  report: WaitReport,
): Promise<WaitResult | undefined> {
  const { pin, request, startedMs, lease } = asked;
  try {
    const view = await readView(session, request.name);
    const release = pinnedRelease(pin, view);
    if (release !== undefined) report.progress(release);
    const result = judgeWait(pin, view);
    if (result !== undefined && !(request.throughPauses && result.outcome === 'needsHuman')) return result;
    const nowMs = io.clock.now();
    if (nowMs - asked.lookedMs < LEASE_MS) return undefined;
    asked.lookedMs = nowMs;
    const atWork = await lease.look(session.client, nowMs);
    report.controller(atWork, { unnoticed: release === undefined && nowMs - startedMs >= UNNOTICED_MS });
    return undefined;
  } catch (error) {
    // An API server that is away does not say whether the release went well: ask again.
    if (!(error instanceof KubeError) || !isRetryable(error)) throw error;
    report.trouble(error.message);
    return undefined;
  }
}

/** Reads the target first: then every Release that existed when the target was read is seen. */
async function readView({ client, namespace }: Reader, name: string): Promise<WaitView> {
  const target = await client.get(deploymentRef(namespace, name));
  const { releases, unreadable, newestUnreadable } = await listReleases(client, namespace, name);
  if (newestUnreadable) {
    throw new UsageError(`release ${unreadable[0] ?? ''}; use the version of sluice that the controller has`);
  }
  return { target, releases };
}

const EXIT_CODES = `
Exit codes:
  0 promoted                 5 superseded by a newer template
  1 rolled back or aborted   6 blocked
  2 wrong usage, no access   7 escaped: rolled out unproven
  3 timed out                8 the Deployment is gone
  4 waits for a human
`;

export const command = defined({
  help: 'follow the release of the present template until its outcome is known',
  takes: (made) =>
    output(
      target(home(connection(made)))
        .option('--timeout <duration>', 'give up after this long, like 10m (default: never)')
        .option('--through-pauses', 'keep waiting while the release waits for a human'),
      ['json'],
      'one object per change',
    ).addHelpText('after', EXIT_CODES),
  run: wait,
});
