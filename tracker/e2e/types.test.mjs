import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const ts = createRequire(new URL('../../ui/package.json', import.meta.url))('typescript')

// esbuild drops types without a look at them.
test('the sources have no type errors', () => {
  const directory = fileURLToPath(new URL('..', import.meta.url))
  const { config } = ts.readConfigFile(directory + 'tsconfig.json', ts.sys.readFile)
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, directory)
  assert.equal(fileNames.length, 2)
  const found = ts.getPreEmitDiagnostics(ts.createProgram(fileNames, options))
  const host = { getCanonicalFileName: (f) => f, getCurrentDirectory: () => directory, getNewLine: () => '\n' }
  assert.equal(ts.formatDiagnostics(found, host), '')
})
