// Runs every test of the project, one step after the other, goes on after a failure, and ends
// with one line of counts. Called by `make test`, which builds what is tested before.
//
//   node scripts/test.mjs            all steps
//   node scripts/test.mjs go browser only steps whose name contains one of the words
//
// Browser tests get: CHROMIUM, HITKEEP_TEST_BIN (the binary), and the dashboard's also a
// running demo: HITKEEP_URL, HITKEEP_EMAIL, HITKEEP_PASSWORD.
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, readdirSync, existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createHash } from 'node:crypto';

const root = fileURLToPath(new URL('..', import.meta.url));
const binary = path.join(root, 'bin', 'hitkeep');
const scratch = mkdtempSync(path.join(tmpdir(), 'hk-test-'));

const steps = [
  ['gofmt', () => single('sh', ['scripts/gofmt.sh'])],
  ['go vet', () => single('go', ['vet', './...'])],
  ['go vet failpoints', () => single('go', ['vet', '-tags', 'failpoints', './appliance/...'])],
  ['hk.js is fresh', trackerFresh],
  ['types.ts is fresh', () => single('npm', ['run', '--silent', 'gen:check'], { cwd: 'ui' })],
  ['ui bundle size', () => single('npm', ['run', '--silent', 'size'], { cwd: 'ui' })],
  ['ui dependencies', uiDependencies],
  ['go test', goTest],
  ['ui unit', uiUnit],
  ['tracker browser', () => nodeTest('tracker/e2e', {})],
  ['dashboard browser', dashboardTest],
];

const wanted = process.argv.slice(2);
const results = [];
for (const [name, run] of steps) {
  if (wanted.length && !wanted.some((w) => name.includes(w))) continue;
  console.log(`\n=== ${name}`);
  const began = Date.now();
  let r;
  try {
    r = await run();
  } catch (err) {
    console.error(err.message);
    r = { passed: 0, failed: 1, skipped: 0 };
  }
  results.push({ name, ...r, seconds: Math.round((Date.now() - began) / 1000) });
}
rmSync(scratch, { recursive: true, force: true });

console.log('\n=== summary');
const sum = { passed: 0, failed: 0, skipped: 0 };
for (const r of results) {
  console.log(`${r.failed ? 'FAIL' : 'ok  '} ${r.name.padEnd(20)} ${r.passed} passed, ${r.failed} failed, ${r.skipped} skipped, ${r.seconds} s`);
  for (const k of Object.keys(sum)) sum[k] += r[k];
}
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exit(sum.failed ? 1 : 0);

// start runs a command below the root; onLine takes its standard output line by line.
function start(cmd, args, { cwd = '.', env = {}, onLine } = {}) {
  const child = spawn(cmd, args, {
    cwd: path.join(root, cwd),
    env: { ...process.env, ...env },
    stdio: ['ignore', onLine ? 'pipe' : 'inherit', 'inherit'],
  });
  if (onLine) createInterface({ input: child.stdout }).on('line', onLine);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

// single is a step that counts as one test.
async function single(cmd, args, options) {
  const code = await start(cmd, args, options);
  return { passed: code ? 0 : 1, failed: code ? 1 : 0, skipped: 0 };
}

// trackerFresh makes hk.js again and compares; a difference stays, to be committed.
async function trackerFresh() {
  const sums = () =>
    readdirSync(path.join(root, 'tracker'))
      .filter((f) => /\.js(\.|$)/.test(f))
      .map((f) => f + createHash('sha256').update(readFileSync(path.join(root, 'tracker', f))).digest('hex'))
      .join('\n');
  const before = sums();
  const r = await single('go', ['generate', './tracker/...']);
  if (!r.failed && sums() !== before) {
    console.error('hk.js did not match its source: commit what `make generate` wrote');
    return { passed: 0, failed: 1, skipped: 0 };
  }
  return r;
}

// uiDependencies: later majors of these are commercial, so the versions are exact.
function uiDependencies() {
  const exact = { primeng: '21.1.10', '@primeuix/themes': '2.0.3', '@primeuix/styled': '0.7.4', '@primeuix/motion': '0.0.10', primeicons: '7.0.0' };
  const lock = JSON.parse(readFileSync(path.join(root, 'ui/package-lock.json'), 'utf8')).packages;
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, version] of Object.entries(exact)) {
    const copies = Object.entries(lock).filter(([at]) => at.endsWith(`node_modules/${name}`));
    const ok = copies.length === 1 && copies[0][1].version === version;
    if (!ok) console.error(`${name} must be ${version}, locked: ${copies.map(([, p]) => p.version).join(', ') || 'none'}`);
    count[ok ? 'passed' : 'failed']++;
  }
  return count;
}

// goTest counts single tests (and subtests without children would be counted with their
// parents: only top-level tests count) and prints what failed.
async function goTest() {
  const count = { passed: 0, failed: 0, skipped: 0 };
  const output = new Map();
  const broken = new Set();
  const onLine = (line) => {
    let e;
    try {
      e = JSON.parse(line);
    } catch {
      console.log(line);
      return;
    }
    const key = `${e.Package ?? e.ImportPath} ${(e.Test ?? '').split('/')[0]}`;
    if (e.Action === 'output' || e.Action === 'build-output') {
      output.set(key, (output.get(key) ?? '') + e.Output);
    } else if (['pass', 'fail', 'skip'].includes(e.Action) && e.Test && !e.Test.includes('/')) {
      count[{ pass: 'passed', fail: 'failed', skip: 'skipped' }[e.Action]]++;
      if (e.Action === 'fail') {
        broken.add(e.Package);
        console.log(output.get(key));
      }
      output.delete(key);
    } else if ((e.Action === 'pass' || e.Action === 'fail') && !e.Test) {
      console.log(`${e.Action === 'pass' ? 'ok  ' : 'FAIL'} ${e.Package} ${e.Elapsed ?? 0} s`);
      if (e.Action === 'fail' && !broken.has(e.Package)) {
        count.failed++; // it does not build, panicked or ran out of time
        for (const [k, text] of output) if (k.startsWith(`${e.Package} `)) console.log(text);
      }
    } else if (e.Action === 'build-fail') {
      console.log(output.get(key));
    }
  };
  const code = await start('go', ['test', '-json', '-race', '-count=1', '-timeout=20m', './...'], { onLine });
  if (code && !count.failed) count.failed = 1;
  return count;
}

async function uiUnit() {
  const report = path.join(scratch, 'vitest.json');
  const code = await start('npm', ['test', '--silent', '--', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], { cwd: 'ui' });
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const r = JSON.parse(readFileSync(report, 'utf8'));
  return { passed: r.numPassedTests, failed: r.numFailedTests || (code ? 1 : 0), skipped: r.numPendingTests };
}

// nodeTest runs the *.test.mjs files of a folder; none at all is a failure.
async function nodeTest(folder, env) {
  const dir = path.join(root, folder);
  const files = existsSync(dir) ? readdirSync(dir).filter((f) => f.endsWith('.test.mjs')).sort() : [];
  if (!files.length) throw new Error(`there are no tests in ${folder}`);
  const tap = path.join(scratch, `${folder.replaceAll('/', '-')}.tap`);
  const code = await start(
    process.execPath,
    ['--test', '--test-concurrency=1', '--test-reporter=spec', '--test-reporter-destination=stdout',
      '--test-reporter=tap', `--test-reporter-destination=${tap}`, ...files.map((f) => path.join(dir, f))],
    { env: { HITKEEP_TEST_BIN: binary, ...env } },
  );
  const text = existsSync(tap) ? readFileSync(tap, 'utf8') : '';
  const number = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  const failed = number('fail') + number('cancelled');
  return { passed: number('pass'), failed: failed || (code ? 1 : 0), skipped: number('skipped') };
}

// dashboardTest runs the browser tests against a real demo on a fresh directory.
async function dashboardTest() {
  const port = await freePort();
  const log = path.join(scratch, 'demo.log');
  const out = openSync(log, 'a');
  const url = `http://localhost:${port}`;
  const server = spawn(binary, ['serve', '--demo', '--data-dir', path.join(scratch, 'demo'), '--listen', `127.0.0.1:${port}`], {
    stdio: ['ignore', out, out],
    env: { PATH: process.env.PATH, HOME: scratch },
  });
  const ended = new Promise((resolve) => server.on('close', resolve));
  try {
    await ready(url, server);
    const { demo_login: login } = await (await fetch(`${url}/api/status`)).json();
    return await nodeTest('ui/e2e', { HITKEEP_URL: url, HITKEEP_EMAIL: login?.email ?? '', HITKEEP_PASSWORD: login?.password ?? '' });
  } catch (err) {
    throw new Error(`${err.message}\n${readFileSync(log, 'utf8').slice(-4000)}`);
  } finally {
    server.kill('SIGTERM'); // only this process
    await ended;
  }
}

async function ready(url, server) {
  for (let i = 0; i < 3000; i++) {
    if (server.exitCode !== null) throw new Error(`the demo ended with status ${server.exitCode}`);
    const ok = await fetch(`${url}/readyz`).then((r) => r.ok, () => false);
    if (ok) return;
    await new Promise((r) => setTimeout(r, 100));
  }
  throw new Error('the demo was not ready within 5 minutes');
}

function freePort() {
  return new Promise((resolve, reject) => {
    const s = createServer().on('error', reject);
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });
}
