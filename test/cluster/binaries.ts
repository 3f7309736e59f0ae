import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from '../../scripts/lib/cache.ts';

/** The version whose modules are pinned in binaries/go.sum. */
export const KUBERNETES = '1.36.3';
const PROGRAMS = ['kube-apiserver', 'kube-controller-manager', 'kubectl', 'etcd'] as const;
const HERE = dirname(fileURLToPath(import.meta.url));

type Program = (typeof PROGRAMS)[number];

export interface Binaries {
  /** version of Kubernetes, "1.36.3" */
  version: string;
  /** the folder with the programs */
  folder: string;
}

/** The places of the routes' CustomResourceDefinitions: folders and files for `kubectl apply -f`. */
export interface RouteCrds {
  gateway: { standard: string; experimental: string };
  istio: string;
  versions: { gateway: string; istio: string };
}

export interface Wanted {
  /** version of Kubernetes: "1.36.3", or "1.34" for the newest of these */
  version: string;
  /** default: all of a control plane */
  programs?: readonly Program[];
  say: (line: string) => void;
}

/**
 * The programs of a control plane, built unless the cache has them: about eight minutes on two cores.
 *
 * @throws Error if Go cannot build them
 */
export function ensureBinaries({ version, programs = PROGRAMS, say }: Wanted): Binaries {
  const exact = /^\d+\.\d+\.\d+$/.test(version) ? version : newestOf(version);
  const folder = join(CACHE, `kubernetes-${exact}-${keyOf()}`);
  if (programs.every((program) => existsSync(join(folder, program)))) return { version: exact, folder };
  say(
    `building ${programs.join(', ')} of Kubernetes ${exact} from source, once: all take about eight minutes on two cores`,
  );
  const work = `${folder}.${process.pid}`;
  try {
    const module = exact === KUBERNETES ? join(HERE, 'binaries') : moduleOf(exact, join(work, 'module'));
    mkdirSync(join(work, 'bin'), { recursive: true });
    const packages = programs.map((program) => `./${program}`);
    const flags = ['-trimpath', '-buildvcs=false', '-ldflags', ldflags(exact)];
    go(module, ['build', ...flags, '-o', join(work, 'bin') + '/', ...packages]);
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(work, 'bin'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { version: exact, folder };
}

/** The modules that contain CRDs, from Go's own cache. */
export function routeCrds(): RouteCrds {
  const folder = join(HERE, 'crds');
  const modules = [...readFileSync(join(folder, 'go.mod'), 'utf8').matchAll(/^\t(\S+) (v\S+)$/gm)];
  const out = go(folder, ['mod', 'download', '-json', ...modules.map(([, path, at]) => `${path}@${at}`)]);
  const places = [...out.matchAll(/"Dir": "([^"]+)"/g)].map(([, dir = '']) => dir);
  const at = (part: string): string => {
    const found = places.find((each) => each.includes(part));
    if (found === undefined) throw new Error(`no module in ${folder}/go.mod carries ${part}`);
    return found;
  };
  const gateway = join(at('gateway-api@'), 'config/crd');
  const istio = at('istio.io/api@');
  const version = (folder: string): string => /@(v[^/]+)/.exec(folder)?.[1] ?? '';
  return {
    gateway: { standard: join(gateway, 'standard'), experimental: join(gateway, 'experimental') },
    istio: join(istio, 'kubernetes/customresourcedefinitions.gen.yaml'),
    versions: { gateway: version(gateway), istio: version(istio) },
  };
}

function go(folder: string, args: string[]): string {
  return execFileSync('go', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Everything that determines what a program is built from. */
function keyOf(): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', ...PROGRAMS.map((program) => `${program}/main.go`)])
    hash.update(readFileSync(join(HERE, 'binaries', file)));
  return hash.digest('hex').slice(0, 12);
}

function newestOf(minor: string): string {
  const known = go(HERE, ['list', '-m', '-versions', 'k8s.io/kubernetes']).split(/\s+/);
  const patches = known.filter((each) => each.startsWith(`v${minor}.`) && /^v\d+\.\d+\.\d+$/.test(each));
  const newest = patches.map((each) => Number(each.split('.')[2])).reduce((a, b) => Math.max(a, b), -1);
  if (newest < 0)
    throw new Error(`Kubernetes "${minor}" is not known; give a version such as 1.34 or 1.34.2`);
  return `${minor}.${newest}`;
}

/** The same programs from the modules of another Kubernetes; their dependencies are not pinned. */
function moduleOf(version: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  cpSync(join(HERE, 'binaries'), folder, { recursive: true });
  rmSync(join(folder, 'go.sum'));
  const staging = version.replace(/^1\./, '0.');
  const all = readFileSync(join(HERE, 'binaries/go.mod'), 'utf8');
  const replaced = [...all.matchAll(/^\t(k8s\.io\/\S+) => /gm)].map(
    ([, path]) => `\t${path} => ${path} v${staging}`,
  );
  const etcd = /^\tgo\.etcd\.io\/etcd\/server\/v3 \S+$/m.exec(all)?.[0] ?? '';
  const required = [
    etcd,
    `\tk8s.io/component-base v${staging}`,
    `\tk8s.io/kubectl v${staging}`,
    `\tk8s.io/kubernetes v${version}`,
  ];
  const text = `module sluice.dev/cluster-lane\n\ngo 1.26.0\n\nrequire (\n${required.join('\n')}\n)\n\nreplace (\n${replaced.join('\n')}\n)\n`;
  writeFileSync(join(folder, 'go.mod'), text);
  go(folder, ['mod', 'tidy']);
  return folder;
}

function ldflags(version: string): string {
  const [major, minor] = version.split('.');
  const variables = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const set = Object.entries(variables).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  );
  return ['-s -w', ...set].join(' ');
}
