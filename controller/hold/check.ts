import type { TargetName } from '../../api/target-key.ts';
import type { KubeObject, ObjectRef } from '../../api/kube.ts';
import { getString } from '../../lib/json.ts';
import { ANNOTATION } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound, isRetryable, KubeError } from '../../kube/errors.ts';
import { difference, exempted } from './compare.ts';
import { admissionResource, VERSIONS } from './resources.ts';

export type PolicyReader = Pick<KubeClient, 'get' | 'mergePatch' | 'serves' | 'serverVersion'>;

/**
 * Whether the cluster holds changes as this version expects.
 * good: yes; `untried` says why the controller's own writes could not be tried, if they could not.
 * bad: no, and a sentence says what is wrong and what to do; `absent`: none of the policies was ever installed.
 */
export type Checked =
  { good: true; untried: string | undefined } | { good: false; absent: boolean; sentence: string };

const INSTALL = 'apply manifests/admission/admission-mode of this version';

/**
 * Compares the policies in the cluster with the shipped ones, then tries by dry run on one of the targets whether they
 * let the controller's own writes pass.
 *
 * @throws KubeError if a later attempt may get an answer
 */
export async function checkPolicies(
  client: PolicyReader,
  shipped: readonly KubeObject[],
  targets: readonly TargetName[],
): Promise<Checked> {
  const { live, issues, refused } = await compareShipped(client, shipped);
  if (refused !== undefined) return bad(refused);
  if (issues.length > 0) {
    const sentence = (await tooOld(client)) ?? `${issues.join(', ')}; ${INSTALL}`;
    return { good: false, absent: live.length === 0, sentence };
  }
  const users = exempted(live);
  if (users.length > 1)
    return bad(
      `the policies exempt different users (${users.join(', ')}); put the controller's user name into each`,
    );
  return tryTargets(client, targets, users[0] ?? 'nobody');
}

export interface Compared {
  /** the shipped objects that exist, as they are in the cluster */
  live: KubeObject[];
  /** what is missing or different */
  issues: string[];
  /** why the cluster could not be read */
  refused?: string;
}

/**
 * Which of the shipped policies the cluster has, and what is wrong with them.
 *
 * @throws KubeError if a later attempt may get an answer
 */
export async function compareShipped(
  client: Pick<PolicyReader, 'get'>,
  shipped: readonly KubeObject[],
): Promise<Compared> {
  const live: KubeObject[] = [];
  const issues: string[] = [];
  for (const each of shipped) {
    const title = `${each.kind} ${each.metadata.name}`;
    const found = await read(client, each);
    if (found === 'forbidden') {
      const { plural } = admissionResource(each.kind, 'v1');
      const refused = `the controller may not read ${plural}; allow it to get them (docs/operations.md)`;
      return { live, issues, refused };
    }
    if (found === undefined) {
      issues.push(`${title} does not exist`);
      continue;
    }
    live.push(found);
    const where = difference(each, found);
    if (where !== undefined) issues.push(`${title}: ${where} differs from what this version ships`);
  }
  return { live, issues };
}

const MUTATING = 'MutatingAdmissionPolicy';

/** Why this server is too old for such policies; undefined: it serves them. */
async function tooOld(client: PolicyReader): Promise<string | undefined> {
  const mutating = { ...admissionResource(MUTATING, VERSIONS[0]), otherVersions: VERSIONS.slice(1) };
  if (await client.serves(mutating)) return undefined;
  const guards = (await client.serves(admissionResource('ValidatingAdmissionPolicy', 'v1')))
    ? 'apply its guards with kubectl apply -k manifests/admission'
    : 'its guards need Kubernetes 1.30';
  return (
    `the API server is Kubernetes ${await client.serverVersion()} and does not serve ${MUTATING} (on by default from 1.36); ` +
    `the controller holds by pause; ${guards} (docs/admission.md)`
  );
}

const bad = (sentence: string): Checked => ({ good: false, absent: false, sentence });

async function read(
  client: Pick<PolicyReader, 'get'>,
  { kind, metadata }: KubeObject,
): Promise<KubeObject | undefined | 'forbidden'> {
  try {
    for (const version of VERSIONS) {
      const found = await client.get({ resource: admissionResource(kind, version), name: metadata.name });
      if (found !== undefined) return found;
    }
    return undefined;
  } catch (error) {
    if (error instanceof KubeError && error.code === 403) return 'forbidden';
    throw error;
  }
}

/** One target that gives an answer is enough; a webhook or a quota may block the write in one namespace only. */
const TRIES = 5;

async function tryTargets(
  client: PolicyReader,
  targets: readonly TargetName[],
  user: string,
): Promise<Checked> {
  let untried: string | undefined;
  let failure: KubeError | undefined;
  for (const { namespace, name } of targets.slice(0, TRIES)) {
    const tried = await tryWrite(client, { resource: RESOURCES.deployments, namespace, name });
    if (tried === 'passed') return { good: true, untried: undefined };
    if (tried === 'held')
      return bad(
        `the policies exempt user '${user}', but this controller is another user, so they hold its own writes too (tried by dry run on Deployment ${namespace}/${name}); put its user name into their first match condition (docs/admission.md)`,
      );
    if (tried instanceof KubeError) failure ??= tried;
    else if (tried !== 'gone') untried ??= `${namespace}/${name}: ${tried}`;
  }
  if (untried === undefined && failure !== undefined) throw failure;
  return { good: true, untried: untried ?? 'there is no target yet' };
}

/**
 * A change of the template that also un-pauses the target: the policies hold it for every user except the controller.
 */
const ATTEMPT = {
  metadata: { annotations: { [ANNOTATION.held]: null } },
  spec: { paused: false, template: { metadata: { annotations: { [ANNOTATION.held]: 'dry-run' } } } },
};

/** @returns passed, held, gone, why it could not be tried, or the error if a later attempt may get an answer */
async function tryWrite(client: PolicyReader, ref: ObjectRef): Promise<string | KubeError> {
  try {
    const { metadata, spec } = await client.mergePatch(ref, ATTEMPT, { dryRun: true });
    const held =
      spec?.['paused'] === true || getString(metadata, 'annotations', ANNOTATION.held) !== undefined;
    return held ? 'held' : 'passed';
  } catch (error) {
    if (isNotFound(error)) return 'gone';
    if (!(error instanceof KubeError)) throw error;
    if (isRetryable(error)) return error;
    return error.message.includes('sluice-guard') ? 'held' : error.message;
  }
}
