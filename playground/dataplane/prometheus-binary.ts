import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** The machine as far as finding and installing a program is concerned. */
export interface Machine {
  root: boolean;
  /** Debian, Ubuntu or another distribution with apt */
  apt: boolean;
  /** full path of an installed `prometheus` */
  find(): string | undefined;
  /** runs apt-get without questions and without starting services; true if it succeeded */
  aptGet(arguments_: string[]): boolean;
}

const PACKAGE = ['install', '-y', '--no-install-recommends', 'prometheus'];
const HOW =
  'Install Prometheus 2 or 3 (https://prometheus.io/download/) and put `prometheus` into your PATH.';

/**
 * Finds `prometheus` or installs it: as root on Debian or Ubuntu from the distribution, anywhere else not at all.
 * Returns its path; throws an Error with one sentence that says what to do. `say` gets a line before anything slow.
 */
export function ensurePrometheus(say: (line: string) => void, machine: Machine = THIS_MACHINE): string {
  const found = machine.find();
  if (found !== undefined) return found;
  if (!machine.apt) throw new Error(`prometheus is not installed. ${HOW}`);
  if (!machine.root) throw new Error(`prometheus is not installed. Run: sudo apt-get ${PACKAGE.join(' ')}`);
  say('installing prometheus with apt-get, once');
  if (!machine.aptGet(PACKAGE)) {
    // an image without package lists, or with old ones
    machine.aptGet(['update']);
    machine.aptGet(PACKAGE);
  }
  const installed = machine.find();
  if (installed === undefined) throw new Error(`apt-get could not install prometheus. ${HOW}`);
  return installed;
}

const THIS_MACHINE: Machine = {
  root: process.getuid?.() === 0,
  apt: existsSync('/etc/debian_version'),
  find: () => {
    const shell = spawnSync('sh', [
      '-c',
      'PATH="$PATH:/usr/bin:/usr/local/bin:/opt/homebrew/bin" command -v prometheus',
    ]);
    const path = shell.stdout.toString().trim();
    return path === '' ? undefined : path;
  },
  aptGet: (arguments_) => {
    let done = false;
    withoutStartingServices(() => {
      // env(1) adds to the program's environment, which is passed on unread
      const command = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', ...arguments_];
      done = spawnSync('env', command, { stdio: 'ignore', timeout: 900_000 }).status === 0;
    });
    return done;
  },
};

const POLICY_FILE = '/usr/sbin/policy-rc.d';

/** Debian asks policy-rc.d whether a package may start its service: for the time of the installation it may not. */
function withoutStartingServices(run: () => void): void {
  if (existsSync(POLICY_FILE)) return run();
  writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    run();
  } finally {
    rmSync(POLICY_FILE, { force: true });
  }
  // where systemd runs, the package has enabled its service for the next boot
  spawnSync('systemctl', ['disable', 'prometheus'], { stdio: 'ignore', timeout: 10_000 });
}
