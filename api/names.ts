/** Names that Sluice puts into, or reads from, the cluster. */
export const GROUP = 'sluice.dev';
export const API_VERSION = 'sluice.dev/v1alpha1';
export const FIELD_MANAGER = 'sluice';

/** Where a controller lives unless its flags say otherwise. */
export const HOME = {
  /** where shared policies and templates, the Lease and the key of the seals are */
  namespace: 'sluice-system',
  lease: 'sluice-controller',
  /** the Secret that holds the key of the seals */
  seal: 'sluice-seal',
} as const;

export const ANNOTATION = {
  /** opts a Deployment in; the value is the name of a ReleasePolicy (a DNS label) */
  policy: 'sluice.dev/policy',
  /** marker that admission puts on a held target */
  held: 'sluice.dev/held',
  steps: 'sluice.dev/steps',
  analysis: 'sluice.dev/analysis',
  provider: 'sluice.dev/provider',
  service: 'sluice.dev/service',
  route: 'sluice.dev/route',
  /** names of rules that Sluice may copy: the owner says that no policy refers to them */
  copyRules: 'sluice.dev/copy-rules',
  /** on a Release as well: the one that came with its template */
  skip: 'sluice.dev/skip',
  /** on a Release: who wrote the skip that came with its template */
  skipBy: 'sluice.dev/skip-by',
  /** on a Release: the skip on the target that did not come with a new template, and so is void */
  skipSeen: 'sluice.dev/skip-seen',
  /** on a Release: JSON of what a user-owned route held before the first edit (see providers) */
  routeOriginals: 'sluice.dev/route-originals',
  /** on a Release: index of the pause step a human has resumed */
  resumedStep: 'sluice.dev/resumed-step',
  /** on a Release, by a human: check again what it waits for; removed once that is done */
  resume: 'sluice.dev/resume',
  /** on the newest Release, by a human: put the stable template back; removed once that is done */
  revert: 'sluice.dev/revert',
  /** on an ended Release, by a human: try the template that it rejected again */
  retry: 'sluice.dev/retry',
  /** on a canary Deployment that is scaled to set the weight: names of its pods before it was scaled */
  pods: 'sluice.dev/pods',
  /** on a Release that only records what rolled out without it: `Initial` or `Escaped` */
  recordedAs: 'sluice.dev/recorded-as',
  /** on a Release: JSON of hashes of users' objects as they were before its first edit, by "Kind/name" */
  userObjects: 'sluice.dev/user-objects',
  /** on a Release: JSON of a newer template taken off the target so this release can end; put back afterwards */
  setAside: 'sluice.dev/set-aside',
  /** on a Release: says that the controller wrote it (controller/seal) */
  seal: 'sluice.dev/seal',
} as const;

/** Annotations of a Release by which humans order something; they are not part of the record. */
export const ORDERS: readonly string[] = [
  ANNOTATION.resume,
  ANNOTATION.resumedStep,
  ANNOTATION.retry,
  ANNOTATION.revert,
];

export const LABEL = {
  /** on everything Sluice makes: name of the target */
  target: 'sluice.dev/target',
  /** on everything Sluice makes: name of the Release it was made for */
  release: 'sluice.dev/release',
  /** preferred key to tell canary pods from stable pods */
  track: 'sluice.dev/track',
  /** on canary pods that Services have to select like stable pods, where those Services already select by `track` */
  canary: 'sluice.dev/canary',
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

/** On a Release exactly while a user-owned route is edited. */
export const FINALIZER = 'sluice.dev/traffic';

/** What full names of Services end in, unless the cluster is configured differently. */
export const CLUSTER_DOMAIN = 'cluster.local';

export const isDomain = (text: string): boolean =>
  text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text);
