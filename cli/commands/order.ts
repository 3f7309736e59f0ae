import { pointer } from '../../lib/pointer.ts';
import type { Command } from 'commander';
import { command as defined } from '../command.ts';
import { connection, output, target } from '../flags.ts';
import { isTerminal } from '../../api/conditions.ts';
import type { JsonPatchOp } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';
import type { Intent } from '../../api/kinds/release/spec.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { Io } from '../io.ts';
import { listReleases, openSession, type ConnectionFlags, type Session } from '../session.ts';
import { parseTarget } from '../target.ts';

/** What a human may order a release to do. */
export type Order = 'promote' | 'promoteStep' | 'abort' | 'pause' | 'resume' | 'retry' | 'revert';

export interface OrderFlags extends ConnectionFlags {
  output?: string;
}

type Client = Pick<Session['client'], 'listAll' | 'jsonPatch'>;

export interface Request {
  what: Order;
  /** of the target */
  name: string;
  output?: string | undefined;
}

/**
 * `sluice promote|abort|pause|resume|retry|revert deployment/x`. 1: there is no release that it could apply to, and
 * nothing was changed.
 */
export async function order(io: Io, what: Order, target: string, flags: OrderFlags): Promise<number> {
  const name = parseTarget(target);
  const session = openSession(flags, io.clock);
  try {
    return await give(io, session, { what, name, output: flags.output });
  } finally {
    session.close();
  }
}

/** The same over an open session. */
export async function give(
  io: Io,
  { client, namespace }: Pick<Session, 'namespace'> & { client: Client },
  { what, name, output }: Request,
): Promise<number> {
  const { releases, newestUnreadable } = await listReleases(client, namespace, name);
  const [release] = newestUnreadable ? [] : releases;
  const told =
    release === undefined ? `has no release in namespace ${namespace}` : changeFor(what, release, io.clock);
  if (release === undefined || typeof told === 'string') {
    io.err(`deployment/${name} ${typeof told === 'string' ? told : ''}.`);
    return 1;
  }
  const ref = { resource: RESOURCES.releases, namespace, name: release.metadata.name };
  // Changes only the release that was read: meanwhile another may have the same name.
  const same: JsonPatchOp = { op: 'test', path: '/metadata/uid', value: release.metadata.uid ?? '' };
  await client.jsonPatch(ref, [same, ...told.patch]);
  const sentence = `release ${release.metadata.name} ${told.sentence}`;
  if (output === 'json')
    io.out(
      JSON.stringify({ order: what, namespace, target: name, release: release.metadata.name, sentence }),
    );
  else io.out(sentence);
  return 0;
}

interface Told {
  patch: JsonPatchOp[];
  sentence: string;
}

/** What is to be written; a string: why nothing is, to be printed after the name of the Deployment. */
function changeFor(what: Order, release: Release, clock: Io['clock']): Told | string {
  const ended = release.status !== undefined && isTerminal(release.status.phase);
  const now = new Date(clock.now()).toISOString();
  if (what === 'retry') return tryAgain(release, ended, now);
  if (what === 'revert') return putBack(release, ended, now);
  if (ended) return `has no release under way: ${standing(release)}`;
  switch (what) {
    case 'promote':
      return intend('Promote', 'is promoted without further analysis');
    case 'abort':
      return intend('Abort', 'is withdrawn; traffic goes back to the stable version');
    case 'pause':
      return intend('Pause', 'stays at its present weight; analysis continues');
    case 'promoteStep':
    case 'resume':
      return release.spec.intent === 'Pause' && what === 'resume' ? intend('Auto', 'goes on') : goOn(release);
  }
}

const standing = ({ metadata, status }: Release): string => {
  const { phase = 'Pending', message = '' } = status ?? {};
  const why = message.replace(/[.]$/, '');
  return `release ${metadata.name} is ${phase}${why === '' ? '' : ` (${why})`}`;
};

function intend(intent: Intent, sentence: string): Told {
  return { patch: [{ op: 'replace', path: '/spec/intent', value: intent }], sentence };
}

function annotate({ metadata }: Release, annotation: string, value: string): JsonPatchOp[] {
  return metadata.annotations === undefined
    ? [{ op: 'add', path: '/metadata/annotations', value: { [annotation]: value } }]
    : [{ op: 'add', path: pointer('metadata', 'annotations', annotation), value }];
}

/** Resumes from a question of the step; or from anything else that waits for a human: then the step begins again. */
function goOn(release: Release): Told | string {
  const { status } = release;
  if (status?.phase !== 'Waiting') return `does not wait for a human: ${standing(release)}`;
  const where = `step ${status.step + 1} of ${status.steps}`;
  if (status.waitsFor === 'Answer')
    return {
      patch: annotate(release, ANNOTATION.resumedStep, String(status.step)),
      sentence: `continues from ${where}`,
    };
  return { patch: annotate(release, ANNOTATION.resume, 'true'), sentence: `begins ${where} again` };
}

const TURNED_DOWN = ['RolledBack', 'Aborted'];

function tryAgain(release: Release, ended: boolean, now: string): Told | string {
  const { target } = release.spec;
  if (!ended)
    return `has a release under way: ${standing(release)}. To begin again, run "sluice abort deployment/${target.name}" first`;
  if (!TURNED_DOWN.includes(release.status?.phase ?? ''))
    return `has nothing to try again: ${standing(release)}. To release something, change the template`;
  return {
    patch: annotate(release, ANNOTATION.retry, now),
    sentence:
      'may be tried again: if the Deployment still has its template, Sluice begins it again from the first step',
  };
}

function putBack(release: Release, ended: boolean, now: string): Told | string {
  if (ended && !TURNED_DOWN.includes(release.status?.phase ?? ''))
    return `has nothing to revert: ${standing(release)}. To go back to an earlier version, apply its manifest`;
  const sentence = ended
    ? 'stays ended; the stable template is put back into the Deployment'
    : 'is withdrawn, and the stable template is put back into the Deployment';
  return { patch: annotate(release, ANNOTATION.revert, now), sentence };
}

const EXIT_CODES = `
Exit codes:
  0 the order was given; follow it with "sluice wait"
  1 there is nothing to act on, and nothing was changed
  2 wrong usage, no access
`;

/** The arguments and flags of every order, including `restart`. */
export const takesOrder = (made: Command): Command =>
  output(target(connection(made)), ['json']).addHelpText('after', EXIT_CODES);

export const promote = defined({
  help: 'promote the release under way without further analysis',
  takes: (made) => takesOrder(made).option('--step', 'only end the present pause'),
  run: (io, name: string, { step, ...flags }: OrderFlags & { step?: true }) =>
    order(io, step === true ? 'promoteStep' : 'promote', name, flags),
});

const ordering = (what: Order, help: string) =>
  defined({
    help,
    takes: takesOrder,
    run: (io, name: string, flags: OrderFlags) => order(io, what, name, flags),
  });

export const abort = ordering(
  'abort',
  'withdraw the release under way; the stable version takes all traffic',
);
export const pause = ordering('pause', 'keep the release at its present weight; analysis continues');
export const resume = ordering(
  'resume',
  'continue a release that waits for a human: at a pause, after a step without a conclusion, after a fix',
);
export const retry = ordering(
  'retry',
  'try a failed or aborted template again: from the first step, with analysis',
);
export const revert = ordering(
  'revert',
  'put the stable template back into the Deployment, during a release or after it',
);
