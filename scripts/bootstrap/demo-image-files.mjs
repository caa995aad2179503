import { dirname } from 'node:path';

// Who a job runs as; the runner never starts one as root.
const JOB = 10001;

/** Every file of the demo's image: Node, the libraries it needs, busybox with its applets, and a user for the job. */
export function demoImageEntries({ node, busybox, libraries, applets }) {
  const files = [
    { path: '/usr/local/bin/node', type: 'file', mode: 0o755, from: node },
    { path: '/bin/busybox', type: 'file', mode: 0o755, from: busybox },
    ...libraries.map((path) => ({ path, type: 'file', mode: 0o755, from: path })),
    ...applets
      .filter((name) => name !== 'busybox')
      .map((name) => ({ path: `/bin/${name}`, type: 'link', target: 'busybox' })),
    { path: '/usr/bin/env', type: 'link', target: '/bin/busybox' },
    {
      path: '/etc/passwd',
      type: 'file',
      text: `root:x:0:0:root:/root:/bin/sh\njob:x:${JOB}:${JOB}:job:/home/job:/bin/sh\n`,
    },
    { path: '/etc/group', type: 'file', text: `root:x:0:\njob:x:${JOB}:\n` },
  ];
  const special = [
    { path: '/home/job', type: 'folder', uid: JOB },
    { path: '/root', type: 'folder', mode: 0o700 },
    { path: '/tmp', type: 'folder', mode: 0o1777 },
  ];
  const parents = new Set([...files, ...special].flatMap(({ path }) => ancestors(path)));
  const folders = [...parents].toSorted().map((path) => ({ path, type: 'folder' }));
  return [...folders, ...special, ...files].map((entry) => ({ ...entry, path: entry.path.slice(1) }));
}

function ancestors(path) {
  const parent = dirname(path);
  return parent === '/' ? [] : [...ancestors(parent), parent];
}
