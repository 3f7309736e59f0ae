import { describe, expect, it } from 'vitest';
import { RESOURCES } from '../../api/resources.ts';
import { RIGHTS, WATCHED, type Grant, type Verb } from '../../release/rights.ts';
import { CUTS, FOR_TARGETS, PEOPLE, type Cut } from '../../scripts/lib/roles.ts';

describe('the rights of the controller', () => {
  it.each(Object.values(RESOURCES))('name $plural of $group', (resource) => {
    expect(RIGHTS.some((each) => each.resource === resource)).toBe(true);
  });

  it.each(WATCHED)('let it list and watch $plural of $group', (resource) => {
    const verbs = RIGHTS.filter((each) => each.resource === resource).flatMap((each) => each.verbs);
    expect(verbs).toEqual(expect.arrayContaining(['list', 'watch']));
  });
});

/** A right with a single verb. */
const single = ({ resource, subresource, name }: Grant, verb: Verb): string =>
  [verb, resource.group, resource.plural, subresource ?? '', name ?? ''].join(' ');
const singles = (grants: readonly Grant[]): string[] =>
  grants.flatMap((grant) => grant.verbs.map((verb) => single(grant, verb)));
const sorted = (all: readonly string[]): string[] => [...new Set(all)].sort();
const cut = (name: string): Cut => {
  const found = CUTS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no role ${name}`);
  return found;
};

describe('the roles of the controller', () => {
  it('give together what it needs, and no more', () => {
    expect(sorted(CUTS.flatMap(({ grants }) => singles(grants)))).toEqual(sorted(singles(RIGHTS)));
  });

  it('give every right to write in one role alone', () => {
    const writes = CUTS.flatMap(({ grants }) => singles(grants)).filter(
      (each) => !/^(get|list|watch) /.test(each),
    );
    expect(writes.length).toBe(new Set(writes).size);
  });

  it.each(CUTS.filter(({ bound }) => bound === 'everywhere'))('write nothing by $name', ({ grants }) => {
    expect(
      grants.flatMap(({ verbs }) => verbs).filter((verb) => !['get', 'list', 'watch'].includes(verb)),
    ).toEqual([]);
  });

  it.each(['wasmplugins', 'envoyfilters'])('never let it write %s in all namespaces', (plural) => {
    const writing = CUTS.filter(({ grants }) =>
      grants.some(({ resource, verbs }) => resource.plural === plural && verbs.includes('patch')),
    );
    expect(writing.map(({ name, bound }) => [name, bound])).toEqual([['sluice-proxies', 'by hand']]);
    expect(FOR_TARGETS).not.toContain('sluice-proxies');
  });

  it.each([
    { provider: 'gateway', want: ['patch grpcroutes', 'patch httproutes'] },
    { provider: 'nginx', want: ['create ingresses', 'delete ingresses', 'patch ingresses'] },
    { provider: 'contour', want: ['patch httpproxies'] },
  ])('let $provider do what it declares', ({ provider, want }) => {
    const { grants } = cut(`sluice-provider-${provider}`);
    const got = grants.flatMap(({ resource, verbs }) => verbs.map((verb) => `${verb} ${resource.plural}`));
    expect(got.sort()).toEqual(want);
  });

  it('have none for a back end that writes no objects', () => {
    expect(CUTS.map(({ name }) => name)).not.toContain('sluice-provider-replicas');
  });

  it('keep Secrets to the namespace of the controller', () => {
    const secrets = CUTS.filter(({ grants }) => grants.some(({ resource }) => resource.plural === 'secrets'));
    expect(secrets.map(({ bound }) => bound)).toEqual(['home']);
  });
});

describe('the roles of people', () => {
  it('let only authors write policies and templates, and nobody the status of a Release', () => {
    const writers = PEOPLE.flatMap(({ name, rules }) =>
      rules.flatMap(({ resources, verbs }) =>
        verbs.some((verb) => !['get', 'list', 'watch'].includes(verb))
          ? resources.map((each) => `${name} ${each}`)
          : [],
      ),
    );
    expect(writers).toEqual([
      'sluice-operator releases',
      'sluice-author releasepolicies',
      'sluice-author analysistemplates',
    ]);
  });

  it.each(PEOPLE)('let $name create, update or delete no Release', ({ rules }) => {
    const verbs = rules
      .filter(({ resources }) => resources.includes('releases'))
      .flatMap((rule) => rule.verbs);
    expect(verbs.filter((verb) => ['create', 'update', 'delete'].includes(verb))).toEqual([]);
  });
});
