import { HOME } from '../../api/names.ts';
import { parseEndpoints } from '../../controller/config-endpoints.ts';
import { formatIssue } from '../../lib/result.ts';
import { look } from '../check/around.ts';
import type { Asked } from '../check/queries.ts';
import { clusterReader } from '../check/reader.ts';
import { argsOf } from '../install/cluster.ts';
import { UsageError } from '../io.ts';
import type { Finding, Patient } from './finding.ts';

export interface Measuring {
  /** of the target whose queries are asked */
  target: string | undefined;
  namespace: string;
  /** values of --prometheus and --source; undefined: those of the controller */
  prometheus: readonly string[] | undefined;
  source: readonly string[] | undefined;
}

const check = 'metrics';
const ELSEWHERE =
  'if that is a name of the cluster, it is not known here: kubectl port-forward it and give --prometheus http://localhost:PORT';

/** Whether sources are configured, and whether they answer the queries of a target. */
export async function metrics(
  { io, client, controller }: Patient,
  { target, namespace, prometheus, source }: Measuring,
): Promise<Finding[]> {
  const of = (flag: string): string[] =>
    argsOf(controller)
      .filter((arg) => arg.startsWith(flag))
      .map((arg) => arg.slice(flag.length));
  const parsed = parseEndpoints({
    prometheus: prometheus ?? of('--prometheus='),
    source: source ?? of('--source='),
  });
  if (!parsed.ok) throw new UsageError(parsed.issues.map(formatIssue).join('\nsluice: '));
  const { endpoints } = parsed.value;
  if (endpoints.size === 0)
    return [
      {
        ...{
          check,
          is: 'bad',
          sentence: 'the controller knows no Prometheus: every release waits for a human',
        },
        remedy: 'sluice install --prometheus http://prometheus.monitoring:9090',
      },
    ];
  const names = [...endpoints].map(([name, url]) => `${name} at ${url}`).join(', ');
  if (target === undefined)
    return [
      {
        check,
        is: 'note',
        sentence: `not asked: ${names}`,
        remedy: 'give --target deployment/NAME -n NAMESPACE',
      },
    ];
  const reader = clusterReader(client);
  const flags = { controllerNamespace: HOME.namespace };
  const { checked, asked } = await look(io, { reader, name: target, namespace, flags, endpoints });
  if (asked.length > 0) return asked.map(told);
  const sentence = `no query of deployment/${target} could be asked: ${checked.refusals[0]?.sentence ?? 'it has no analysis'}`;
  return [{ check, is: 'bad', sentence, remedy: `sluice check deployment/${target} -n ${namespace}` }];
}

function told({ metric, state, sentence, said }: Asked): Finding {
  const words = said === undefined ? '' : ` (${said})`;
  const finding = { check, sentence: `${metric}: ${sentence}${words}` } as const;
  if (state === 'known') return { ...finding, is: 'good' };
  if (state === 'refused')
    return { ...finding, is: 'bad', remedy: 'correct the query in its AnalysisTemplate' };
  return { ...finding, is: 'bad', remedy: ELSEWHERE };
}
