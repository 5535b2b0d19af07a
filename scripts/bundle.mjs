// Puts the compiled modules together into a few files.
//
// A heap that starts loads about sixty modules, a millisecond each on Node 20: more than the rest of its start. So
// dist/ has the code of the lower layers and the faces in dist/lib, and for each module a file under its own name
// that re-exports it from there: whoever imports one, the package's own tests too, gets the same instance.
// What package.json's "imports" can replace (#atomics, #host) stays an import.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, walk } from './files.mjs'

/** Where the code is, in dist. */
export const CHUNKS = 'lib/'

const modules = join(root, 'build/modules')
const CORE = /^(kernel|pthread|ult|port|api)\//
// What a pool's threads load, and nothing that only its maker needs.
const LANE = /^pool\/(context|lane|records|serve)\.js$/
const OWN = /^(mem|host|lab|sim|wasm|napi)\//

// The compiler's helper for import(); modules that import each other's functions.
const HARMLESS = new Set(['THIS_IS_UNDEFINED', 'CIRCULAR_DEPENDENCY'])

/** Makes dist/**\/*.js of build/modules. */
export async function bundle() {
  const { rollup } = await import('@rollup/wasm-node')                         // may have been installed a moment ago
  const paths = walk(modules).filter(path => path.endsWith('.js') && existsSync(join(root, 'src', path.replace(/js$/, 'ts'))))
  const build = await rollup({
    input: Object.fromEntries(paths.map(path => [path.replace(/\.js$/, ''), join(modules, path)])),
    external: id => !id.startsWith('.') && !id.startsWith('/'),
    treeshake: false,
    onLog: (level, log, handle) => { if (!HARMLESS.has(log.code)) handle(level === 'warn' ? 'error' : level, log) },
    preserveEntrySignatures: 'strict',
    plugins: [{ name: 'source maps', load: id => ({ code: readFileSync(id, 'utf8').replace(/\n\/\/# sourceMappingURL=.*$/s, '\n'), map: JSON.parse(readFileSync(`${id}.map`, 'utf8')) }) }],
  })
  rmSync(join(root, 'dist', CHUNKS), { recursive: true, force: true })
  await build.write({
    dir: join(root, 'dist'), format: 'es', sourcemap: true, minifyInternalExports: false, generatedCode: 'es2015', hoistTransitiveImports: false,
    chunkFileNames: `${CHUNKS}[name].js`,
    manualChunks: id => chunkOf(id.slice(modules.length + 1)),
  })
  await build.close()
}

// The lab's atomics, which #atomics can be, and what they stand on; the rest of the lab stands on the core, and the core
// on #atomics.
const STEPS = /^lab\/(atomics|control|order|patience|promises|states|strategy|trace|turn)\.js$/

// host/typescript-hook is loaded by Node itself, in a thread of its own.
function chunkOf(path) {
  if (path === 'mem/struct.js') return 'struct'
  if (STEPS.test(path)) return 'steps'
  if (CORE.test(path)) return 'core'
  if (LANE.test(path)) return 'lane'
  return path === 'host/typescript-hook.js' ? undefined : OWN.exec(path)?.[1]
}
