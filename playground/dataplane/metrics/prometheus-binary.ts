import { THIS_MACHINE, disableService, installPackages, programOnPath, type Apt } from './apt.ts';

/** The parts of the machine that finding and installing Prometheus needs. */
export interface Machine extends Apt {
  /** full path of an installed `prometheus` */
  find(): string | undefined;
}

const PACKAGES = ['prometheus'];
const HOW =
  'Install Prometheus 2 or 3 (https://prometheus.io/download/) and put `prometheus` into your PATH.';

/**
 * Finds `prometheus`, or installs it from the distribution, if run as root on Debian or Ubuntu. Returns its
 * path; throws an Error with one sentence that says what to do. Calls `say` with a line before anything slow.
 */
export function ensurePrometheus(say: (line: string) => void, machine: Machine = HERE): string {
  const found = machine.find();
  if (found !== undefined) return found;
  if (!machine.apt) throw new Error(`prometheus is not installed. ${HOW}`);
  if (machine.root) say('installing prometheus with apt-get, once');
  const refused = installPackages(PACKAGES, machine);
  if (refused !== undefined) throw new Error(`prometheus is not installed. ${refused.sentence}`);
  const installed = machine.find();
  if (installed === undefined) throw new Error(`apt-get could not install prometheus. ${HOW}`);
  return installed;
}

const HERE: Machine = {
  ...THIS_MACHINE,
  find: () => programOnPath('prometheus'),
  aptGet: (arguments_) => {
    const done = THIS_MACHINE.aptGet(arguments_);
    if (arguments_[0] === 'install') disableService('prometheus');
    return done;
  },
};
