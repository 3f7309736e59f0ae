import { describeScenarios } from './scenarios.ts';

describeScenarios('admission');
