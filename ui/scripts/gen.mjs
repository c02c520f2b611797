// Writes src/app/api/types.ts from ../api/openapi.yaml. With --check it fails
// when the committed file is not what the description gives.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import openapi, { astToString } from 'openapi-typescript';

const source = new URL('../../api/openapi.yaml', import.meta.url);
const target = new URL('../src/app/api/types.ts', import.meta.url);
const head = '// Generated from api/openapi.yaml by `npm run gen`. Do not edit.\n';
const text = head + astToString(await openapi(source));

if (!process.argv.includes('--check')) {
  writeFileSync(target, text);
  console.log('types.ts written');
} else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
  console.error('src/app/api/types.ts does not match api/openapi.yaml: run `npm run gen` in ui/');
  process.exitCode = 1;
} else {
  console.log('types.ts matches api/openapi.yaml');
}
