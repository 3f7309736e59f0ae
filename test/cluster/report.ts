import { basename } from 'node:path';
import { getObjects, getString } from '../../lib/json.ts';
import { formatTally, skippedTests, tallyReport } from '../../scripts/lib/tally.ts';
import type { LaneSetUp } from './lane.ts';

/** What ran with which versions, and what was skipped and why. */
export function reportOf({ server, crds, kubeconfig }: LaneSetUp, report: unknown): string[] {
  const whose = kubeconfig === undefined ? 'built from source' : `borrowed (${kubeconfig})`;
  const files = getObjects(report, 'testResults').map((file) => {
    const tests = getObjects(file, 'assertionResults').map((test) => getString(test, 'status'));
    const count = (status: string): number => tests.filter((each) => each === status).length;
    const seconds = Math.round((Number(file['endTime']) - Number(file['startTime'])) / 1000);
    return `  ${basename(getString(file, 'name') ?? '')}: ${count('passed')} passed, ${count('failed')} failed, ${seconds} s`;
  });
  return [
    `Kubernetes ${server.version}, ${whose}; Gateway API ${crds.versions.gateway}, Istio ${crds.versions.istio}; Node ${process.version}`,
    ...files,
    ...skippedTests(report).map((name) => `skipped: ${name}`),
    formatTally(tallyReport(report, true)),
  ];
}
