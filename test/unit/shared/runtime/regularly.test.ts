import { expect } from 'chai';
import { createRegular } from '@capstan/shared/runtime/regularly';

describe('regular work', () => {
  it('is done at the start if it shall be, and tells of what fails', async () => {
    const { promise: failed, resolve } = Promise.withResolvers<unknown>();
    const service = createRegular({
      name: 'work',
      everyMs: 1_000_000,
      isAtStart: true,
      work: () => Promise.reject(new Error('no luck')),
      onError: resolve,
    });
    await service.start();
    expect(String(await failed)).to.equal('Error: no luck');
    await service.stop();
  });

  it('is waited for at the stop, told that it shall end, and not complained of then', async () => {
    const { promise: isAtIt, resolve: begin } = Promise.withResolvers<void>();
    const steps: string[] = [];
    const service = createRegular({
      name: 'work',
      everyMs: 1,
      isAtStart: false,
      work: (signal) => {
        begin();
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            steps.push('ended');
            reject(new Error('stopped'));
          });
        });
      },
      onError: () => steps.push('complained'),
    });
    await service.start();
    await isAtIt;
    await service.stop();
    expect(steps).to.deep.equal(['ended']);
  });
});
