/** `engines.node` of package.json; below it our libraries do not even load. */
const OLDEST = [22, 19] as const;

/** The complaint about a Node ("20.20.2") that is too old for us; undefined if it is not too old. */
export function complainAboutNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantMajor, wantMinor] = OLDEST;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return undefined;
  return (
    `this is Node ${version}, and Node ${OLDEST.join('.')} or newer is needed; install Node 24, ` +
    'or in a checkout run it with the Node that npm ci brought: npx sluice'
  );
}
