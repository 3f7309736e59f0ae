import { parseDuration } from '../../api/duration.ts';
import { ANNOTATION } from '../../api/names.ts';
import { toJson } from '../format/document.ts';
import { formatClock } from '../format/numbers.ts';
import { formatProgress, progressKey } from '../format/progress.ts';
import { summarize } from '../format/summary.ts';
import { EXIT, UsageError, type Io } from '../io.ts';
import { listReleases, openSession, type ConnectionFlags, type Session } from '../session.ts';
import { deploymentRef, parseTarget } from '../target.ts';
import { judgeWait, pinOf, pinnedRelease, type Pin, type WaitResult, type WaitView } from '../wait-logic.ts';
import { KubeError, isRetryable } from '../../kube/errors.ts';

const POLL_MS = 1_000;

export interface WaitFlags extends ConnectionFlags {
  timeout?: string;
  output?: string;
}

type Reader = Pick<Session, 'client' | 'namespace'>;

/** `sluice wait deployment/x`: follows the template seen now until its fate is known. Resolves to the exit code. */
export async function wait(io: Io, target: string, flags: WaitFlags): Promise<number> {
  const name = parseTarget(target);
  const timeoutMs = readTimeout(flags.timeout);
  const session = openSession(flags, io.clock);
  try {
    return await waitFor(io, session, { name, timeoutMs, json: flags.output === 'json' });
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
  json: boolean;
}

/** The wait itself, over an open session. */
export async function waitFor(io: Io, session: Reader, request: WaitRequest): Promise<number> {
  const report = new Report(io, request);
  const deadlineMs = io.clock.now() + request.timeoutMs;
  const first = await session.client.get(deploymentRef(session.namespace, request.name));
  if (first === undefined) {
    return report.end({ outcome: 'gone', sentence: 'There is no such Deployment.' });
  }
  if (first.metadata.annotations?.[ANNOTATION.policy] === undefined) {
    throw new UsageError(
      `deployment/${request.name}: has no annotation ${ANNOTATION.policy}, so nothing is released; set it to the name of a ReleasePolicy, like "default"`,
    );
  }
  const pin = pinOf(first);
  for (;;) {
    const result = await look(session, { pin, name: request.name }, report);
    if (result !== undefined) return report.end(result);
    if (io.clock.now() >= deadlineMs) {
      return report.end({ outcome: 'timedOut', sentence: 'The release has not ended in time; it goes on.' });
    }
    await sleep(io, Math.min(POLL_MS, deadlineMs - io.clock.now()));
    if (io.stop.aborted) return EXIT.interrupted;
  }
}

async function look(
  session: Reader,
  asked: { pin: Pin; name: string },
  report: Report,
): Promise<WaitResult | undefined> {
  try {
    const view = await readView(session, asked.name);
    const release = pinnedRelease(asked.pin, view);
    if (release !== undefined) report.progress(release);
    return judgeWait(asked.pin, view);
  } catch (error) {
    // Whether the release went well cannot be known from an API server that is away; ask again.
    if (!(error instanceof KubeError) || !isRetryable(error)) throw error;
    report.trouble(error.message);
    return undefined;
  }
}

/** The target first: a Release that was there before the target changed is then always seen. */
async function readView({ client, namespace }: Reader, name: string): Promise<WaitView> {
  const target = await client.get(deploymentRef(namespace, name));
  const { releases, unreadable, newestUnreadable } = await listReleases(client, namespace, name);
  if (newestUnreadable) {
    throw new UsageError(`release ${unreadable[0] ?? ''}; use the version of sluice that the controller has`);
  }
  return { target, releases };
}

function sleep(io: Io, ms: number): Promise<void> {
  if (io.stop.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      io.stop.removeEventListener('abort', done);
      resolve();
    };
    const cancel = io.clock.after(ms, done);
    io.stop.addEventListener('abort', done, { once: true });
  });
}

const WORDS: Record<WaitResult['outcome'], string> = {
  promoted: 'promoted',
  rolledBack: 'rolled back or aborted',
  timedOut: 'not ended in time',
  needsHuman: 'waits for a human',
  superseded: 'superseded',
  blocked: 'blocked',
  escaped: 'rolled out unproven',
  gone: 'gone',
};

/** Prints what is new, once: lines for people, objects for machines. */
class Report {
  readonly #io: Io;
  readonly #request: WaitRequest;
  #last = '';
  #trouble = '';

  constructor(io: Io, request: WaitRequest) {
    this.#io = io;
    this.#request = request;
  }

  progress(release: Parameters<typeof progressKey>[0]): void {
    this.#trouble = '';
    const key = progressKey(release);
    if (key === this.#last) return;
    this.#last = key;
    const time = new Date(this.#io.clock.now()).toISOString();
    if (this.#request.json) this.#io.text(toJson({ time, ...summarize(release) }));
    else this.#io.out(formatProgress(release, formatClock(time), this.#io.paint));
  }

  trouble(message: string): void {
    if (message !== this.#trouble) this.#io.err(`waiting for the API server: ${message}`);
    this.#trouble = message;
  }

  end({ outcome, sentence }: WaitResult): number {
    const { name, json } = this.#request;
    const io = this.#io;
    const exitCode = EXIT[outcome];
    if (json) io.text(toJson({ target: name, outcome, exitCode, message: sentence }));
    else {
      const colour = exitCode === 0 ? 'green' : exitCode === EXIT.needsHuman ? 'yellow' : 'red';
      io.out(`deployment/${name}: ${io.paint(colour, WORDS[outcome])}. ${sentence}`);
      if (exitCode !== 0 && outcome !== 'gone') io.out(`For the story: sluice explain deployment/${name}`);
    }
    return exitCode;
  }
}
