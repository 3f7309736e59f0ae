import { describeScenarios } from './scenarios.ts';

describeScenarios('pause');
