// The library's code as scripts, which a Worker does not compile: it takes what the first heap has compiled.
//
// The chunks `base` and `core`, all that a Worker needs, are functions in scripts (scripts/script.mjs in the repository). The
// first heap compiles them, and hands text and code to the Workers in shared memory; a Worker that compiled them itself would
// need some 15 ms of processor time more, and 10 ms if they were modules. The modules dist/lib/*.js have the same exports:
// whoever imports the library in a heap gets what the heap runs.
//
// What is in shared memory is not written any more. V8 takes code only for a text of the same length, of the same version and
// options of its own: all Workers of a process have them. It compiles a text whose code it does not take.
'use strict'

const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')
const { Script } = require('node:vm')

const folder = join(__dirname, '../lib')
const BEGIN = '(function (module, require) {', END = '\n})'

/** What chunks have made of themselves in this heap, by name. */
const chunks = new Map()
/** Scripts of this heap by name, with their text. */
const scripts = new Map()
/** Text and code of each by name, in shared memory; undefined: not yet. */
let shared

/** The exports of a chunk. `atomics` replace those of `base`: they are the lab's. */
exports.load = function load(name, atomics) {
  let chunk = chunks.get(name)
  if (chunk === undefined) {
    const base = name === 'base' ? undefined : load('base')
    const meta = { url: pathToFileURL(join(folder, `${name}.js`)).href }
    chunk = made(name)(atomics ?? base, base, meta, url => import(url), evaluate)
    chunks.set(name, chunk)
  }
  return chunk
}

// Here, because scripts cannot import, and no more can text that they evaluate.
const evaluate = text => (0, eval)(text)

function made(name) {
  const file = join(folder, `${name}.cjs`)
  if (process.sourceMapsEnabled) return require(file)                     // Node looks for no map of a script
  const given = shared?.[name]
  const text = given === undefined ? BEGIN + readFileSync(file, 'latin1') + END : Buffer.from(given.text).latin1Slice()
  const script = new Script(text, {
    filename: pathToFileURL(file).href, columnOffset: -BEGIN.length, ...given !== undefined && { cachedData: new Uint8Array(given.code) },
  })
  scripts.set(name, { script, text })
  const module = { exports: undefined }
  script.runInThisContext()(module, require)
  return module.exports
}

/** Whether this heap did not compile that chunk, but took what it was given. */
exports.took = name => scripts.get(name)?.script.cachedDataRejected === false

/** What Workers are to be given: all that this heap has compiled, or was given. */
exports.share = function share() {
  if (shared !== undefined) return shared
  shared = {}
  for (const [name, { script, text }] of scripts) shared[name] = { text: inSharedMemory(Buffer.from(text, 'latin1')), code: inSharedMemory(script.createCachedData()) }
  return shared
}

/** What the first heap shares, in a Worker, before anything is loaded. */
exports.provide = function provide(given) {
  shared = given
}

function inSharedMemory(bytes) {
  const memory = new SharedArrayBuffer(bytes.length)
  new Uint8Array(memory).set(bytes)
  return memory
}
