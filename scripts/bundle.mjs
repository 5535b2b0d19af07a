// Puts the compiled modules together into a few files.
//
// A heap that starts loads about sixty modules, a millisecond each on Node 20: more than the rest of its start. So
// dist/ has the code of the lower layers and the faces in dist/lib, and for each module a file under its own name
// that re-exports it from there: whoever imports one, the package's own tests too, gets the same instance.
// What package.json's "imports" can replace, #atomics, stays an import. Two of the chunks are scripts: script.mjs.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, walk } from './files.mjs'

/** Where the code is, in dist. */
export const CHUNKS = 'lib/'

const modules = join(root, 'build/modules')
const BASE = /^mem\/(struct|memory|wasm-atomics|atomics)\.js$/
// What Workers load. Of the pool it is what its threads need, and nothing that only its maker does.
const CORE = /^(begin\.js$|(mem|host|kernel|pthread|ult|port|api)\/|pool\/(context|lane|records|serve)\.js$)/
const OWN = /^(lab|sim|wasm|napi)\//
/** Chunks that are scripts, and the file that is their module. */
const SCRIPTS = ['base', 'core']
/** Variables that change with every message, and that nobody outside of the core imports. */
const INNER = { file: 'port/queue.js', names: ['found', 'entry', 'index', 'place', 'bodies'] }

// The compiler's helper for import(); modules that import each other's functions.
const HARMLESS = new Set(['THIS_IS_UNDEFINED', 'CIRCULAR_DEPENDENCY'])

/** Makes dist/**\/*.js of build/modules. */
export async function bundle() {
  const { rollup } = await import('@rollup/wasm-node')                         // may have been installed a moment ago
  const { scriptOf, withoutComments } = await import('./script.mjs')
  const paths = walk(modules).filter(path => path.endsWith('.js') && existsSync(join(root, 'src', path.replace(/js$/, 'ts'))))
  const build = await rollup({
    input: Object.fromEntries(paths.map(path => [path.replace(/\.js$/, ''), join(modules, path)])),
    external: id => !id.startsWith('.') && !id.startsWith('/') && id !== '#host',
    treeshake: false,
    onLog: (level, log, handle) => { if (!HARMLESS.has(log.code)) handle(level === 'warn' ? 'error' : level, log) },
    preserveEntrySignatures: 'strict',
    plugins: [{
      name: 'modules',
      resolveId: id => id === '#host' ? join(modules, 'host/index.js') : undefined,
      load: id => ({ code: withoutComments(readFileSync(id, 'utf8').replace(/\n\/\/# sourceMappingURL=.*$/s, '\n')), map: JSON.parse(readFileSync(`${id}.map`, 'utf8')) }),
    }],
  })
  rmSync(join(root, 'dist', CHUNKS), { recursive: true, force: true })
  await build.write({
    dir: join(root, 'dist'), format: 'es', sourcemap: true, minifyInternalExports: false, generatedCode: 'es2015', hoistTransitiveImports: false,
    chunkFileNames: `${CHUNKS}[name].js`,
    manualChunks: id => chunkOf(id.slice(modules.length + 1)),
    plugins: [{ name: 'scripts', generateBundle(_, files) { makeScripts(files, scriptOf, (fileName, source) => this.emitFile({ type: 'asset', fileName, source })) } }],
  })
  await build.close()
}

// The lab's atomics, which #atomics can be, and what they stand on; the rest of the lab stands on the core, and the core
// on #atomics.
const STEPS = /^lab\/(atomics|control|order|patience|promises|states|strategy|trace|turn)\.js$/

// host/typescript-hook is loaded by Node itself, in a thread of its own.
function chunkOf(path) {
  if (STEPS.test(path)) return 'steps'
  if (BASE.test(path)) return 'base'
  if (path === 'host/typescript-hook.js') return undefined
  return CORE.test(path) ? 'core' : OWN.exec(path)?.[1]
}

// Those chunks that are scripts, and what is a module of them: script.mjs.
function makeScripts(files, scriptOf, emit) {
  const queue = files[INNER.file], stay = []
  queue.code = queue.code.replace(/export \{ (.*) \} from/, (_, list) => `export { ${list.split(', ').filter((specifier) => {
    const [local, as = local] = specifier.split(' as ')
    if (INNER.names.includes(as)) stay.push(local)
    return !INNER.names.includes(as)
  }).join(', ')} } from`)
  if (stay.length !== INNER.names.length) throw new Error(`${INNER.file} has no longer the variables ${INNER.names.join(', ')}: see INNER in scripts/bundle.mjs`)
  if (files['mem/atomics.js'].code.includes(' as ')) throw new Error('the chunk base has other names than mem/atomics.js')
  for (const name of SCRIPTS) {
    const file = `${CHUNKS}${name}.js`, chunk = files[file]
    const { script, module } = scriptOf(chunk.code.replace(/\n\/\/# sourceMappingURL=.*$/s, '\n'), name, stay)
    emit(`${CHUNKS}${name}.cjs`, `${script}//# sourceMappingURL=${name}.cjs.map\n`)
    emit(`${CHUNKS}${name}.cjs.map`, JSON.stringify({ ...chunk.map, file: `${name}.cjs` }))
    delete files[`${file}.map`]
    chunk.code = module
  }
}
