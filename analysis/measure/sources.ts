import { endpointOf, type Sourced } from '../../api/kinds/template/source.ts';
import * as all from './list.ts';
import type { Asked, Source } from './source.ts';

export const SOURCES: readonly Source[] = Object.values(all).sort((a, b) => (a.name < b.name ? -1 : 1));

export interface SourceName {
  source: Source;
  /** name of the end point */
  endpoint: string;
}

/** "prometheus/default" → its source and end point; undefined if there is no such source. */
export function sourceNamed(text: string): SourceName | undefined {
  const [kind, endpoint, ...rest] = text.split('/');
  const source = SOURCES.find(({ name }) => name === kind);
  return source === undefined || endpoint === undefined || rest.length > 0 ? undefined : { source, endpoint };
}

/** Can the template's source be asked for this? */
export function serves(template: Sourced, asked: Asked): boolean {
  return sourceNamed(endpointOf(template))?.source.serves.includes(asked) === true;
}
