// npm start [-- paths …]: the example word-index over these files and folders.

import { join } from 'node:path'
import { main, ready } from './bootstrap.mjs'
import { run } from './child.mjs'
import { root } from './files.mjs'

await main(async () => {
  await ready()
  const paths = process.argv.slice(2)
  return run(process.execPath, [
    join(root, 'dist/cli/main.js'), 'run', join(root, 'build/examples/word-index/main.js'), '--', ...paths,
  ])
})
