/**
 * Every reason Sluice gives: in a Release's status and decision log, in verdicts, conditions and Events. A reason is a
 * constant for machines; the sentence beside it is for people. Values never change once released; new ones are added.
 */
export const REASON = {
  // How a release begins
  /** the first version of a target: nothing to compare with, promoted as it is */
  Initial: 'Initial',
  /** a new template was seen and a release was made for it */
  NewRevision: 'NewRevision',
  /** the target is scaled to 0: the new template is promoted without analysis */
  NoReplicas: 'NoReplicas',
  /** a native rollout is running; the release waits until one ReplicaSet serves alone */
  RolloutInProgress: 'RolloutInProgress',
  /** an earlier release of the target has to end first */
  PreviousReleaseEnding: 'PreviousReleaseEnding',
  /** the target is being paused so that its next change is held */
  Holding: 'Holding',
  /** nothing to do: the target runs the stable template and no release is running */
  Idle: 'Idle',

  // The ladder
  /** canary Deployment and Service are being made */
  PreparingCanary: 'PreparingCanary',
  /** the canary is being brought to the size the next weight needs */
  ScalingCanary: 'ScalingCanary',
  /** all requests go to the canary only while both versions have their whole size */
  AwaitingFullSize: 'AwaitingFullSize',
  /** a weight was written or is being written to the route */
  SettingWeight: 'SettingWeight',
  /** the weight was written and has not been read back yet */
  ObservingWeight: 'ObservingWeight',
  /** the weight is observed; the back end is given time to follow it */
  Settling: 'Settling',
  /** a window is being measured */
  Measuring: 'Measuring',
  /** the step passed and the next one begins */
  StepPassed: 'StepPassed',
  /** the last step passed; promotion begins */
  AllStepsPassed: 'AllStepsPassed',
  /** the step's minimum duration has not passed yet */
  MinimumDuration: 'MinimumDuration',

  // Verdicts
  /** the evidence shows that the canary is worse than the margin allows */
  HarmDetected: 'HarmDetected',
  /** the evidence shows that the canary stays within the safe margin */
  SafeProven: 'SafeProven',
  /**
   * harm was looked for and not found at the last planned look, or by buckets that are too coarse: absence of evidence,
   * not proof
   */
  NoHarmDetected: 'NoHarmDetected',
  /** all requests go to the canary: its own limits hold, but there is nothing to compare it with, so nothing is proven */
  NothingToCompare: 'NothingToCompare',
  /** most canary pods are cold: errors are judged with a wider margin, and nothing counts for safety */
  WarmingUp: 'WarmingUp',
  /** neither harm nor safety is shown yet */
  MoreDataNeeded: 'MoreDataNeeded',
  /** the step's maximum duration passed without a conclusion */
  Inconclusive: 'Inconclusive',
  /** a threshold metric met its success condition */
  ThresholdMet: 'ThresholdMet',
  /** a threshold metric met its failure condition too often */
  ThresholdExceeded: 'ThresholdExceeded',
  /** a threshold metric failed, or met neither condition, within its limits */
  ThresholdNotMet: 'ThresholdNotMet',
  /** a metric brought no usable value more often, or for longer, than its template allows */
  ErrorLimitExceeded: 'ErrorLimitExceeded',
  /** the canary answered mostly errors in several windows while stable was fine */
  CircuitBreaker: 'CircuitBreaker',
  /** the canary's own rate is above the ceiling of its metric, whatever stable does */
  CeilingExceeded: 'CeilingExceeded',
  /** the template measures nothing that can decide; a human has to */
  NothingMeasured: 'NothingMeasured',
  /** Kayenta's score of the series metrics is below the marginal one */
  ScoreTooLow: 'ScoreTooLow',
  /** the statistics a release stored cannot be read: the canary gets no requests until a human has looked */
  StateUnreadable: 'StateUnreadable',
  /** stable's past cannot tell how much single pods vary: nothing passes by itself, and a human is asked */
  Uncalibrated: 'Uncalibrated',
  /** harm beyond the bar, but not beyond the raised one of a metric without calibration: no requests until a human has looked */
  HarmSuspected: 'HarmSuspected',
  /** a metric failed that may not stop the release: it is not rolled back, but nothing passes either */
  PassWithheld: 'PassWithheld',

  // Measurement
  /** the query returned no series or no requests: never a pass */
  NoData: 'NoData',
  /** data were missing for so long (limit `blind`) that the canary lost its traffic; its step begins again when they return */
  DataMissing: 'DataMissing',
  /** the query returned NaN */
  NotANumber: 'NotANumber',
  /** the query returned several series where one was expected */
  SeveralSeries: 'SeveralSeries',
  /** Prometheus refused the query as malformed */
  BadQuery: 'BadQuery',
  /** Prometheus did not answer in time */
  PrometheusTimeout: 'PrometheusTimeout',
  /** Prometheus could not be reached or answered with an error */
  PrometheusUnavailable: 'PrometheusUnavailable',

  // Traffic as it was counted
  /** the canary gets the share of requests it should, as far as counts can tell */
  TrafficShareVerified: 'TrafficShareVerified',
  /** nothing can be said about the canary's share: too few requests, or nothing that counts them; never holds a release up */
  TrafficShareUnverified: 'TrafficShareUnverified',
  /** the canary gets a smaller share than the route says: the step does not advance */
  TrafficShareTooLow: 'TrafficShareTooLow',
  /** the canary gets no requests though the route gives it some: the step does not advance */
  TrafficShareNone: 'TrafficShareNone',
  /**
   * the canary gets a larger share than the route says: the release is taken back and aborted, although the code is not
   * at fault
   */
  TrafficShareTooHigh: 'TrafficShareTooHigh',

  // Canary health
  /** the API server or the scheduler rejected canary pods: not the code's fault, no verdict */
  CanaryRejected: 'CanaryRejected',
  /** the canary lost its ready pods or they never became ready */
  CanaryUnhealthy: 'CanaryUnhealthy',
  /**
   * a container of a canary pod crashed while requests went to it: the step does not pass for a while; if they crash more
   * often than stable's, the release is taken back
   */
  CanaryCrashed: 'CanaryCrashed',
  /** canary containers start and crash again and again */
  CanaryCrashLooping: 'CanaryCrashLooping',
  /** the canary, or the promotion, took longer than the target's progressDeadlineSeconds */
  ProgressDeadlineExceeded: 'ProgressDeadlineExceeded',

  // Ways a release ends, or continues without analysis
  /** promoted: every step passed and the target runs the new template */
  Promoted: 'Promoted',
  /** un-pausing the target and waiting for the native rolling update */
  PromotionInProgress: 'PromotionInProgress',
  /** rolled back: weight 0, canary deleted, target held with the failed template */
  RolledBack: 'RolledBack',
  /** weight 0 first, then drain, then deletion of the canary */
  RollbackInProgress: 'RollbackInProgress',
  /** waiting for requests in flight before the canary is deleted */
  Draining: 'Draining',
  /** routes restored and canary being deleted */
  CleaningUp: 'CleaningUp',
  /** no stable pod was available for 60 s: promoted as soon as the canary is ready */
  StableUnavailable: 'StableUnavailable',
  /** stable pods or the stable ReplicaSet were lost while held: the stable template is written back */
  StableLost: 'StableLost',
  /** the author set the template back to stable */
  RevertedByAuthor: 'RevertedByAuthor',
  /** a human ordered the stable template back */
  RevertedByHuman: 'RevertedByHuman',
  /** stable pods are restarted because the template asks for it (restartedAt) */
  RestartOrdered: 'RestartOrdered',
  /** the target held the failed template for 60 s, then onFailure: revert wrote the stable one back */
  RevertedByPolicy: 'RevertedByPolicy',
  /** the template was stable before and was not withdrawn (rollbackWindow): promoted without analysis */
  KnownGood: 'KnownGood',
  /** the annotation sluice.dev/skip came with the template: promoted without analysis */
  SkippedByAnnotation: 'SkippedByAnnotation',
  /** the annotation sluice.dev/skip did not come in the write that changed the template: it counts for nothing */
  SkipVoid: 'SkipVoid',
  /** this template failed before and is not tried again by itself */
  FailedBefore: 'FailedBefore',
  /** a newer template replaced the one under test */
  Superseded: 'Superseded',
  /** the policy annotation was removed during a release; in a check: it is not set */
  OptedOut: 'OptedOut',
  /** a note: a later step sends fewer requests than the one before it */
  WeightsFall: 'WeightsFall',
  /** a note: a step may last for weeks without a conclusion */
  StepIsLong: 'StepIsLong',
  /** the target was deleted during a release */
  TargetDeleted: 'TargetDeleted',
  /** the Release object was deleted during a release */
  ReleaseDeleted: 'ReleaseDeleted',
  /** a change rolled out natively before it could be held */
  EscapedHold: 'EscapedHold',

  // Humans
  /** a human set intent Abort */
  AbortedByHuman: 'AbortedByHuman',
  /** a human set intent Promote */
  PromotedByHuman: 'PromotedByHuman',
  /** a human set intent Pause */
  PausedByHuman: 'PausedByHuman',
  /** a human resumed the release from a pause */
  ResumedByHuman: 'ResumedByHuman',
  /** the step has a pause */
  PausedByStep: 'PausedByStep',

  // Input that cannot be used
  /** the ReleasePolicy has wrong fields */
  InvalidPolicy: 'InvalidPolicy',
  /** the AnalysisTemplate has wrong fields, or arguments that do not fit */
  InvalidTemplate: 'InvalidTemplate',
  /** an annotation of the target cannot be read */
  InvalidAnnotation: 'InvalidAnnotation',
  /** a stored Release cannot be read */
  InvalidRelease: 'InvalidRelease',
  /** no ReleasePolicy of that name exists */
  PolicyNotFound: 'PolicyNotFound',
  /** no AnalysisTemplate of that name exists */
  TemplateNotFound: 'TemplateNotFound',
  /** the template wants ready-made queries, but it is not known which of them fit the back end of the routes */
  PresetUnknown: 'PresetUnknown',
  /** the template names a Prometheus end point that is not configured */
  PrometheusNotConfigured: 'PrometheusNotConfigured',
  SourceNotConfigured: 'SourceNotConfigured',

  // Discovery and preflight
  /** no Service selects the target's pods */
  NoService: 'NoService',
  /** several Services select the target's pods and no annotation chooses */
  SeveralServices: 'SeveralServices',
  /** another target shares the Service */
  SharedService: 'SharedService',
  /** the Service cannot be copied or selects by nothing that could tell canary from stable */
  UnusableService: 'UnusableService',
  /** no route names the stable Service */
  NoRoute: 'NoRoute',
  /** routes of several providers name the stable Service and no annotation chooses */
  SeveralProviders: 'SeveralProviders',
  /** a rule in scope sends traffic to a third destination */
  ForeignDestination: 'ForeignDestination',
  /** a rule in scope cannot be split safely */
  RouteUnsupported: 'RouteUnsupported',
  /** policies may refer to a named rule by its name, so it is not copied for `match` or `stickiness` */
  RuleNamed: 'RuleNamed',
  /** the route rejects what was written, or its rules disagree */
  RouteRejected: 'RouteRejected',
  /** someone else keeps changing the weights */
  RouteContested: 'RouteContested',
  /** the provider does not support the strategy */
  StrategyUnsupported: 'StrategyUnsupported',
  /** the target's own update strategy, volumes or ports leave no room for a canary */
  TargetUnsupported: 'TargetUnsupported',
  /** a ResourceQuota leaves no room for the canary and the surge of the promotion */
  QuotaTooSmall: 'QuotaTooSmall',
  /** a note: an autoscaler moves the number of stable pods, and the canary follows */
  AutoscalerFollowed: 'AutoscalerFollowed',
  /** a note: a GitOps tool applies the route and may set its weights back */
  RouteAppliedByTool: 'RouteAppliedByTool',
  /** a note: the back end does not count requests of a rule's host, so its metrics prove nothing about them */
  HostNotCounted: 'HostNotCounted',
  /** a note: only the name of its class tells which back end serves an Ingress */
  ClassUnknown: 'ClassUnknown',
  /** a note: with the first weight the data plane renames its cluster for stable, which loses a few requests */
  ClusterRenamed: 'ClusterRenamed',
  /** a note: the buckets of a histogram are too coarse to judge latency by */
  CoarseBuckets: 'CoarseBuckets',
  /** a note: clients with a session stay where they are, so a weight is a share of new ones */
  SessionsStay: 'SessionsStay',
  /** a note: without a router weights become the nearest shares that whole pods make */
  WeightsInPods: 'WeightsInPods',
  /** a note: clients of a headless Service choose among its pods themselves */
  ClientsChoose: 'ClientsChoose',
  /**
   * a note: a NetworkPolicy of a namespace that is not trusted selects stable pods by a label that has another value on
   * the canary
   */
  CanaryMayBeCutOff: 'CanaryMayBeCutOff',
  /** a note: the target's manifest sets spec.paused, which Sluice needs for itself */
  PausedInManifest: 'PausedInManifest',
  /** no label tells canary pods from stable pods for every Service in front */
  NoTrackLabel: 'NoTrackLabel',
  /** a policy that protects, reaches or watches stable pods cannot be copied for the canary */
  PolicyCannotFollow: 'PolicyCannotFollow',
  /** deciding about the target would take more work than one pass may do: its objects are too many or too different */
  TooMuchWork: 'TooMuchWork',
  /** an object with the name that Sluice needs exists, and is not Sluice's */
  NameTaken: 'NameTaken',
  /** the API server does not let Sluice do what the release needs */
  Forbidden: 'Forbidden',
  /** the API server keeps refusing what has to be done next; Sluice keeps trying */
  ActionFailed: 'ActionFailed',
  /** validation or admission has refused for 30 s what a step needs: the release is taken back */
  Refused: 'Refused',
  /**
   * Sluice failed while deciding: the input that led to the error is dropped, and the canary loses its traffic if nothing
   * can be decided
   */
  InternalError: 'InternalError',

  // What was read
  /** another version of Sluice gave a reason that this one does not know; its sentence says what it is about */
  UnknownReason: 'UnknownReason',
} as const;

export type Reason = (typeof REASON)[keyof typeof REASON];

const KNOWN: ReadonlySet<string> = new Set(Object.values(REASON));

/** Is this string one of the constants above? */
export function isReason(text: string): text is Reason {
  return KNOWN.has(text);
}

/** A reason as it was stored, perhaps by a later version. */
export const reasonOf = (text: string): Reason => (isReason(text) ? text : REASON.UnknownReason);
