// Compresses the build in out/browser into dist/ as NAME.br, which is what the
// Go package embeds. dist/placeholder stays: it keeps `go build` working.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const from = path.join(root, 'out', 'browser');
const to = path.join(root, 'dist');

for (const name of readdirSync(to)) {
  if (name !== 'placeholder') rmSync(path.join(to, name), { recursive: true });
}

let before = 0;
let after = 0;
let count = 0;
for (const name of readdirSync(from, { recursive: true })) {
  const file = path.join(from, name);
  if (!statSync(file).isFile()) continue;
  const raw = readFileSync(file);
  const br = brotliCompressSync(raw, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
    },
  });
  const target = path.join(to, name + '.br');
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, br);
  before += raw.length;
  after += br.length;
  count++;
}
console.log(`dist: ${count} files, ${before} bytes, ${after} compressed`);
