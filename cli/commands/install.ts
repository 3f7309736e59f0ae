import { parseEndpoints } from '../../controller/config-endpoints.ts';
import { formatIssue } from '../../lib/result.ts';
import { command as defined } from '../command.ts';
import { whoAmI } from '../check/rights.ts';
import { collect, kubeconfig } from '../flags.ts';
import { toYaml } from '../format/document.ts';
import { applyAll, deleteAll, type Applied } from '../install/apply.ts';
import { argsOf, imageOf, lookAtCluster, type Cluster } from '../install/cluster.ts';
import { INSTALLED_KINDS } from '../install/kinds.ts';
import { installationFor, type Installation, type Wanted } from '../install/manifests.ts';
import { lacking, rightsTo } from '../install/rights.ts';
import { EXIT, UsageError, type Io } from '../io.ts';
import { openSession, type ConnectionFlags, type Session } from '../session.ts';

export interface InstallFlags extends Pick<ConnectionFlags, 'kubeconfig' | 'context'> {
  image?: string;
  /** "url" or "name=url" */
  prometheus?: string[];
  dryRun?: boolean;
}

/** Owns, for the server, what an installation applies: `kubectl get --show-managed-fields` tells it apart. */
export const INSTALLER = 'sluice-install';

/** `sluice install`: applies what this version ships. 1: a right is missing, or the server refuses something. */
export async function install(io: Io, flags: InstallFlags): Promise<number> {
  const session = openSession(flags, io.clock, { fieldManager: INSTALLER, resources: INSTALLED_KINDS });
  try {
    return await installWith(io, session, flags);
  } finally {
    session.close();
  }
}

/** The same over an open session. */
export async function installWith(
  io: Io,
  { client }: Pick<Session, 'client'>,
  flags: InstallFlags,
): Promise<number> {
  const cluster = await lookAtCluster(client);
  refuseHelm(cluster);
  const wanted = wantedBy(flags, cluster);
  const installation = installationFor(cluster, wanted);
  if (flags.dryRun === true) {
    io.text(installation.objects.map(toYaml).join('\n---\n'));
    return EXIT.promoted;
  }
  const { objects, obsolete } = installation;
  const rights = [...rightsTo(['get', 'create', 'patch'], objects), ...rightsTo(['get', 'delete'], obsolete)];
  const missing = await lacking(client, rights);
  if (missing.length > 0) return refuse(io, await whoAmI(client), missing);
  const said: Applied[] = [];
  const tell = (applied: Applied): void => {
    said.push(applied);
    io.out(`${applied.title}: ${applied.what}`);
  };
  await applyAll(io, client, objects, tell);
  await deleteAll(client, obsolete, tell);
  for (const line of summary(installation, wanted, said)) io.out(line);
  return EXIT.promoted;
}

function refuseHelm({ controller }: Cluster): void {
  const release = controller?.metadata.annotations?.['meta.helm.sh/release-name'];
  if (release === undefined) return;
  throw new UsageError(
    `deployment/sluice-controller belongs to release ${release} of Helm; upgrade it with helm upgrade ${release}, or uninstall that release first`,
  );
}

const PROMETHEUS = '--prometheus=';

/** What a flag does not name stays as it is installed. */
function wantedBy(flags: InstallFlags, { controller }: Cluster): Wanted {
  const installed = argsOf(controller)
    .filter((arg) => arg.startsWith(PROMETHEUS))
    .map((arg) => arg.slice(PROMETHEUS.length));
  const prometheus = flags.prometheus ?? installed;
  const parsed = parseEndpoints({ prometheus, source: [] });
  if (!parsed.ok) throw new UsageError(parsed.issues.map(formatIssue).join('\nsluice: '));
  return {
    image: flags.image ?? imageOf(controller),
    prometheus,
    urls: [...parsed.value.endpoints.values()],
  };
}

function refuse(io: Io, user: string | undefined, missing: readonly string[]): number {
  io.err(`sluice: ${user ?? 'the user of the kubeconfig'} lacks rights to install, so nothing was changed:`);
  for (const each of missing) io.err(`  ${each}`);
  io.err(
    'sluice: log in as a cluster administrator, or have one apply what "sluice install --dry-run" prints',
  );
  return EXIT.aborted;
}

const HOLDS = {
  admission:
    'Changes are held by admission: the API server pauses a target in the write that changes its template.',
  pause:
    'Changes are held by pause: this API server does not serve MutatingAdmissionPolicy (from Kubernetes 1.36), so targets stay paused between releases.',
  none: 'Changes are held by pause, and nothing keeps people from un-pausing a target or writing Releases: this API server serves no ValidatingAdmissionPolicy (from Kubernetes 1.30).',
};

function summary(
  { hold, unbound }: Installation,
  { prometheus }: Wanted,
  said: readonly Applied[],
): string[] {
  const changes = said.filter(({ what }) => what !== 'unchanged').length;
  const absent =
    unbound.length === 0
      ? []
      : [
          `Not bound, because the API server has none of their kinds: ${unbound.join(', ')}. Run "sluice install" again once it has.`,
        ];
  const blind =
    prometheus.length > 0
      ? []
      : [
          'No Prometheus is named, so every release will wait for a human: sluice install --prometheus http://prometheus.monitoring:9090',
        ];
  return [
    changes === 0 ? 'Nothing changed.' : `${changes} of ${said.length} objects changed.`,
    HOLDS[hold ?? 'none'],
    ...absent,
    ...blind,
    'Next: kubectl -n sluice-system rollout status deployment/sluice-controller, then sluice doctor',
  ];
}

export const command = defined({
  help: 'install or upgrade Sluice in a cluster, by what the cluster has',
  takes: (made) =>
    kubeconfig(made)
      .option('--image <image>', "the controller's image (default: as installed, else this version's)")
      .option(
        '--prometheus <[name=]url>',
        'where metrics are asked for; may be repeated (default: as installed)',
        collect,
      )
      .option('--dry-run', 'print the manifests and change nothing'),
  run: install,
});
