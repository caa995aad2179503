import { expect } from 'chai';
import { failedUnlessFilled, refused, refusedUnlessFull } from '../../../../services/runner/src/docker/answers.ts';
import { imageVolumesOf } from '../../../../services/runner/src/images/image-volumes.ts';

const codeOf = (text: string) => refusedUnlessFull('CONTAINER_REFUSED')(new Error(text)).code;
const server = (text: string) => `(HTTP code 500) server error - ${text} `;

/** As engines say it. */
const LACKS = [
  'mkdir /var/lib/docker/overlay2/ab: no space left on device',
  'failed to create shim task: OCI runtime create failed: runc create failed: mkdir /run/x: no space left on device: unknown',
  'no space left on device',
  'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network',
  'all predefined address pools have been fully subscribed',
  'failed to create endpoint: adding interface veth1 to bridge br-1 failed: exchange full',
];

/** Whoever made the image chose the name in it. */
const NAMES = [
  'Cannot mkdir: /x/no space left on device is not a directory',
  'Cannot mkdir: /x: no space left on device is not a directory',
  'OCI runtime create failed: chdir to cwd ("/data/: no space left on device") set in config.json failed: permission denied: unknown',
  'OCI runtime create failed: mkdir /var/lib/docker/overlay2/ab/merged/exchange full: not a directory: unknown',
  "the working directory 'x: no space left on device' is invalid, it needs to be an absolute path",
];

describe('an engine that refuses a container', () => {
  it('is full where its text ends with what it lacks', () => {
    for (const text of LACKS) expect(codeOf(server(text)), text).to.equal('ENGINE_FULL');
  });

  it('is not full because an image has a folder of that name: no other job waits for it', () => {
    for (const text of NAMES) {
      expect(codeOf(server(text)), text).to.equal('CONTAINER_REFUSED');
      const failed = failedUnlessFilled(refused('CONTAINER_REFUSED'))(new Error(server(text)));
      expect(failed.code, text).to.equal('CONTAINER_REFUSED');
    }
  });

  it('is never asked for a volume in a place of the node, which it refuses by its name', () => {
    expect(imageVolumesOf(['/capstan/out/outputs/a: no space left on device']).kind).to.equal('refused');
    expect(imageVolumesOf(['/capstan']).kind).to.equal('refused');
    expect(imageVolumesOf(['/capstans']).kind).to.equal('paths');
  });

  it('is never asked for a volume that an algorithm could move', () => {
    expect(imageVolumesOf(['/data/outputs/a/b']).kind).to.equal('refused');
    expect(imageVolumesOf(['/data/logs/a/b/c', '/data/logs/a/b']).kind).to.equal('refused');
    expect(imageVolumesOf(['/data/outputs/a/b', '/data/outputs/a', '/data/outputs', '/data/own/a/b']).kind).to.equal(
      'paths',
    );
  });
});
