import { basename } from 'node:path';
import { parsePolicy, type ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import { UsageError } from '../io.ts';
import { documentsOf, nameOf, refusal, specOf } from './documents.ts';

const KIND = 'ReleasePolicy';

export interface LoadedPolicy {
  name: string;
  policy: ReleasePolicy;
}

/** The only ReleasePolicy in a file (a whole object, or only its spec). Throws a UsageError if something is wrong with it. */
export function loadPolicy(file: string): LoadedPolicy {
  const [document = {}, ...more] = documentsOf('--policy', file, KIND);
  if (more.length > 0) {
    const names = [document, ...more].map((each) => nameOf(each) ?? '(no name)').join(', ');
    throw new UsageError(`--policy: "${file}" holds several policies (${names}); give a file with one`);
  }
  const name = nameOf(document) ?? basename(file);
  const parsed = parsePolicy(specOf(document), `${KIND} ${name}: spec`);
  if (!parsed.ok) throw refusal(file, parsed.issues);
  return { name, policy: parsed.value };
}

/** A note that the reader may need: the controller judges by all templates that the policy names. */
export function otherTemplates({ name, policy }: LoadedPolicy, template: string): string[] {
  const named = policy.analysis.map((use) => use.template);
  if (named.length === 1 && named[0] === template) return [];
  return [`${KIND} ${name} judges by ${named.join(', ')}; here only ${template} is judged`];
}
