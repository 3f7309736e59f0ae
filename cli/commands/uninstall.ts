import { hostname } from 'node:os';
import type { KubeObject } from '../../api/kube.ts';
import { FIELD_MANAGER, HOME } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import { targetKey } from '../../api/target-key.ts';
import type { KubeClient } from '../../kube/client.ts';
import { whoAmI, type Asked } from '../check/rights.ts';
import { command as defined } from '../command.ts';
import { kubeconfig } from '../flags.ts';
import { deleteAll } from '../install/apply.ts';
import { INSTALLED_KINDS } from '../install/kinds.ts';
import { lacking, rightsTo } from '../install/rights.ts';
import { EXIT, type Io } from '../io.ts';
import { asController, openSession, type ConnectionFlags } from '../session.ts';
import { compareObjects } from '../uninstall/compare.ts';
import { findTargets, isOver, type Found } from '../uninstall/find.ts';
import { letTargetsGo, type Left } from '../uninstall/let-go.ts';
import { findInstalled, type Installed } from '../uninstall/remove.ts';
import { takeOver } from '../uninstall/take-over.ts';

export interface UninstallFlags extends Pick<ConnectionFlags, 'kubeconfig' | 'context'> {
  /** aborts releases that are running */
  force?: boolean;
  /** puts the stable template back into targets that hold another */
  revert?: boolean;
  /** removes kinds and namespace too, with every object that people made of them */
  crds?: boolean;
}

/** The clients of an uninstallation: of the user, and of the user in the controller's place. */
export interface Clients {
  client: KubeClient;
  /** what only the controller may write, it writes under the controller's name */
  controller: KubeClient;
}

/** `sluice uninstall`. 1: refused, or not all could be done; then it can be run again. */
export async function uninstall(io: Io, flags: UninstallFlags): Promise<number> {
  const resources = [...new Set([...Object.values(RESOURCES), ...INSTALLED_KINDS])];
  const writing = { fieldManager: FIELD_MANAGER, resources };
  const session = openSession(flags, io.clock, writing);
  const controller = openSession(asController(flags), io.clock, writing);
  try {
    return await uninstallWith(io, { client: session.client, controller: controller.client }, flags);
  } finally {
    session.close();
    controller.close();
  }
}

/** The same over open sessions. */
export async function uninstallWith(io: Io, clients: Clients, flags: UninstallFlags): Promise<number> {
  const { client } = clients;
  const installed = await findInstalled(client);
  const found = await findTargets(client);
  const { controller, rest, holding } = installed;
  if (controller === undefined && rest.length + holding.length === 0) {
    io.out('Sluice is not installed here: nothing to do.');
    return EXIT.promoted;
  }
  if (found.running.length > 0 && flags.force !== true) return refuseRunning(io, found);
  const missing = await lacking(client, rightsFor(installed, flags));
  if (missing.length > 0) return refuseRights(io, await whoAmI(client), missing);

  const tell = ({ title, what }: { title: string; what: string }): void => io.out(`${title}: ${what}`);
  // From here on no controller acts: what it would have done is done here.
  await deleteAll(client, controller === undefined ? [] : [controller], tell);
  const left = await letAllGo(io, clients, found, flags);
  if (left.some(({ state }) => state === 'stuck')) return refuseRest(io, left);
  const releases = (await findTargets(client)).releases;
  for (const line of await aboutObjects(client, releases)) io.out(line);
  for (const line of aboutTargets(left)) io.out(line);
  const helm = controller?.metadata.annotations?.['meta.helm.sh/release-name'];
  if (helm !== undefined) {
    io.out(`The rest belongs to Helm: helm uninstall ${helm} -n ${HOME.namespace}`);
    return EXIT.promoted;
  }
  await deleteAll(client, rest, tell);
  return removeKinds(io, client, { holding, releases, crds: flags.crds === true });
}

function refuseRunning(io: Io, { running }: Found): number {
  io.err('sluice: releases are running, so nothing was changed:');
  for (const each of running) io.err(`  ${each}`);
  io.err('sluice: wait until they have ended, or abort them all with sluice uninstall --force');
  return EXIT.aborted;
}

function rightsFor({ controller, rest, holding }: Installed, { crds }: UninstallFlags): Asked[] {
  const removed = [
    ...(controller === undefined ? [] : [controller]),
    ...rest,
    ...(crds === true ? holding : []),
  ];
  const impersonated = { group: '', plural: 'serviceaccounts' };
  return [
    ...rightsTo(['delete'], removed),
    { resource: impersonated, verbs: ['impersonate'], name: 'sluice', namespace: HOME.namespace },
  ];
}

function refuseRights(io: Io, user: string | undefined, missing: readonly string[]): number {
  io.err(
    `sluice: ${user ?? 'the user of the kubeconfig'} lacks rights to uninstall, so nothing was changed:`,
  );
  for (const each of missing) io.err(`  ${each}`);
  io.err('sluice: log in as a cluster administrator, and run it again');
  return EXIT.aborted;
}

async function letAllGo(
  io: Io,
  { controller }: Clients,
  { targets }: Found,
  { revert = false }: UninstallFlags,
): Promise<Left[]> {
  if (targets.length === 0) return [];
  io.out(`Letting ${targets.length} target${targets.length === 1 ? '' : 's'} go; this can take minutes.`);
  const held = await takeOver(io, controller, `uninstall_${hostname()}_${process.pid}`);
  try {
    return await letTargetsGo(io, targets, { client: controller, mayAct: held.isLeader, revert });
  } finally {
    await held.release();
  }
}

function refuseRest(io: Io, left: readonly Left[]): number {
  io.err('sluice: these targets could not be let go, so rights and policies stay:');
  for (const { target, state, sentence } of left)
    if (state === 'stuck') io.err(`  ${targetKey(target)}: ${sentence}`);
  io.err('sluice: run sluice uninstall again, or sluice install to have the controller back');
  return EXIT.aborted;
}

async function aboutObjects(client: KubeClient, releases: readonly KubeObject[]): Promise<string[]> {
  const compared = await compareObjects(client, releases);
  if (compared.length === 0) return [];
  const says = {
    'the same': (release: string) => `as it was before ${release}`,
    different: (release: string) =>
      `not as it was before ${release}: its users changed it since, or its stable template is back`,
    gone: () => 'gone',
  };
  return ["Your objects, compared with what they were before Sluice's first edit:"].concat(
    compared.map(({ object, release, is }) => `  ${object}: ${says[is](release)}`),
  );
}

function aboutTargets(left: readonly Left[]): string[] {
  const paused = left.filter(({ state }) => state === 'held');
  if (paused.length === 0) return [];
  return [
    'These targets stay paused, because what they hold is not proven. "kubectl rollout resume" lets it roll out;',
    '"sluice uninstall --revert" would have put the stable template back:',
    ...paused.map(({ target }) => `  ${targetKey(target)}`),
  ];
}

interface Kinds {
  holding: readonly KubeObject[];
  releases: readonly KubeObject[];
  crds: boolean;
}

/** Kinds and namespace hold what people wrote: they go only if that is asked for. */
async function removeKinds(io: Io, client: KubeClient, { holding, releases, crds }: Kinds): Promise<number> {
  if (!crds) {
    io.out(
      'Sluice is uninstalled. Its kinds, with your policies and the records of releases, and the namespace stay: sluice uninstall --crds removes them.',
    );
    return EXIT.promoted;
  }
  const open = releases.filter((each) => !isOver(each));
  if (open.length > 0) {
    io.err(
      `sluice: the kinds stay, because Releases still have something to do: ${open.map(({ metadata }) => metadata.name).join(', ')}`,
    );
    return EXIT.aborted;
  }
  await deleteAll(client, holding, ({ title, what }) => io.out(`${title}: ${what}`));
  io.out('Sluice is uninstalled, with its kinds, and every policy and record.');
  return EXIT.promoted;
}

export const command = defined({
  help: 'remove Sluice from a cluster; nothing unproven rolls out',
  takes: (made) =>
    kubeconfig(made)
      .option('--force', 'abort the releases that are running')
      .option('--revert', 'put the stable template back into targets that hold another')
      .option('--crds', 'remove kinds and namespace too, with every policy and record in them'),
  run: uninstall,
});
