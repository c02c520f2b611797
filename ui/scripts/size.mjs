// Fails when the page has grown: the first load (index.html, what it names, and
// what those import statically) above 250 KB gzip, or any lazy chunk above
// 120 KB gzip.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const INITIAL = 250 * 1024;
const LAZY = 120 * 1024;

const out = fileURLToPath(new URL('../out/browser', import.meta.url));
const index = readFileSync(path.join(out, 'index.html'), 'utf8');
const named = new Set([...index.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map((m) => m[1]));
// A static import is fetched with its importer; import() is not.
const imports = (name) => [...readFileSync(path.join(out, name), 'utf8').matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)].map((m) => m[1]);
for (const name of named) {
  if (name.endsWith('.js')) imports(name).forEach((found) => named.add(found));
}
const gz = (name) => gzipSync(readFileSync(path.join(out, name)), { level: 9 }).length;
const kb = (n) => (n / 1024).toFixed(1).padStart(7) + ' KB';

const files = readdirSync(out).filter((f) => /\.(js|css)$/.test(f));
let initial = gz('index.html');
let failed = false;
const lazy = [];
for (const file of files) {
  if (named.has(file)) initial += gz(file);
  else lazy.push([gz(file), file]);
}
console.log(`${kb(initial)}  first load (limit ${kb(INITIAL).trim()})`);
if (initial > INITIAL) failed = true;
for (const [size, file] of lazy.sort((a, b) => b[0] - a[0])) {
  const over = size > LAZY;
  failed ||= over;
  if (size > 2048 || over) console.log(`${kb(size)}  ${file}${over ? '  TOO LARGE' : ''}`);
}
if (named.size === 0) {
  console.error('index.html names no script: is there a build?');
  failed = true;
}
process.exitCode = failed ? 1 : 0;
