import { parseWith, type Place } from '../../../lib/schema/fields.ts';
import type { Result } from '../../../lib/result.ts';
import { refuseDuplicates } from '../../../lib/schema/read.ts';
import { dependent, fallback, object, optional, required } from '../../../lib/schema/object.ts';
import { boolean, count, dnsSubdomain, duration, list, oneOf, textMap } from '../../../lib/schema/scalars.ts';
import { checked, defaultsOf, type Infer, type Schema } from '../../../lib/schema/schema.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { PROVIDERS } from './providers.ts';
import { MATCH, MIRROR, STICKINESS } from './split.ts';
import { MAX_STEPS, refuseZero, step, STEP, type Step } from './step.ts';
import { STRATEGIES, under, type Strategy } from './strategy.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const MAX_TEMPLATES = 10;

export const PROVIDER = oneOf(['auto', ...PROVIDERS]);

/** A template by its name, with values for its arguments. */
export const ANALYSIS_USE = object({
  template: required(dnsSubdomain, {
    doc: "An AnalysisTemplate of the target's or the controller's namespace, or the built-in http.",
    remedy: 'name an AnalysisTemplate, or the built-in http',
    aliases: ['templateName'],
  }),
  args: fallback(textMap(20, 1024), {}, "Values for the template's arguments.", {
    shown: 'none',
    aliases: ['arguments'],
  }),
});
export type AnalysisUse = Infer<typeof ANALYSIS_USE>;

const analysis = checked(list(ANALYSIS_USE, MAX_TEMPLATES, 1), (uses, place) => {
  const names = uses.map(({ template }) => template);
  refuseDuplicates(names, place);
});

/** With strategy canary only the weight sends requests to the canary, so no weight may be 0. */
function stepsUnder(strategy: Strategy | undefined): Schema<Step[]> {
  return checked(list<Step>(STEP, MAX_STEPS, 1), (steps, { path, issues }) => {
    const at = (index: number): Place => ({ path: `${path}[${index}].weight`, issues });
    if (strategy === 'canary') refuseZero(steps, at);
  });
}

function defaultSteps(strategy: Strategy | undefined): Step[] {
  if (strategy === 'blueGreen') return [];
  return (strategy === 'ab' ? [0] : [5, 25, 50]).map((weight) => step({ weight }));
}

/** Fields that say where requests go, and when; a field that the strategy would ignore is refused. */
const splitting = (strategy: Strategy | undefined) => ({
  steps: fallback(
    stepsUnder(strategy),
    defaultSteps(strategy),
    'The ladder of weights; after the last step the target itself is updated.',
    {
      ...under('steps', strategy),
      shown: '5, 25, 50; with strategy ab one step of weight 0',
      rules: [
        ...under('steps', strategy).rules,
        {
          rule: "!has(self.steps) || (has(self.strategy) && self.strategy == 'ab') || self.steps.all(s, s.weight > 0.0)",
          message: 'a weight of 0 needs strategy: ab',
        },
      ],
    },
  ),
  match: optional(MATCH, 'Required by strategy ab: requests that carry any of these go to the canary.', {
    ...under('match', strategy),
  }),
  mirror: optional(
    MIRROR,
    'Copies requests to the canary before the first live one. Each is then executed twice; its second answer is thrown away.',
  ),
  stickiness: optional(
    STICKINESS,
    'A client that has reached the canary once stays on it, until the release takes traffic off.',
    under('stickiness', strategy),
  ),
  bake: fallback(
    duration(),
    10 * MINUTE,
    'With strategy blueGreen, how long the new version serves everything before it is promoted.',
    under('bake', strategy),
  ),
});

/** Fields that every strategy has. */
const OTHERS = {
  analysis: fallback(analysis, [{ template: 'http', args: {} }], 'What is measured, and how it is judged.', {
    aliases: ['templates'],
    shown: 'the template http',
  }),
  onFailure: fallback(
    oneOf(['hold', 'revert']),
    'hold',
    'After a rollback: hold keeps the failed template, paused; revert writes the stable template back.',
  ),
  onInconclusive: fallback(
    oneOf(['extend', 'wait', 'promote', 'rollback']),
    'extend',
    "What to do when a step's time ends without a conclusion: extend (once, by the same time, then wait for a human), wait (for a human), promote (if what was seen is tolerable) or rollback.",
  ),
  onNewRevision: fallback(
    oneOf(['supersede', 'queue']),
    'supersede',
    'What a new template does while a release is under way: supersede it, or queue behind it.',
  ),
  rollbackWindow: fallback(
    object({
      revisions: required(count(0, 100), {
        doc: 'How many revisions that were stable before the present one count; 0 for none.',
        remedy: 'give the number of revisions, 0 for none',
      }),
    }),
    { revisions: 3 },
    'A change back to one of the last stable revisions is promoted without analysis. The version left that way counts as withdrawn: when it is applied again, it is analysed.',
    { shown: '3 revisions' },
  ),
  holdCapacity: fallback(boolean, true, 'Recorded; nothing acts on it in this version.'),
  warmup: fallback(
    duration(0, HOUR),
    MINUTE,
    'Time after a canary pod became ready in which it is judged with the wider warm-up margin.',
  ),
  blind: fallback(
    duration(MINUTE, 24 * HOUR),
    10 * MINUTE,
    'How long data may be missing while requests go to the canary. After that its weight is 0, and the step begins again when data return.',
  ),
  drain: fallback(
    duration(0, HOUR),
    30_000,
    'Time between an observed weight of 0 and the deletion of the canary.',
  ),
  settle: optional(duration(0, HOUR), 'Time between an observed weight and the first measurement.', {
    shown: 'what the provider needs',
  }),
  historyLimit: fallback(count(1, 1000), 10, 'Ended Releases kept for each target.'),
};

/** How a change is delivered. In a policy that was read, durations are milliseconds and every field with a default is present. */
export const RELEASE_POLICY = dependent(
  {
    provider: fallback(
      PROVIDER,
      'auto',
      "What splits the traffic; auto takes the one whose routes name the target's Service, never replicas.",
    ),
    strategy: fallback(
      oneOf(STRATEGIES),
      'canary',
      'How traffic moves: a share of the requests (canary), all at once (blueGreen), or those that match (ab).',
    ),
  },
  ({ strategy }) => ({ ...splitting(strategy), ...OTHERS }),
  {
    notYet: ['gates', 'notify'],
    rules: [
      {
        rule: "!has(self.strategy) || self.strategy != 'ab' || has(self.match)",
        message: 'strategy: ab needs match, which says which requests go to the canary',
      },
    ],
    check: ({ strategy }, fields) => {
      if (strategy === 'ab' && !fields.has('match'))
        fields.missing('match', 'say by headers or cookies which requests go to the canary');
    },
  },
);

export type ReleasePolicy = Infer<typeof RELEASE_POLICY>;

/** The `spec` of a ReleasePolicy, with defaults filled in; every wrong or unknown field is an issue. */
export function parsePolicy(spec: unknown, path = 'spec'): Result<ReleasePolicy> {
  return parseWith(spec, path, RELEASE_POLICY.read);
}

/** The defaults of a policy; also the policy `default` where no object of that name exists. */
export const defaultPolicy = (): ReleasePolicy => defaultsOf(RELEASE_POLICY);

/** The wire form with every field written out, so that later changes of defaults change no stored Release. */
export const serializePolicy = (policy: ReleasePolicy): JsonObject => RELEASE_POLICY.write(policy);
