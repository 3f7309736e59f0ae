import { pointer } from '../../lib/pointer.ts';
import { command as defined } from '../command.ts';
import { getObject } from '../../lib/json.ts';
import type { JsonPatchOp } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';
import { isTerminal } from '../../api/conditions.ts';
import type { Io } from '../io.ts';
import { listReleases, openSession, type Session } from '../session.ts';
import { deploymentRef, parseTarget } from '../target.ts';
import { takesOrder, type OrderFlags } from './order.ts';

/** The annotation that `kubectl rollout restart` writes; that command itself refuses a paused Deployment. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

type Client = Pick<Session['client'], 'get' | 'jsonPatch' | 'listAll'>;

/** `sluice restart deployment/x`: asks for new pods of the stable version. 1: no such Deployment, or it is not opted in. */
export async function restart(io: Io, target: string, flags: OrderFlags): Promise<number> {
  const name = parseTarget(target);
  const session = openSession(flags, io.clock);
  try {
    return await askForRestart(io, session, { name, output: flags.output });
  } finally {
    session.close();
  }
}

/** The same over an open session. */
export async function askForRestart(
  io: Io,
  { client, namespace }: Pick<Session, 'namespace'> & { client: Client },
  { name, output }: { name: string; output?: string | undefined },
): Promise<number> {
  const ref = deploymentRef(namespace, name);
  const target = await client.get(ref);
  if (target === undefined) {
    io.err(`deployment/${name} does not exist in namespace ${namespace}.`);
    return 1;
  }
  if (target.metadata.annotations?.[ANNOTATION.policy] === undefined) {
    io.err(
      `deployment/${name} is not opted in; restart it with "kubectl rollout restart deployment/${name}".`,
    );
    return 1;
  }
  const { releases } = await listReleases(client, namespace, name);
  const [newest] = releases;
  const now = `${new Date(io.clock.now()).toISOString().slice(0, 19)}Z`;
  await client.jsonPatch(ref, [
    { op: 'test', path: '/metadata/uid', value: target.metadata.uid ?? '' },
    ...restartedAt(getObject(target, 'spec', 'template') ?? {}, now),
  ]);
  const underWay = newest?.status !== undefined && !isTerminal(newest.status.phase);
  const sentence = underWay
    ? `deployment/${name}: release ${newest.metadata.name} is under way; stable pods are restarted after it, unless it is promoted, which brings new pods anyway`
    : `deployment/${name}: the stable pods are restarted`;
  if (output === 'json') io.out(JSON.stringify({ order: 'restart', namespace, target: name, sentence }));
  else io.out(sentence);
  return 0;
}

function restartedAt(template: object, value: string): JsonPatchOp[] {
  const metadata = getObject(template, 'metadata');
  if (metadata === undefined)
    return [
      { op: 'add', path: '/spec/template/metadata', value: { annotations: { [RESTARTED_AT]: value } } },
    ];
  if (getObject(metadata, 'annotations') === undefined)
    return [{ op: 'add', path: '/spec/template/metadata/annotations', value: { [RESTARTED_AT]: value } }];
  return [{ op: 'add', path: pointer('spec', 'template', 'metadata', 'annotations', RESTARTED_AT), value }];
}

export const command = defined({
  help: 'restart the stable pods, as kubectl rollout restart, which refuses a held Deployment',
  takes: takesOrder,
  run: restart,
});
