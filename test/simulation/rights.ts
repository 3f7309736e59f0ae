import { RIGHTS } from '../../release/rights.ts';
import type { KubeRequest } from '../../kube/types.ts';

const VERBS: Record<string, string> = { POST: 'create', PATCH: 'patch', DELETE: 'delete' };

/** The controller makes only the writes for which docs/operations.md gives it rights. */
export function withinRights({ method, url }: Pick<KubeRequest, 'method' | 'url'>): void {
  const verb = VERBS[method] ?? method;
  const path = /^\/(?:api|apis\/([^/]+))\/[^/]+\/namespaces\/[^/]+\/([^/?]+)(?:\/[^/?]+(?:\/([^/?]+))?)?/;
  const [, group = '', plural, subresource] = path.exec(url) ?? [];
  const given = RIGHTS.some(
    (right) =>
      right.resource.group === group &&
      right.resource.plural === plural &&
      right.subresource === subresource &&
      right.verbs.some((each) => each === verb),
  );
  if (!given) throw new Error(`${method} ${url}: not among the rights of the controller (release/rights.ts)`);
}
