// What a new user does: packs the package, installs it in an empty project, and types README.md's programs.
//
// In README.md a fenced `ts` block whose first line is a comment with a file name (`// tally.ts`) is that
// file. All of them go into one folder and are compiled with `strict`. A file that no other names is a
// program, and each program must end with exit code 0. The first `ts` block must be such a file. A block
// without a name is a fragment and is not tried.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { main, ready } from './bootstrap.mjs'
import { root, text } from './files.mjs'

await main(async () => {
  await ready()
  const files = blocks(text(join(root, 'README.md')))
  const project = mkdtempSync(join(tmpdir(), 'pthreads-try-'))
  try {
    tryIn(project, files)
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
})

function blocks(readme) {
  if (readme === undefined) throw new Error('there is no README.md')
  const files = new Map()
  const all = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(match => match[1])
  for (const [index, block] of all.entries()) {
    const name = /^\/\/ ([\w/-]+\.ts)\b/.exec(block)?.[1]
    if (name === undefined && index === 0) throw new Error('README.md: the first ts block does not begin with a file name')
    if (name === undefined) continue
    if (files.has(name) && files.get(name) !== block) throw new Error(`README.md: two different blocks are called ${name}`)
    files.set(name, block)
  }
  if (files.size === 0) throw new Error('README.md has no ts block')
  return files
}

function programs(files) {
  const named = (name, block) => block.includes(`/${name.replace(/\.ts$/, '.js')}`) || block.includes(`/${name}`)
  return [...files.keys()].filter(name => ![...files].some(([other, block]) => other !== name && named(name, block)))
}

function tryIn(project, files) {
  const { devDependencies } = JSON.parse(text(join(root, 'package-lock.json'))).packages['']
  const dev = name => `${name}@${devDependencies[name]}`
  npm(root, 'pack', '--silent', '--pack-destination', project)
  const tarball = readdirSync(project).find(name => name.endsWith('.tgz'))
  write(project, 'package.json', JSON.stringify({ name: 'new-user', private: true, type: 'module' }))
  npm(project, 'install', '--no-audit', '--no-fund', '--loglevel=error', `./${tarball}`, dev('typescript'), dev('@types/node'))
  write(project, 'tsconfig.json', JSON.stringify({
    compilerOptions: { strict: true, target: 'ES2022', lib: ['ESNext'], module: 'NodeNext', types: ['node'], outDir: 'out', rootDir: '.' },
    include: ['*.ts', '**/*.ts'],
  }))
  for (const [name, block] of files) write(project, name, block)
  node(project, 'node_modules/typescript/bin/tsc')
  node(project, 'node_modules/pthreads/dist/cli/main.js', '--help')
  for (const name of programs(files)) {
    console.log(`README.md: ${name}`)
    node(project, `out/${name.replace(/\.ts$/, '.js')}`)
  }
}

function write(project, name, content) {
  mkdirSync(dirname(join(project, name)), { recursive: true })
  writeFileSync(join(project, name), content)
}

function npm(cwd, ...args) {
  finish(`npm ${args[0]}`, spawnSync('npm', args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' }))
}

function node(cwd, ...args) {
  finish(args[0], spawnSync(process.execPath, args, { cwd, stdio: 'inherit', timeout: 60_000, killSignal: 'SIGKILL' }))
}

function finish(what, { error, status, signal }) {
  if (error) throw new Error(`${what}: ${error.message}`)
  if (status !== 0) throw new Error(`${what} ended with ${signal ?? `exit code ${status}`}`)
}
