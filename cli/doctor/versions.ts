import { HOME } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import { difference } from '../../controller/hold/compare.ts';
import { shippedIn } from '../../controller/hold/shipped.ts';
import { getInteger, getObjects, getString } from '../../lib/json.ts';
import { imageOf } from '../install/cluster.ts';
import { refOf } from '../install/apply.ts';
import type { Finding, Patient } from './finding.ts';

/** The minor version of Kubernetes 1 that policies are served from. */
const OLDEST = 30;

/** Server, command line and controller, and whether the controller's pods run. */
export async function versions(
  { client, controller }: Pick<Patient, 'client' | 'controller'>,
  own: string,
): Promise<Finding[]> {
  const check = 'versions';
  const server = await client.serverVersion();
  const minor = Number(/^v1\.(\d+)/.exec(server)?.[1] ?? OLDEST);
  const kubernetes: Finding =
    minor < OLDEST
      ? {
          ...{ check, is: 'bad', sentence: `the API server is Kubernetes ${server}` },
          remedy: `upgrade it to 1.${OLDEST} or later`,
        }
      : { check, is: 'good', sentence: `the API server is Kubernetes ${server}, this command line ${own}` };
  if (controller === undefined)
    return [
      kubernetes,
      {
        ...{ check, is: 'bad', sentence: `deployment/sluice-controller does not exist in ${HOME.namespace}` },
        remedy: 'sluice install; a controller that runs outside of the cluster is seen by its Lease alone',
      },
    ];
  const image = imageOf(controller) ?? '';
  const tag = /:([^:/@]+)(@.*)?$/.exec(image)?.[1];
  const wanted = getInteger(controller.spec, 'replicas') ?? 1;
  const ready = getInteger(controller.status, 'readyReplicas') ?? 0;
  const pods = { check, sentence: `${ready} of ${wanted} pods of the controller are ready` } as const;
  return [
    kubernetes,
    tag === own || tag === undefined
      ? { check, is: 'good', sentence: `the controller is ${image}` }
      : {
          ...{ check, is: 'note', sentence: `the controller is ${image}, this command line ${own}` },
          remedy: 'use the command line of the same version, or sluice install with --image',
        },
    ready > 0
      ? { ...pods, is: 'good' }
      : {
          ...{ ...pods, is: 'bad' },
          remedy: `kubectl -n ${HOME.namespace} describe pods: the image, Pod Security and resources are the usual causes`,
        },
  ];
}

/** Whether the kinds are those of this version. */
export async function kinds({ client }: Pick<Patient, 'client'>): Promise<Finding[]> {
  const check = 'kinds';
  const remedy = 'sluice install';
  const findings = await Promise.all(
    shippedIn('manifests/crds').map(async (shipped): Promise<Finding | undefined> => {
      const { name } = shipped.metadata;
      const live = await client.get(refOf(shipped));
      if (live === undefined) return { check, is: 'bad', sentence: `${name} does not exist`, remedy };
      const accepted = getObjects(live.status, 'conditions').some(
        (each) => getString(each, 'type') === 'Established' && getString(each, 'status') === 'True',
      );
      if (!accepted) return { check, is: 'bad', sentence: `${name} is not served yet`, remedy };
      const only = ({ spec }: typeof live) => ({ ...shipped, spec: { versions: spec?.['versions'] ?? [] } });
      const where = difference(only(shipped), only(live));
      const sentence = `${name}: ${where ?? ''} differs from what this version ships`;
      return where === undefined ? undefined : { check, is: 'note', sentence, remedy };
    }),
  );
  const found = findings.filter((each) => each !== undefined);
  return found.length > 0 ? found : [{ check, is: 'good', sentence: 'the kinds are those of this version' }];
}

export const CONTROLLER = {
  ...{ resource: RESOURCES.deployments, namespace: HOME.namespace, name: 'sluice-controller' },
};
