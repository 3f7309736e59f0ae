import { checkPolicies, compareShipped, type PolicyReader } from '../../controller/hold/check.ts';
import { shippedCommon, shippedPolicies } from '../../controller/hold/shipped.ts';
import { argsOf } from '../install/cluster.ts';
import type { Finding, Patient } from './finding.ts';

const HOLD = '--hold=';

/** Which hold is in force and why, and whether the policies are there and as they are shipped. */
export async function hold(patient: Patient): Promise<Finding[]> {
  const wanted = argsOf(patient.controller)
    .find((arg) => arg.startsWith(HOLD))
    ?.slice(HOLD.length);
  const mode = wanted === 'pause' ? ASKED_FOR : await inForce(patient);
  const besides = [...shippedCommon(), ...(mode.by === 'pause' ? shippedPolicies('pause') : [])];
  const { issues, refused } = await compareShipped(patient.client, besides);
  const check = 'policies';
  const policies: Finding[] =
    refused === undefined
      ? issues.map((sentence) => ({ check, is: 'bad', sentence, remedy: 'sluice install' }))
      : [{ check, is: 'note', sentence: refused }];
  const fine: Finding = { check, is: 'good', sentence: 'the policies are there and unchanged' };
  return [mode.finding, ...(policies.length > 0 ? policies : [fine])];
}

interface Mode {
  by: 'pause' | 'admission';
  finding: Finding;
}

const ASKED_FOR: Mode = {
  by: 'pause',
  finding: { check: 'hold', is: 'good', sentence: 'changes are held by pause, as --hold=pause asks for' },
};

/** As the controller finds it out, which tries its own writes by dry run. */
async function inForce({ client, asController, targets }: Patient): Promise<Mode> {
  const reader: PolicyReader = {
    get: (ref) => client.get(ref),
    serves: (resource) => client.serves(resource),
    serverVersion: () => client.serverVersion(),
    mergePatch: (...write) => asController.mergePatch(...write),
  };
  const checked = await checkPolicies(reader, shippedPolicies('admission'), targets);
  const check = 'hold';
  if (!checked.good) {
    const sentence = `changes are held by pause: ${checked.sentence}`;
    const by = 'pause';
    return checked.absent
      ? { by, finding: { check, is: 'note', sentence } }
      : { by, finding: { check, is: 'bad', sentence, remedy: 'sluice install' } };
  }
  const untried = checked.untried === undefined ? '' : `; own writes not tried: ${checked.untried}`;
  return {
    by: 'admission',
    finding: { check, is: 'good', sentence: `changes are held by admission${untried}` },
  };
}
