import { getNumber, getObjects } from '../../lib/json.ts';
import { apiVersionOf, RESOURCES } from '../../api/resources.ts';
import { ownMetadata, ownPercent, ownWeights, type OwnObject } from '../shared/own-object.ts';
import { OFF } from '../provider.ts';

/**
 * The stable Service is both apex and leaf: only what is sent to it is split. Weights are whole numbers,
 * which every version takes, and there are always two: if there is only one leaf, Linkerd ignores its weight.
 */
export const trafficSplit: OwnObject = {
  resource: RESOURCES.trafficSplits,
  make: (context, { weight }, total) => {
    const service = context.stableService.metadata.name;
    const { stable, canary } = ownWeights(weight, total);
    return {
      apiVersion: apiVersionOf(RESOURCES.trafficSplits),
      kind: RESOURCES.trafficSplits.kind,
      metadata: ownMetadata(context),
      spec: {
        service,
        backends: [
          { service, weight: stable },
          { service: context.canaryService, weight: canary },
        ],
      },
    };
  },
  read: (context, live) => {
    const weightOf = (name: string) =>
      getNumber(
        getObjects(live, 'spec', 'backends').find(({ service }) => service === name),
        'weight',
      );
    const stable = weightOf(context.stableService.metadata.name);
    const canary = weightOf(context.canaryService);
    const weight = ownPercent(stable, canary);
    return weight === undefined ? undefined : { ...OFF, weight, total: (stable ?? 0) + (canary ?? 0) };
  },
};
