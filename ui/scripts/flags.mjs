// Collects the flags into one sprite, src/assets/flags.svg: a symbol per
// country, id = ISO 3166 alpha-2 in lower case.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const dir = path.join(path.dirname(require.resolve('country-flag-icons/package.json')), '3x2');
const files = readdirSync(dir).filter((f) => /^[A-Z]{2}\.svg$/.test(f)).sort();

const symbols = files.map((file) => {
  const code = file.slice(0, 2).toLowerCase();
  const svg = readFileSync(path.join(dir, file), 'utf8').trim();
  const box = /viewBox="([^"]+)"/.exec(svg)?.[1] ?? '0 0 513 342';
  const inner = svg
    .replace(/^[\s\S]*?<svg[^>]*>/, '')
    .replace(/<\/svg>\s*$/, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/>\s+</g, '><')
    // Ids are per file there and per document here.
    .replace(/\bid="([^"]+)"/g, `id="${code}-$1"`)
    .replace(/url\(#([^)]+)\)/g, `url(#${code}-$1)`)
    .replace(/href="#([^"]+)"/g, `href="#${code}-$1"`);
  return `<symbol id="${code}" viewBox="${box}">${inner}</symbol>`;
});
const sprite = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">${symbols.join('')}</svg>\n`;
writeFileSync(new URL('../src/assets/flags.svg', import.meta.url), sprite);
console.log(`flags.svg: ${files.length} flags, ${sprite.length} bytes`);
