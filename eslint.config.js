import tseslint from 'typescript-eslint';
import { HOUSE } from './scripts/lib/house.ts';

/** Rooms where time, randomness and the outside world are parameters. */
const PURE = HOUSE.filter(({ packages }) => packages !== undefined).map(({ path }) => `${path}/**/*.ts`);

/** The one file per program that may end it, read its environment and print. */
const PROGRAMS = ['*/main.ts', 'test/*/main.ts', 'scripts/*.ts', 'vitest.config.ts'];

/** Tests, and the suite that every provider is held to. */
const TOOLS = ['**/*.test.ts', 'providers/conformance/**'];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'test/fixtures/**', 'coverage/**', '*.{js,mjs}'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-params': 'off',
      '@typescript-eslint/max-params': ['error', { max: 4 }],
      complexity: ['error', 15],
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'exit', message: 'Only the program file ends the program.' },
        { object: 'process', property: 'env', message: 'Only the program file reads the environment.' },
      ],
      'no-restricted-imports': [
        'error',
        { name: 'node:process', message: 'Only the program file ends the program or reads the environment.' },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  {
    files: PROGRAMS,
    rules: { 'no-console': 'off', 'no-restricted-properties': 'off', 'no-restricted-imports': 'off' },
  },
  {
    files: PURE,
    ignores: TOOLS,
    rules: {
      'no-restricted-globals': [
        'error',
        ...[
          'process',
          'fetch',
          'console',
          'setTimeout',
          'setInterval',
          'setImmediate',
          'queueMicrotask',
          'performance',
          'crypto',
        ].map((name) => ({ name, message: 'Pure code: time, randomness and I/O are parameters.' })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Pure code: time is a parameter.' },
        { object: 'Math', property: 'random', message: 'Pure code: randomness is a parameter.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: ':function[async=true]', message: 'Pure code is synchronous.' },
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'Pure code: time is a parameter.',
        },
        {
          selector:
            'ImportDeclaration[source.value=/^node:(fs|http|https|net|child_process|timers|process)/]',
          message: 'Pure code does no I/O.',
        },
        {
          selector:
            "ImportDeclaration[source.value='node:crypto'] > :not([imported.name='createHash']):not(Literal)",
          message: 'Pure code: of node:crypto only createHash, which is a function of its text.',
        },
      ],
    },
  },
  {
    files: [...TOOLS, 'test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
