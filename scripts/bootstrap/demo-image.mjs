import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { demoImageEntries } from './demo-image-files.mjs';
import { engineRequest } from './engine-api.mjs';
import { findProgram, lastLines, run } from './programs.mjs';
import * as say from './say.mjs';
import { SetupError } from './setup-error.mjs';
import { tar } from './tar.mjs';

/** The image of the demo, the tests and the benchmarks: made of what this machine has, so that no registry is needed. */
export const DEMO_IMAGE = 'localhost/capstan/node-demo:24';

const RECIPE_LABEL = 'capstan.recipe';
const ANSWER_LIMIT_MS = 10_000;
const IMPORT_LIMIT_MS = 180_000;
// What the image is made with; a change of them is a change of the recipe.
const RECIPE_FILES = ['demo-image.mjs', 'demo-image-files.mjs', 'tar.mjs'].map((name) =>
  join(import.meta.dirname, name),
);

export const demoImage = {
  name: `image ${DEMO_IMAGE}`,

  async ready(context) {
    const image = await inspect(context.signal);
    const ingredients = image && (await findIngredients(context));
    if (ingredients === undefined || image.recipe !== recipeOf(ingredients)) return undefined;
    return `image ${DEMO_IMAGE}`;
  },

  async packages() {
    return findProgram('busybox') === undefined ? ['busybox-static'] : [];
  },

  async bring(context) {
    say.doing(`building the image ${DEMO_IMAGE} from this machine's files`);
    const ingredients = await findIngredients(context);
    if (ingredients === undefined) {
      throw new SetupError(
        `the pinned Node is missing from ${context.root}/node_modules`,
        'type: rm -rf node_modules && npm ci --include=optional',
      );
    }
    const before = await inspect(context.signal);
    await importImage(ingredients, context.signal);
    // An engine refuses (409) while a container still uses the old one: it may stay then.
    if (before !== undefined) await ask({ method: 'DELETE', path: `/images/${before.id}`, signal: context.signal });
  },
};

async function inspect(signal) {
  const { status, body } = await ask({ path: `/images/${DEMO_IMAGE}/json`, signal });
  if (status !== 200) return undefined;
  const { Id: id, Config: config } = JSON.parse(body);
  return { id, recipe: config?.Labels?.[RECIPE_LABEL] };
}

// An engine that isn't there has no image.
async function ask(request) {
  try {
    return await engineRequest({ ...request, limitMs: ANSWER_LIMIT_MS });
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof SetupError) throw error;
    return { status: 0, body: String(error) };
  }
}

async function findIngredients({ root, signal }) {
  const busybox = findProgram('busybox');
  const node = pinnedNodeBinary(root);
  if (busybox === undefined || node === undefined) return undefined;
  const [libraries, applets] = await Promise.all([
    sharedLibraries([node, busybox], signal),
    run([busybox, '--list'], { signal }),
  ]);
  return { node, busybox, libraries, applets: applets.output.split('\n') };
}

function pinnedNodeBinary(root) {
  try {
    return realpathSync(join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node'));
  } catch {
    return undefined; // not installed yet, or no Linux
  }
}

// ldd names a library as `name => /path (address)` and the loader as `/path (address)`; the paths must stay in the image.
async function sharedLibraries(programs, signal) {
  const outputs = await Promise.all(programs.map((program) => run(['ldd', program], { signal })));
  const paths = outputs.flatMap(({ output }) =>
    [...output.matchAll(/(?:^|\s)(\/\S+) \(0x/gm)].map((match) => match[1]),
  );
  return [...new Set(paths)].toSorted();
}

// The pinned Node is large and its version names it; everything else is read.
function recipeOf({ node, busybox, libraries, applets }) {
  const hash = createHash('sha256').update(
    JSON.stringify([node.split('/node_modules/').at(-1), nodeVersion(node), statSync(node).size]),
  );
  for (const path of [...RECIPE_FILES, busybox, ...libraries])
    hash.update(`${path.split('/').at(-1)}\n`).update(readFileSync(path));
  return hash.update(applets.join()).digest('hex').slice(0, 16);
}

function nodeVersion(node) {
  return JSON.parse(readFileSync(join(node, '..', '..', 'package.json'), 'utf8')).version;
}

async function importImage(ingredients, signal) {
  // The tag with the name: a tag beside it is not read by Podman.
  const query = new URLSearchParams({ fromSrc: '-', repo: DEMO_IMAGE });
  const changes = [
    `LABEL ${RECIPE_LABEL}=${recipeOf(ingredients)}`,
    'ENV PATH=/usr/local/bin:/usr/bin:/bin',
    'WORKDIR /home/job',
    'CMD ["node"]',
  ];
  for (const change of changes) query.append('changes', change);
  const body = tar(demoImageEntries(ingredients));
  const { status, body: answer } = await engineRequest({
    method: 'POST',
    path: `/images/create?${query}`,
    body,
    signal,
    limitMs: IMPORT_LIMIT_MS,
  });
  // Once it has begun to answer, the engine tells of a failure in the stream.
  if (status !== 200 || answer.includes('"errorDetail"')) {
    throw new SetupError(`the Docker Engine did not take the image ${DEMO_IMAGE}`, lastLines(answer.trim()));
  }
}
