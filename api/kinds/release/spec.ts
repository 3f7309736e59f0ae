import type { Infer, Rule } from '../../../lib/schema/schema.ts';
import { choice, listOf, may, must, name, objects, raw, record, text } from './record.ts';

export const INTENTS = ['Auto', 'Pause', 'Promote', 'Abort'] as const;
export type Intent = (typeof INTENTS)[number];

const message = 'the record of a Release does not change; only intent may be set';
const UNCHANGED: Rule = { rule: 'self == oldSelf', message };
const TARGET_UNCHANGED: Rule = {
  rule: 'self == oldSelf',
  message: 'the target of a Release does not change; only intent may be set',
};

const ROUTE = record({
  apiVersion: must(name, 'Its apiVersion.'),
  kind: must(text(63), 'Its kind.'),
  name: must(name, 'Its name.'),
});

const PRESET = record({
  name: must(
    text(63),
    'The preset; "none": no preset fits; "template": all queries are the templates\' own.',
  ),
  because: must(text(4096), 'What makes it fit, or why none fits.'),
  requests: may(
    record({
      canary: must(text(4096), 'PromQL of those of the canary.'),
      stable: must(text(4096), 'PromQL of those of the stable version.'),
    }),
    'Counters of the requests that are split, by which the split is checked; absent: it cannot be checked.',
  ),
  metric: may(text(512), "Of a template's own: key of the metric whose total they are."),
});

/** Only the API server checks this form; Sluice reads it where it is used (release/canary). */
const rewrite = {
  ...raw,
  shape: {
    type: 'object',
    maxProperties: 20,
    additionalProperties: {
      type: 'object',
      required: ['to'],
      properties: { from: { type: 'string', maxLength: 63 }, to: { type: 'string', maxLength: 63 } },
    },
  },
};

const TRAFFIC = record(
  {
    provider: must(text(63), 'The back end.'),
    service: may(name, 'The Service in front of the target; absent: no Service is needed.'),
    canaryService: may(name, 'The Service in front of the canary alone; absent: the back end needs none.'),
    routes: must(listOf(ROUTE, 50), 'The routes that are split.'),
    rewrite: must(rewrite, 'Labels that tell canary pods from stable pods; one without from is added.'),
    preset: may(
      PRESET,
      'By what requests are counted: the ready-made queries that fit what carries out the split.',
    ),
  },
  [UNCHANGED],
);

/** A record, written once at creation; only `intent` may change afterwards. */
export const RELEASE_SPEC = record(
  {
    target: must(
      record({ name: must(name, 'Its name.'), uid: must(text(128), 'Its uid.') }, [TARGET_UNCHANGED]),
      'The Deployment.',
    ),
    stable: must(
      record(
        {
          replicaSet: must(name, 'Its ReplicaSet.'),
          template: must(raw, 'The complete pod template, as it was.'),
        },
        [UNCHANGED],
      ),
      'What served users when the release began.',
    ),
    canary: must(
      record({ template: must(raw, 'The complete pod template, as its author wrote it.') }, [UNCHANGED]),
      'What is tried.',
    ),
    policy: must(
      raw,
      'The spec of the ReleasePolicy with annotations and defaults applied, so that the release is judged by the rules it began with.',
    ),
    analysis: must(objects(20), 'The AnalysisTemplates with their arguments: template, args, spec.'),
    traffic: may(TRAFFIC, 'What splits the traffic; absent when none moves (first version, no replicas).'),
    intent: must(choice(INTENTS), 'What a human orders; Auto: nothing.'),
  },
  [
    { rule: '!has(oldSelf.traffic) || has(self.traffic)', message },
    // Set once, together with the traffic.
    {
      rule: '!has(oldSelf.traffic) || (self.policy == oldSelf.policy && self.analysis == oldSelf.analysis)',
      message,
    },
  ],
);
export type ReleaseSpec = Infer<typeof RELEASE_SPEC>;
