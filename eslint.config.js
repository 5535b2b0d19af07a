// Layers, layout and the common mistakes.  Imports run downhill: mem, kernel, pthread, ult, port, then the
// faces.  The map below says what each layer may import besides itself; everything else in src is an error
// that names the arrow.  test/regress/layering.test.ts proves that each rule bites.

import stylistic from '@stylistic/eslint-plugin'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

const MAY_IMPORT = {
  mem: [],
  kernel: ['mem'],
  pthread: ['mem', 'kernel'],
  ult: ['mem', 'kernel', 'pthread'],
  port: ['mem', 'kernel', 'pthread', 'ult'],
  api: ['mem', 'kernel', 'pthread', 'ult', 'port'],
  pool: ['mem', 'kernel', 'pthread', 'ult', 'port', 'api'],
  wasm: ['mem', 'kernel', 'pthread', 'ult', 'port', 'api'],
  lab: ['mem', 'kernel', 'pthread', 'ult', 'port'],
  sim: ['mem', 'kernel', 'pthread', 'ult', 'port'],
  napi: ['mem', 'kernel', 'pthread', 'ult', 'port', 'api', 'wasm'],
  cli: ['mem', 'kernel', 'pthread', 'ult', 'port', 'api', 'pool', 'lab', 'sim', 'wasm'],
  host: ['mem'],
}
// The host implements what the kernel declares: it may know the kernel's types, and run none of its code.
const TYPES_ONLY = { host: ['kernel'] }

const LAYERS = Object.keys(MAY_IMPORT)
const CORE = ['mem', 'kernel', 'pthread', 'ult', 'port']

const BUILTINS = '^(node:|(assert|async_hooks|buffer|child_process|cluster|console|crypto|dgram|diagnostics_channel|dns|events|fs|http|http2'
  + '|https|inspector|module|net|os|path|perf_hooks|process|punycode|querystring|readline|repl|stream|string_decoder|sys|timers|tls'
  + '|tty|url|util|v8|vm|wasi|worker_threads|zlib)(/|$))'

const into = layer => `(^|/)\\.\\./${layer}/`

function forbidden(layer) {
  const rules = LAYERS.filter(other => other !== layer && !MAY_IMPORT[layer].includes(other)).map((other) => {
    const allowTypeImports = TYPES_ONLY[layer]?.includes(other) ?? false
    return {
      regex: into(other), allowTypeImports,
      message: `${layer} -> ${other} is no arrow downhill: src/${layer} may import ${MAY_IMPORT[layer].join(', ') || 'no other layer'}`
        + `${TYPES_ONLY[layer] ? ` and types of ${TYPES_ONLY[layer].join(', ')}` : ''}.`,
    }
  })
  rules.push({ regex: '(^|/)\\.\\./boot\\.', message: `${layer} -> boot is no arrow downhill: boot.ts imports the layers, none of them imports it.` })
  rules.push({ regex: '^(pthreads|#internal)(/|$)', message: 'src imports its own files by their relative paths, so that the layers show.' })
  if (layer !== 'lab') rules.push({ regex: '(^|/)atomics\\.', message: 'Import atomics as \'#atomics\', so that the lab can replace them.' })
  if (layer !== 'host' && layer !== 'cli') rules.push({ regex: BUILTINS, message: 'Only src/host, src/cli and src/boot.ts know Node.' })
  if (CORE.includes(layer)) rules.push({ regex: '^[^.#]', message: `src/${layer} imports no package.` })
  return rules
}

// What no-restricted-imports does not see: import('…'), as a value or as a type.
function dynamic(rules) {
  return rules.flatMap(({ regex, allowTypeImports, message }) => {
    const pattern = `/${regex.replaceAll('/', '\\u002F')}/`
    const value = { selector: `ImportExpression > Literal[value=${pattern}]`, message }
    return allowTypeImports ? [value] : [value, { selector: `TSImportType Literal[value=${pattern}]`, message }]
  })
}

const ATOMICS = { name: 'Atomics', message: 'Atomic accesses are written in src/mem/atomics.ts; import them from \'#atomics\'.' }
const SHARED = { name: 'SharedArrayBuffer', message: 'Shared memory is made in src/mem, src/host and, for results, src/pool; it is sent by the codec.' }
const NEW_WORKER = ['callee.name', 'callee.property.name'].map(path => ({
  selector: `NewExpression[${path}='Worker']`,
  message: 'Workers are started in src/host only: see its verb for a carrier.',
}))
const viaGlobalThis = ({ name, message }) => ({ selector: `MemberExpression[object.name='globalThis'][property.name='${name}']`, message })

function confined(files, globals, syntax) {
  return {
    files,
    rules: {
      'no-restricted-globals': globals.length === 0 ? 'off' : ['error', ...globals],     // an error alone would keep the options of before
      'no-restricted-syntax': ['error', ...globals.map(viaGlobalThis), ...syntax],
    },
  }
}

// A later entry replaces an earlier one's options, so every entry of a layer is whole.
const layers = LAYERS.flatMap((layer) => {
  const rules = forbidden(layer)
  const globals = [
    ...['host', 'wasm', 'lab'].includes(layer) ? [] : [ATOMICS],
    ...['host', 'mem', 'pool'].includes(layer) ? [] : [SHARED],
  ]
  const syntax = [...dynamic(rules), ...layer === 'host' ? [] : NEW_WORKER]
  const files = [`src/${layer}/**/*.ts`]
  return [
    { files, rules: { 'no-restricted-imports': ['error', { patterns: rules }] } },
    confined(files, globals, syntax),
    ...layer === 'mem' ? [confined(['src/mem/atomics.ts'], [], syntax)] : [],
    ...layer === 'api' ? [confined(['src/api/codec.ts', 'src/api/codec-*.ts', 'src/api/codec/**/*.ts'], [ATOMICS], syntax)] : [],
  ]
})

// What is no module: it runs before the loader of modules.
const scripts = {
  files: ['src/**/*.cjs'],
  languageOptions: { sourceType: 'commonjs' },
  rules: { '@typescript-eslint/no-require-imports': 'off' },
}

const outside = {
  files: ['test/**/*.ts', 'examples/**/*.ts'],
  rules: {
    'no-restricted-imports': ['error', { patterns: [
      { regex: '(^|/)\\.\\./(src|dist)/', message: 'Import \'pthreads\', \'pthreads/posix\' or, in tests, \'#internal/…\'.' },
    ] }],
  },
}

const examples = {
  files: ['examples/**/*.ts'],
  rules: {
    'no-restricted-imports': ['error', { patterns: [
      { regex: '(^|/)\\.\\./(src|dist)/|^#', message: 'An example imports what its reader can: \'pthreads\' or \'pthreads/posix\'.' },
    ] }],
  },
}

const layout = {
  plugins: { '@stylistic': stylistic },
  rules: {
    '@stylistic/arrow-spacing': 'error',
    '@stylistic/block-spacing': 'error',
    '@stylistic/comma-dangle': ['error', { arrays: 'always-multiline', objects: 'always-multiline', imports: 'always-multiline', exports: 'always-multiline', functions: 'only-multiline' }],
    '@stylistic/comma-spacing': 'error',
    '@stylistic/computed-property-spacing': 'error',
    '@stylistic/eol-last': 'error',
    '@stylistic/function-call-spacing': 'error',
    '@stylistic/indent': ['error', 2, { SwitchCase: 1, offsetTernaryExpressions: false, flatTernaryExpressions: true }],
    '@stylistic/key-spacing': ['error', { mode: 'minimum' }],
    '@stylistic/keyword-spacing': 'error',
    '@stylistic/linebreak-style': 'error',
    '@stylistic/max-len': ['error', { code: 160, ignoreUrls: true, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true }],
    '@stylistic/member-delimiter-style': ['error', { multiline: { delimiter: 'none' }, singleline: { delimiter: 'comma' } }],
    '@stylistic/no-extra-semi': 'error',
    '@stylistic/no-multi-spaces': ['error', { ignoreEOLComments: true, exceptions: { Property: true, VariableDeclarator: true, ImportDeclaration: true } }],
    '@stylistic/no-multiple-empty-lines': ['error', { max: 1, maxBOF: 0, maxEOF: 0 }],
    '@stylistic/no-tabs': 'error',
    '@stylistic/no-trailing-spaces': 'error',
    '@stylistic/object-curly-spacing': ['error', 'always'],
    '@stylistic/operator-linebreak': ['error', 'before', { overrides: { '=': 'after' } }],
    '@stylistic/padded-blocks': ['error', 'never'],
    '@stylistic/quotes': ['error', 'single', { allowTemplateLiterals: 'always', avoidEscape: true }],
    '@stylistic/semi': ['error', 'never', { beforeStatementContinuationChars: 'never' }],
    '@stylistic/space-before-blocks': 'error',
    '@stylistic/space-before-function-paren': ['error', { anonymous: 'always', named: 'never', asyncArrow: 'always' }],
    '@stylistic/space-in-parens': 'error',
    '@stylistic/space-infix-ops': ['error', { ignoreTypes: true }],
    '@stylistic/type-annotation-spacing': 'error',
  },
}

const mistakes = {
  files: ['**/*.{ts,js,mjs,cjs}'],
  rules: {
    'eqeqeq': 'error',
    'no-constant-binary-expression': 'error',
    'no-self-compare': 'error',
    'no-template-curly-in-string': 'error',
    'prefer-spread': 'off',                                         // f.apply(null, array) is what a hot loop calls
    '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
  },
}

// A promise that nobody awaits is how a test passes that never ran.
const typed = {
  files: ['{src,test,examples}/**/*.ts'],
  languageOptions: { parserOptions: { project: ['tsconfig.json', 'tsconfig.examples.json', 'tsconfig.test.json'], tsconfigRootDir: import.meta.dirname } },
  rules: {
    '@typescript-eslint/await-thenable': 'error',
    '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite'] }] }],
    '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  },
}

export default defineConfig(
  { ignores: ['dist', 'build', 'docs', 'node_modules', '**/node_modules', 'test/fixtures-ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  tseslint.configs.recommended,
  layout,
  mistakes,
  typed,
  scripts,
  outside,
  examples,
  ...layers,
)
