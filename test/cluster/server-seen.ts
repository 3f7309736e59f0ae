import { join } from 'node:path';
import { getObjects, getString } from '../../lib/json.ts';
import type { Binaries } from './binaries.ts';
import { run } from './control-plane.ts';
import type { ServerSeen } from './lane.ts';

/** The minor version of Kubernetes that first serves MutatingAdmissionPolicy v1. */
const ADMISSION_SINCE = 36;

export const ownServer = ({ version }: Binaries): ServerSeen => ({
  version,
  admission: Number(version.split('.')[1]) >= ADMISSION_SINCE,
});

/**
 * What a borrowed cluster says about itself.
 *
 * @throws Error if it does not answer
 */
export async function borrowedServer({ folder }: Binaries, kubeconfig: string): Promise<ServerSeen> {
  const get = async (path: string): Promise<unknown> => {
    const args = [`--kubeconfig=${kubeconfig}`, 'get', '--raw', path];
    const { code, out } = await run(join(folder, 'kubectl'), args);
    if (code !== 0) throw new Error(`the cluster of ${kubeconfig} does not answer:\n${out}`);
    return JSON.parse(out);
  };
  const kinds = getObjects(await get('/apis/admissionregistration.k8s.io/v1'), 'resources');
  return {
    version: (getString(await get('/version'), 'gitVersion') ?? '').replace(/^v/, ''),
    admission: kinds.some(({ name }) => name === 'mutatingadmissionpolicies'),
  };
}
