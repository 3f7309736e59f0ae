import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import type { ApiServer } from '../../playground/apiserver/contract.ts';
import { createApiServer } from '../../playground/apiserver/server.ts';
import { inProcessTransport, settle, VirtualClock } from '../../test/support/in-process.ts';
import { Fence, type FenceOptions } from './fence.ts';
import { admissionResource } from './resources.ts';
import { shippedFence } from './shipped.ts';

const HOUR = 60 * 60_000;

let clock: VirtualClock;
let api: ApiServer;
let lines: { level: number; msg: string }[];

beforeEach(() => {
  clock = new VirtualClock();
  api = createApiServer({ clock });
  lines = [];
});

const pluralOf = ({ kind }: KubeObject): string =>
  `${admissionResource(kind, 'v1').plural}.admissionregistration.k8s.io`;
const install = (): void => shippedFence().forEach((each) => api.store.create(pluralOf(each), each));

async function started(get?: FenceOptions['client']['get'], served = true): Promise<Fence> {
  const transport = inProcessTransport(api);
  const resources = Object.values(RESOURCES);
  const client = new KubeClient({ transport, clock, fieldManager: 'sluice', resources });
  const sink = {
    write: (line: string) => void lines.push(JSON.parse(line) as { level: number; msg: string }),
  };
  const log = pino({ level: 'info', base: null }, sink);
  const fence = new Fence({
    client: get === undefined ? client : { get, serves: () => Promise.resolve(served) },
    shipped: shippedFence(),
    clock,
    log,
  });
  void fence.start();
  await settle();
  return fence;
}

describe('the policy that keeps Releases to the controller', () => {
  it('is in force as shipped', async () => {
    install();
    expect(await started()).toMatchObject({ inForce: true, state: 'releases: kept by sluice-releases' });
  });

  it('is missed, in the log and for as long as it is not there, and found within the hour', async () => {
    const fence = await started();
    const state =
      'releases: not kept from others: ValidatingAdmissionPolicy sluice-releases does not exist, ValidatingAdmissionPolicyBinding sluice-releases does not exist; apply manifests/admission/common of this version';
    expect(fence).toMatchObject({ inForce: false, state });
    expect(lines).toMatchObject([{ level: 40, msg: state }]);
    install();
    await clock.advance(HOUR);
    expect(fence.inForce).toBe(true);
  });

  it('does not count where its binding was narrowed, found within the hour', async () => {
    install();
    const fence = await started();
    const [, binding] = shippedFence();
    const narrowed = structuredClone(api.store.get(pluralOf(binding!), undefined, binding!.metadata.name)!);
    narrowed.spec = {
      ...narrowed.spec,
      matchResources: { namespaceSelector: { matchLabels: { sluice: 'on' } } },
    };
    api.store.update(pluralOf(binding!), narrowed);
    await clock.advance(HOUR);
    expect(fence.inForce).toBe(false);
    expect(fence.state).toContain(
      'ValidatingAdmissionPolicyBinding sluice-releases: spec.matchResources differs from what this version ships',
    );
  });

  it.each([
    [403, 'the controller may not read validatingadmissionpolicies; allow it to get them'],
    [503, 'the policy sluice-releases is not checked yet'],
  ])('may not be seen: %i', async (code, says) => {
    const error = new KubeError({ code, reason: 'X', message: 'no' });
    const fence = await started(() => Promise.reject(error));
    expect(fence.inForce).toBe(false);
    expect(fence.state).toContain(says);
  });

  it('cannot be had of an older API server, which is said', async () => {
    const fence = await started(() => Promise.resolve(undefined), false);
    expect(fence.state).toBe(
      'releases: not kept from others: the API server does not serve ValidatingAdmissionPolicy v1 (Kubernetes 1.30 and later do)',
    );
  });
});
