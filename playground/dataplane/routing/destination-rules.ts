import { getObjects, getString, getStringMap } from '../../../lib/json.ts';
import type { KubeObject } from '../../../api/kube.ts';
import type { Endpoint } from '../proxy/backends.ts';
import { fullName, type ServiceLabels } from './routing.ts';

/** The subsets of DestinationRules, which say which of a Service's pods a destination means. */
export class Subsets {
  private readonly rules: readonly KubeObject[];
  private readonly labels: ReadonlyMap<string, Record<string, string>>;

  constructor(rules: readonly KubeObject[], pods: readonly KubeObject[]) {
    this.rules = rules;
    this.labels = new Map(
      pods.map(({ metadata }) => [`${metadata.namespace ?? ''}/${metadata.name}`, metadata.labels ?? {}]),
    );
  }

  /** Is an endpoint of the Service in that subset? undefined: no DestinationRule defines the subset. */
  find(where: ServiceLabels, subset: string): ((endpoint: Endpoint) => boolean) | undefined {
    const found = this.rules
      .filter((rule) => hostOf(rule) === fullName(where))
      .flatMap((rule) => getObjects(rule, 'spec', 'subsets'))
      .find((each) => getString(each, 'name') === subset);
    if (found === undefined) return undefined;
    const wanted = Object.entries(getStringMap(found, 'labels'));
    return ({ pod = '' }) => {
      const labels = this.labels.get(`${where.namespace}/${pod}`) ?? {};
      return wanted.every(([key, value]) => labels[key] === value);
    };
  }
}

function hostOf(rule: KubeObject): string {
  const host = getString(rule, 'spec', 'host') ?? '';
  return host.includes('.') ? host : fullName({ namespace: rule.metadata.namespace ?? '', service: host });
}
