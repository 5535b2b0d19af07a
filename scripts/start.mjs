// npm start [-- paths …]: the example word-index over these files and folders, then two others, and one in C, under the three models.

import { join } from 'node:path'
import { main, ready } from './bootstrap.mjs'
import { run } from './child.mjs'
import { root } from './files.mjs'
import { showModels, showProgram } from './models.mjs'

await main(async () => {
  await ready()
  const paths = process.argv.slice(2)
  const code = await run(process.execPath, [
    join(root, 'dist/cli/main.js'), 'run', join(root, 'build/examples/word-index/main.js'), '--', ...paths,
  ])
  if (code === 0 && !paths.includes('--json') && !paths.includes('--help')) {
    showModels()
    showProgram()
  }
  return code
})
