import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** The parts of the machine that installing Debian's packages needs. */
export interface Apt {
  root: boolean;
  /** Debian, Ubuntu or another distribution with apt */
  apt: boolean;
  /** runs apt-get without questions and without starting services; true if it succeeded */
  aptGet(arguments_: string[]): boolean;
}

/** Full path of a program on the PATH or in the usual folders; undefined if it is in none of them. */
export function programOnPath(name: string): string | undefined {
  const script = 'PATH="$PATH:/usr/bin:/usr/sbin:/usr/local/bin:/opt/homebrew/bin" command -v "$0"';
  const path = spawnSync('sh', ['-c', script, name]).stdout.toString().trim();
  return path === '' ? undefined : path;
}

export const installing = (packages: readonly string[]): string[] => [
  'install',
  '-y',
  '--no-install-recommends',
  ...packages,
];

/**
 * Installs `packages` if possible: as root, with apt. Otherwise returns a sentence that says what to run, or
 * that there is no apt. The caller has to check afterwards whether the packages are installed.
 */
export function installPackages(packages: readonly string[], machine: Apt): { sentence: string } | undefined {
  if (!machine.apt) return { sentence: 'There is no apt here.' };
  if (!machine.root) return { sentence: `Run: sudo apt-get ${installing(packages).join(' ')}` };
  if (machine.aptGet(installing(packages))) return undefined;
  // an image without package lists, or with old ones
  machine.aptGet(['update']);
  machine.aptGet(installing(packages));
  return undefined;
}

export const THIS_MACHINE: Apt = {
  root: process.getuid?.() === 0,
  apt: existsSync('/etc/debian_version'),
  aptGet: (arguments_) => {
    let done = false;
    withoutStartingServices(() => {
      // env(1) adds to the program's environment, so this code need not read it
      const command = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', ...arguments_];
      done = spawnSync('env', command, { stdio: 'ignore', timeout: 900_000 }).status === 0;
    });
    return done;
  },
};

const POLICY_FILE = '/usr/sbin/policy-rc.d';

/**
 * Debian asks policy-rc.d whether a package may start its service: during the installation the answer is no.
 */
function withoutStartingServices(run: () => void): void {
  if (existsSync(POLICY_FILE)) return run();
  writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    run();
  } finally {
    rmSync(POLICY_FILE, { force: true });
  }
}

/** With systemd, a package has enabled its service for the next boot; disables it again. */
export function disableService(name: string): void {
  spawnSync('systemctl', ['disable', name], { stdio: 'ignore', timeout: 10_000 });
}
