/** The linter's rules. Who may import whom stands in scripts/lint/rooms.ts; a disabled rule carries its reason on the same line. */
import { defineConfig, type OxlintConfig } from 'oxlint';
import { restrictionsOf } from './scripts/lint/restrictions.ts';
import { sourceFiles } from './scripts/lint/sources.ts';

const sources = sourceFiles(import.meta.dirname);

/** Time, chance and the world outside come as arguments. */
const pureRules: OxlintConfig['rules'] = {
  'no-restricted-globals': [
    'error',
    ...['process', 'fetch', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'console'].map((name) => ({
      name,
      message: 'A PURE file gets this as an argument.',
    })),
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'A PURE file gets the time as an argument.' },
    { object: 'Math', property: 'random', message: 'A PURE file gets chance as an argument.' },
    { object: 'crypto', property: 'randomUUID', message: 'A PURE file gets ids as arguments.' },
  ],
};

export default defineConfig({
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'promise', 'node'],
  categories: { correctness: 'error', suspicious: 'error' },
  ignorePatterns: ['coverage/**', 'var/**', '.types/**', 'demo/**'],
  rules: {
    eqeqeq: 'error',
    // A file of 300 lines holds two ideas.
    'max-lines': ['error', { max: 300 }],
    'no-var': 'error',
    'prefer-const': 'error',
    'oxc/no-barrel-file': ['error', { threshold: 0 }],
    // fast-check is read as `fc.array(…)`, as its own documentation has it.
    'import/no-named-as-default-member': 'off',
    // Types go in circles no more than values: whoever reads one file of a circle has to read them all.
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    'import/no-mutable-exports': 'error',
    // `as` belongs inside parsers, where rows and JSON become types; the rule can't tell them from other places.
    'typescript/no-unsafe-type-assertion': 'off',
    // The compiler checks returns, and knows that process.exit does not return.
    'typescript/consistent-return': 'off',
    // Our parts are objects of closures, not classes: a method taken off one has no `this` to lose.
    'typescript/unbound-method': 'off',
    // A helper may stand inside the one function that uses it.
    'unicorn/consistent-function-scoping': 'off',
    'typescript/await-thenable': 'error',
    'typescript/ban-ts-comment': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-namespace': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/prefer-promise-reject-errors': 'error',
    'typescript/return-await': ['error', 'in-try-catch'],
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/use-unknown-in-catch-callback-variable': 'error',
  },
  overrides: [
    {
      files: ['shared/src/**', 'services/*/src/**'],
      rules: { 'no-console': 'error', 'node/no-process-env': 'error' },
    },
    { files: ['shared/src/config/process.ts'], rules: { 'node/no-process-env': 'off' } },
    {
      // These run before anything is installed, in plain JavaScript: without types, the rules about types guess.
      files: ['scripts/**/*.mjs'],
      rules: { 'typescript/require-array-sort-compare': 'off', 'typescript/prefer-promise-reject-errors': 'off' },
    },
    { files: ['oxlint.config.ts'], rules: { 'import/no-default-export': 'off' } },
    ...sources.map((file): NonNullable<OxlintConfig['overrides']>[number] => ({
      files: [file.path],
      rules: {
        'no-restricted-imports': ['error', restrictionsOf(file, sources)],
        ...(file.isPure ? pureRules : {}),
      },
    })),
  ],
});
