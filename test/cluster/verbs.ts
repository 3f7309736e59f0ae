import type { JsonObject } from '../../lib/json.ts';
import type { Ran } from './control-plane.ts';
import { deployment, image, NAMESPACE } from './held.ts';
import type { Lane } from './lane.ts';

export interface Verb {
  /** also the name of the target on which it is tried */
  name: string;
  /** it also ends the pause, which the guard of the hold by pause refuses */
  unpauses?: true;
  run: (lane: Lane, name: string) => Promise<Ran>;
}

const TEMPLATE = { spec: { containers: [{ name: 'app', image: image(2) }] } };
const NAMED = ['-n', NAMESPACE];

/** Passes a manifest, as if from a file. */
const file = (lane: Lane, args: string[], object: object): Promise<Ran> =>
  lane.kubectl([...args, '-f', '-'], { input: JSON.stringify(object) });

const patch = (lane: Lane, name: string, type: string, body: object): Promise<Ran> =>
  lane.kubectl(['patch', 'deployment', name, ...NAMED, `--type=${type}`, '-p', JSON.stringify(body)]);

/** Every way in which people bring a new template. */
export const NEW_TEMPLATE: readonly Verb[] = [
  {
    name: 'set-image',
    run: (lane, name) => lane.kubectl(['set', 'image', `deployment/${name}`, `app=${image(2)}`, ...NAMED]),
  },
  {
    name: 'set-env',
    run: (lane, name) => lane.kubectl(['set', 'env', `deployment/${name}`, 'COLOUR=blue', ...NAMED]),
  },
  {
    name: 'set-resources',
    run: (lane, name) =>
      lane.kubectl(['set', 'resources', `deployment/${name}`, '--requests=cpu=1m', ...NAMED]),
  },
  {
    name: 'edit',
    run: (lane, name) =>
      lane.kubectl(['edit', `deployment/${name}`, ...NAMED], {
        env: { KUBE_EDITOR: `sed -i s/${image(1)}/${image(2)}/` },
      }),
  },
  {
    name: 'replace',
    unpauses: true,
    run: (lane, name) => file(lane, ['replace'], deployment(name, image(2))),
  },
  { name: 'apply', run: (lane, name) => file(lane, ['apply'], deployment(name, image(2))) },
  {
    name: 'apply-and-scale',
    run: (lane, name) => file(lane, ['apply'], deployment(name, image(2), { replicas: 3 })),
  },
  {
    name: 'apply-server-side',
    run: (lane, name) =>
      file(lane, ['apply', '--server-side', '--force-conflicts'], deployment(name, image(2))),
  },
  {
    name: 'patch-strategic',
    run: (lane, name) => patch(lane, name, 'strategic', { spec: { template: TEMPLATE } }),
  },
  {
    name: 'patch-merge',
    unpauses: true,
    run: (lane, name) => patch(lane, name, 'merge', { spec: { paused: false, template: TEMPLATE } }),
  },
  {
    name: 'patch-json',
    run: (lane, name) =>
      patch(lane, name, 'json', [
        { op: 'replace', path: '/spec/template/spec/containers/0/image', value: image(2) },
      ]),
  },
  {
    name: 'patch-whole-spec',
    unpauses: true,
    run: async (lane, name) => {
      const { spec } = await lane.get('deployment', name, NAMESPACE);
      const template = spec?.['template'] as JsonObject;
      const value = {
        ...spec,
        paused: false,
        template: { ...template, spec: { ...(template['spec'] as JsonObject), ...TEMPLATE.spec } },
      };
      return patch(lane, name, 'json', [{ op: 'replace', path: '/spec', value }]);
    },
  },
  {
    name: 'patch-label-of-pods',
    run: (lane, name) =>
      patch(lane, name, 'merge', { spec: { template: { metadata: { labels: { colour: 'blue' } } } } }),
  },
];

/** Changes without a new version. */
export const SAME_TEMPLATE: readonly Verb[] = [
  {
    name: 'scale',
    run: (lane, name) => lane.kubectl(['scale', `deployment/${name}`, '--replicas=3', ...NAMED]),
  },
  {
    name: 'scale-as-an-autoscaler',
    run: (lane, name) =>
      lane.kubectl([
        ...['patch', 'deployment', name, ...NAMED, '--subresource=scale', '--type=merge'],
        ...['-p', '{"spec":{"replicas":3}}'],
      ]),
  },
  {
    name: 'annotate',
    run: (lane, name) => lane.kubectl(['annotate', `deployment/${name}`, 'team=shop', ...NAMED]),
  },
  { name: 'apply-again', run: (lane, name) => file(lane, ['apply'], deployment(name)) },
];
