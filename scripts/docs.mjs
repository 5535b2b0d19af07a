// npm run docs [-- --check | --tables]: the API reference into docs/api, and the tables of records in DESIGN.md.
//
// A record is declared once, in src; its table is made from that declaration. --tables writes the tables only,
// --check writes nothing and fails when DESIGN.md says something else than the source.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { main, ready } from './bootstrap.mjs'
import { run } from './child.mjs'
import { root, text, walk } from './files.mjs'

const BEGIN = '<!-- generated: records -->'
const END = '<!-- end generated -->'
// Of these, the files besides import faces.
const RECORDS_ONLY = ['pool', 'wasm', 'napi']
const LAYERS = ['mem', 'kernel', 'pthread', 'pool', 'wasm', 'napi']

await main(async () => {
  await ready()
  const old = text(join(root, 'DESIGN.md'))
  const fresh = insert(old, await tables())
  const [mode] = process.argv.slice(2)
  if (mode === '--check') {
    if (old !== fresh) throw new Error('the record tables in DESIGN.md are not those of the source: npm run docs writes them')
    return 0
  }
  if (old !== fresh) writeFileSync(join(root, 'DESIGN.md'), fresh)
  return mode === '--tables' ? 0 : reference()
})

/** Every record, layer by layer. A layer imports downhill only, so what is new after loading it is its own. */
async function tables() {
  const { layouts } = await load('mem/struct.js')
  const sections = []
  for (const layer of LAYERS) {
    const before = new Set(layouts)
    for (const path of walk(join(root, 'src', layer))) if (!RECORDS_ONLY.includes(layer) || path === 'records.ts') await load(`${layer}/${path.replace(/ts$/, 'js')}`)
    sections.push(...layouts.filter(layout => !before.has(layout)).map(layout => table(layer, layout)))
  }
  return sections.join('\n\n')
}

function load(path) {
  return import(pathToFileURL(join(root, 'build/modules', path)).href)
}

function table(layer, { name, size, fields }) {
  const rows = fields.map((field) => {
    if (field.about.trim() === '') throw new Error(`record ${name}, field ${field.name}: the description is empty`)
    return `| ${field.offset} | \`${field.name}\` | ${field.type} | ${field.about.replaceAll('|', '\\|')} |`
  })
  return [`**${name}** (src/${layer}, ${size} bytes)`, '', '| offset | field | type | meaning |', '|---|---|---|---|', ...rows].join('\n')
}

function insert(design, generated) {
  const parts = (design ?? '').split(BEGIN)
  const after = parts[1]?.indexOf(END) ?? -1
  if (parts.length !== 2 || after < 0) throw new Error(`DESIGN.md has no place for the tables: ${BEGIN} … ${END}, once`)
  return `${parts[0]}${BEGIN}\n\n${generated}\n\n${parts[1].slice(after)}`
}

function reference() {
  return run(process.execPath, [
    join(root, 'node_modules/typedoc/bin/typedoc'), '--entryPoints', 'src/index.ts', '--entryPoints', 'src/pthread/index.ts',
    '--tsconfig', 'tsconfig.json', '--out', 'docs/api', '--disableGit', '--sourceLinkTemplate', '../../{path}', '--excludePrivate', '--excludeInternal',
  ], { cwd: root })
}
