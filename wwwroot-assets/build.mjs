// Bundles src/ into dist/ (checked in, so that running the server needs no Node).
//   node build.mjs          writes dist/ and dist-test/
//   node build.mjs --check  builds into a scratch folder and fails if a byte differs from what is checked in
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const check = process.argv.includes('--check');
const out = check ? await mkdtemp(join(tmpdir(), 'mailplus-assets-')) : root;

/** Style and script entry points: one line for each file the pages ask for. */
const styles = ['app', 'mail'];
const scripts = ['theme', 'app', 'charts', 'mail', 'editor']; // modules, except theme, which needs no import or export

async function exists(path) {
  try { await readFile(path); return true; } catch { return false; }
}

async function entries(kind, extension, names) {
  const found = [];
  for (const name of names) {
    const path = join(root, 'src', kind, `${name}.${extension}`);
    if (await exists(path)) found.push(path);
  }
  return found;
}

async function fonts(target) {
  // The variable font comes in 92 unicode ranges: a page fetches only the ranges whose letters it shows.
  const source = join(root, 'node_modules/pretendard/dist/web/variable');
  await cp(join(source, 'woff2-dynamic-subset'), join(target, 'fonts'), { recursive: true });
  const css = await readFile(join(source, 'pretendardvariable-dynamic-subset.css'), 'utf8');
  return css.replaceAll('./woff2-dynamic-subset/', '/fonts/');
}

async function bundle(target) {
  await rm(join(target, 'dist'), { recursive: true, force: true });
  await mkdir(join(target, 'dist/css'), { recursive: true });
  const fontFaces = await fonts(join(target, 'dist'));
  const shared = {
    bundle: true, minify: true, legalComments: 'eof', charset: 'utf8', target: ['chrome109', 'firefox115', 'safari16.4'],
    absWorkingDir: root, logLevel: 'warning', external: ['/fonts/*', '/images/*'],
  };
  await build({ ...shared, entryPoints: await entries('css', 'css', styles), outdir: join(target, 'dist/css') });
  await build({ ...shared, entryPoints: await entries('js', 'js', scripts), outdir: join(target, 'dist/js'), format: 'esm' });
  await build({
    ...shared, stdin: { contents: fontFaces, loader: 'css', resolveDir: root }, outfile: join(target, 'dist/css/fonts.css'),
  });
  await cp(join(root, 'src/images'), join(target, 'dist/images'), { recursive: true });
  await writeFile(join(target, 'dist/README'), 'Built from ../src by `npm ci && npm run build`. Do not edit.\n');
  await mkdir(join(target, 'dist-test'), { recursive: true });
  await cp(join(root, 'node_modules/axe-core/axe.min.js'), join(target, 'dist-test/axe.min.js'));
}

async function digests(folder) {
  const result = new Map();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    result.set(relative(folder, path), createHash('sha256').update(await readFile(path)).digest('hex'));
  }
  return result;
}

await bundle(out);

if (check) {
  let different = 0;
  for (const name of ['dist', 'dist-test']) {
    const [built, kept] = [await digests(join(out, name)), await digests(join(root, name))];
    for (const file of new Set([...built.keys(), ...kept.keys()])) {
      if (built.get(file) === kept.get(file)) continue;
      different++;
      console.error(`${name}/${file} differs from a fresh build`);
    }
  }
  await rm(out, { recursive: true, force: true });
  if (different > 0) process.exit(1);
  console.log('dist is what a fresh build gives');
}
