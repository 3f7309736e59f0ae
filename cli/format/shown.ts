import type { Json } from '../../lib/json.ts';

/** Path of a field: ".spec", ".containers", "[app]", ".image". */
export type Path = readonly string[];

/** Fields whose whole content may hold secrets: numbers and names in it are hidden too. */
const KEPT_BACK = new Set(['.env', '.args', '.command', '.annotations', '.httpHeaders', '.volumeAttributes']);

/** Fields whose texts say what runs, where and with what: they do not reveal secrets. */
const TEXTS = new Set([
  ...['.image', '.imagePullPolicy', '.name', '.restartPolicy', '.type', '.protocol', '.scheme'],
  ...['.serviceAccountName', '.serviceAccount', '.schedulerName', '.priorityClassName', '.runtimeClassName'],
  ...[
    '.secretName',
    '.claimName',
    '.configMap',
    '.mountPath',
    '.subPath',
    '.path',
    '.port',
    '.containerPort',
  ],
  ...[
    '.key',
    '.operator',
    '.effect',
    '.topologyKey',
    '.whenUnsatisfiable',
    '.dnsPolicy',
    '.sizeLimit',
    '.medium',
  ],
]);

/** Containers of such texts. */
const OPEN = new Set(['.labels', '.matchLabels', '.nodeSelector', '.limits', '.requests', '.resources']);

/**
 * May the value of this field of a pod template leave the cluster? Values that say what runs may: images, names, sizes,
 * labels, numbers. What is passed to the program may not: environment, arguments, annotations, and every text that is not
 * known to be harmless.
 */
export function mayBeShown(path: Path, value: Json): boolean {
  if (path.some((part) => KEPT_BACK.has(part))) return isEmpty(value);
  if (typeof value !== 'string') return typeof value !== 'object' || value === null || isEmpty(value);
  return TEXTS.has(path.at(-1) ?? '') || path.some((part) => OPEN.has(part));
}

function isEmpty(value: Json): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
