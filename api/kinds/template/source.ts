import { optional } from '../../../lib/schema/object.ts';
import { matching } from '../../../lib/schema/scalars.ts';

/** The part of a template that says where its numbers come from. */
export interface Sourced {
  prometheus: string;
  source?: string;
}

/** "<source>/<end point>": analysis/measure and the configuration say which ones exist. */
const sourceName = matching({
  pattern: /^[a-z]+[/][a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  max: 127,
  name: 'a source and its end point',
  rule: '<source>/<end point>, like http/stats',
  type: 'source/name',
});

export const sourceField = optional(
  sourceName,
  "Another source and its end point in the controller's configuration, like http/stats, instead of prometheus.",
  {
    rules: [
      {
        rule: "!has(self.source) || !has(self.prometheus) || self.prometheus == 'default'",
        message: 'give only one of source, prometheus',
      },
    ],
  },
);

/** Where the template's numbers come from: "<source>/<end point>". */
export function endpointOf({ source, prometheus }: Sourced): string {
  return source ?? `prometheus/${prometheus}`;
}
