/** An image with Python, pandas and matplotlib. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { importDebianImage } from './debian-image.ts';

const run = promisify(execFile);
const PYTHON = '/usr/bin/python3';
const DEBIAN = '/usr/lib/python3/dist-packages';
/** Of all that a machine may have in that folder. */
const LIBRARIES =
  /^(numpy|pandas|matplotlib|mpl_toolkits|PIL|dateutil|kiwisolver|packaging|pyparsing|pytz|six|cycler|contourpy|fontTools|appdirs|certifi|bottleneck|numexpr)(\.py|$)/;

/** What it runs if nobody says what: the algorithm. */
export async function importPythonImage(name: string): Promise<void> {
  const packages = (await readdir(DEBIAN))
    .filter((entry) => LIBRARIES.test(entry))
    .map((entry) => `${DEBIAN}/${entry}`);
  const { stdout: standard } = await run(PYTHON, ['-c', 'import os; print(os.path.dirname(os.__file__))']);
  await importDebianImage({
    name,
    programs: [PYTHON],
    folders: [standard.trim(), ...packages],
    more: ['/usr/share/matplotlib', '/usr/share/fonts/truetype/dejavu', '/usr/share/zoneinfo', '/etc/matplotlibrc'],
    applets: ['sh', 'cat', 'ls'],
    changes: ['ENV PATH=/usr/bin:/bin', 'ENTRYPOINT ["python3", "/data/transformations/algorithm"]', 'WORKDIR /'],
  });
}
