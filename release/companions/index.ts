export { mayBeCutOff, reachesInto, reachesOut } from './elsewhere.ts';
export { FOLLOWED, isCopied, resourceOf } from './kinds.ts';
export {
  burdenOf,
  isUsers,
  liveByName,
  planCompanions,
  type Companion,
  type CompanionInput,
  type Companions,
} from './plan.ts';
export { podsOf } from './pods.ts';
export { companionWrites, idOf, removals, type CompanionWrite } from './writes.ts';
