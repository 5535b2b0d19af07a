// node scripts/header.mjs [--check]: c/include/bits/pthreads.h, what the C side knows of the library's records and limits.
//
// A record is declared once, in src; the sizes of C's objects, and the offsets that the shim uses, are made from that
// declaration. --check writes nothing and fails when the header says something else than the source.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { main, ready } from './bootstrap.mjs'
import { root, text } from './files.mjs'

const HEADER = 'c/include/bits/pthreads.h'
const load = path => import(pathToFileURL(join(root, 'build/modules', path)).href)

/** Records that C programs have, by the name that the header gives them. */
const OBJECTS = ['Attr', 'Mutex', 'MutexAttr', 'Cond', 'CondAttr', 'Rwlock', 'RwlockAttr', 'Barrier', 'BarrierAttr', 'Spinlock', 'Once', 'Sem']
/** Fields that the shim reads or writes. */
const FIELDS = [['Attr', 'block'], ['Mutex', 'word'], ['Mutex', 'owner'], ['Mutex', 'depth']]

await main(async () => {
  await ready()
  const old = text(join(root, HEADER)), fresh = await header()
  if (process.argv.includes('--check')) {
    if (old !== fresh) throw new Error(`${HEADER} is not what the source says: npm run docs writes it`)
    return 0
  }
  if (old !== fresh) writeFileSync(join(root, HEADER), fresh)
  return 0
})

async function header() {
  const records = await load('pthread/records.js'), limits = await load('pthread/limits.js'), wasm = await load('wasm/records.js')
  const { PTHREAD_DESTRUCTOR_ITERATIONS } = await load('pthread/key.js'), { SEM_VALUE_MAX } = await load('pthread/sem.js')
  const lines = [
    ...OBJECTS.map(name => [`${name.toUpperCase()}_SIZE`, records[name].size]),
    ...FIELDS.map(([name, field]) => [`${name.toUpperCase()}_${field.toUpperCase()}`, records[name][field]]),
    ['BLOCK_SIZE', wasm.Block.size],
    ['CLEANUP_SIZE', wasm.Cleanup.size],
    ['GUARD', wasm.GUARD],
    ['KEYS', wasm.KEYS],
    ['DESTRUCTOR_ITERATIONS', PTHREAD_DESTRUCTOR_ITERATIONS],
    ['SEM_VALUE_MAX', SEM_VALUE_MAX],
    ['STACK_MIN', wasm.STACK_MIN],
    ['STACK_DEFAULT', wasm.STACK_DEFAULT],
    ['PRIORITY_MIN', limits.PRIORITY_MIN],
    ['PRIORITY_MAX', limits.PRIORITY_MAX],
  ]
  return `/* Made by scripts/header.mjs from the records and limits in src: not to be edited. */
#ifndef _BITS_PTHREADS_H
#define _BITS_PTHREADS_H

/* A function of the thread library outside the program. */
#define __PTHREADS_IMPORT(name) __attribute__((__import_module__("pthreads"), __import_name__(#name)))

${lines.map(([name, value]) => `#define __PTHREADS_${name} ${value}`).join('\n')}

#endif
`
}
