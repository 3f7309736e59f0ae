export { chooseRewrite, requiredLabels, type ChooseInput, type Choice } from './choose.ts';
export { chooseSharedRewrite } from './choose-shared.ts';
export {
  canaryName,
  canaryServiceName,
  isMadeFor,
  labelValue,
  makerOf,
  ownLabels,
  releaseName,
  type Maker,
} from './names.ts';
export {
  canaryDeployment,
  canarySelector,
  canaryService,
  ownerOf,
  rewriteOf,
  untracked,
  type CanaryInput,
} from './objects.ts';
export { rewriteLabels, rewriteTemplate, undoRewrite, type Rewrite } from './rewrite.ts';
export { mapSelects, selectorMatches, type Labels } from './selector.ts';
export {
  LARGEST_RECORD_KIB,
  LARGEST_TEMPLATE_KIB,
  templateKib,
  templateOf,
  templatesEqual,
} from './template.ts';
