import { getObject } from '../../api/json.ts';
import type { Rewrite } from '../canary/index.ts';
import { burdenOf, type CompanionInput } from '../companions/index.ts';
import type { DiscoveryInput } from './types.ts';

/** How much would have to follow the canary, by rewrite: the fewer policies are copied, the less can go wrong. */
export function burdenFor(
  { target, attached = [], elsewhere = [] }: DiscoveryInput,
  service?: CompanionInput['service'],
): (rewrite: Rewrite) => number {
  const template = getObject(target, 'spec', 'template') ?? {};
  return (rewrite) => burdenOf({ target, template, rewrite, release: '', service, attached, elsewhere });
}
