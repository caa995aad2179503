/** What docs/service.md types as root: on copies of /etc, /opt and /var/lib that only these commands see. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { ROOT } from '../../../scripts/parts/service.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { fencedShell } from '../../support/fenced.ts';

const RUN = ['cd /opt', 'useradd', 'install -d', 'cp capstan.example', 'export CAPSTAN_CONFIG', 'rm -rf', 'userdel'];

/** Ends at the first mount that fails: nothing is typed where the machine itself would hear it. */
const ON_COPIES = `
mount -t tmpfs tmpfs "$1"
for name in etc var/lib; do
  mkdir -p "$1/$name/upper" "$1/$name/work"
  mount -t overlay overlay -o "lowerdir=/$name,upperdir=$1/$name/upper,workdir=$1/$name/work" "/$name"
done
mount -t tmpfs tmpfs /opt
mkdir /opt/capstan
cp "$2/capstan.example.yaml" /opt/capstan
touch /etc/systemd/system/capstan.service
`;

describe('the commands of docs/service.md', () => {
  const lines = fencedShell('docs/service.md').flatMap((body) => body.split('\n'));
  const shown = lines.filter((line) => RUN.some((begins) => line.startsWith(begins)));
  const takingOff = shown.findIndex((line) => line.startsWith('rm -rf'));

  it('make a user with folders of its own and the settings, and take all of it off again', async () => {
    await using folder = await temporaryFolder('service');
    const script = [
      ON_COPIES,
      ...shown.slice(0, takingOff),
      'stat -c "%n %U %G %a" /etc/capstan /var/lib/capstan "$CAPSTAN_CONFIG"',
      'id -nG capstan',
      ...shown.slice(takingOff),
      'ls -d /opt/capstan /etc/capstan /var/lib/capstan /etc/systemd/system/capstan.service 2>&1 | grep -c "No such file"',
      'id capstan 2>/dev/null || echo "no capstan"',
    ].join('\n');
    const inPrivate = ['--mount', '--propagation', 'private', 'bash', '-euc', script, 'bash', folder.path, ROOT];
    const { stdout } = await promisify(execFile)('unshare', inPrivate);
    expect(stdout.trim().split('\n')).to.deep.equal([
      '/etc/capstan root capstan 750',
      '/var/lib/capstan capstan capstan 700',
      '/etc/capstan/capstan.yaml root root 644',
      'capstan docker',
      '4',
      'no capstan',
    ]);
  });
});
