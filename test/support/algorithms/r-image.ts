/** An image with R, as Debian installs it: `apt-get install r-base-core`. */
import { existsSync } from 'node:fs';
import { importDebianImage } from './debian-image.ts';

const HOME = '/usr/lib/R';
const ENCODINGS = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/gconv`);

export async function importRImage(name: string): Promise<void> {
  if (!existsSync(`${HOME}/bin/exec/R`)) throw new Error('R is not installed: apt-get install r-base-core');
  await importDebianImage({
    name,
    programs: ['/usr/bin/Rscript', '/usr/bin/R', '/bin/bash'],
    folders: [HOME, '/usr/share/R'],
    // R asks for programs by the first; plots are written with the fonts.
    more: [
      '/usr/bin/which',
      '/usr/lib/locale/C.utf8',
      ...ENCODINGS,
      '/etc/R',
      '/etc/fonts',
      '/usr/share/fonts/truetype/dejavu',
      '/usr/share/fontconfig',
      '/usr/share/zoneinfo',
    ],
    applets: ['sh', 'uname', 'sed', 'rm', 'cat', 'expr', 'dirname', 'basename', 'grep', 'mkdir'],
    changes: ['ENV PATH=/usr/bin:/bin', 'ENV R_HOME=/usr/lib/R', 'ENV LC_ALL=C.UTF-8', 'WORKDIR /'],
  });
}
