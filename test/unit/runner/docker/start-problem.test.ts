import { expect } from 'chai';
import { refused } from '../../../../services/runner/src/docker/answers.ts';

/** As engines say it, each with a path of the host. */
const SAID: readonly (readonly [string, RegExp])[] = [
  [
    '(HTTP code 400) unexpected - OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "/nope": stat /nope: no such file or directory: unknown ',
    /: its program is not in the image\.$/,
  ],
  [
    '(HTTP code 500) server error - failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting "/var/lib/docker/volumes/x/_data" to rootfs at "/data": mount /var/lib/docker/volumes/x/_data:/data (via /proc/self/fd/6), flags: 0x5000: not a directory: unknown ',
    /^The algorithm could not be started\.$/,
  ],
  [
    '(HTTP code 500) server error - chdir to cwd ("/root") set in config.json failed: permission denied ',
    /: the image's working folder can not be used\.$/,
  ],
  [
    '(HTTP code 500) server error - mkdir /var/lib/docker/overlay2/3f/merged: no space left on device ',
    /^The algorithm could not be started\.$/,
  ],
  [
    '(HTTP code 500) server error - nvidia-container-cli: mount error: stat failed: /usr/lib/firmware/nvidia/gsp.bin: no such file ',
    /^The algorithm could not be started\.$/,
  ],
];

describe('a start that the engine refuses', () => {
  it('has a reason without a path of the host, and the whole of it for the operator', () => {
    for (const [text, reason] of SAID) {
      const error = refused('START_REFUSED')(new Error(text));
      expect(error.message).to.match(reason);
      expect(error.message).not.to.match(/\//);
      expect((error.cause as Error).message).to.equal(text);
      expect(refused('GPUS_REFUSED')(new Error(text)).message).not.to.match(/\//);
    }
  });
});
