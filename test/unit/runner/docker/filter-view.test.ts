import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { namesOf } from '../../../../services/runner/src/docker/names.ts';
import { coversOf, filterView } from '../../../../services/runner/src/docker/layout.ts';

const names = namesOf({ node: '0123456789ab', jobId: 'a'.repeat(32) as JobId, run: 1, attempt: 1 });
const { data, inputs, outputs, logs, scratch, etc } = names.volumes;
const short = (volume: string) => volume.slice(names.algorithm.length + 1);

interface Asked {
  readonly seesInputs?: boolean;
  readonly left?: readonly string[];
  readonly paths?: readonly string[];
}

const seen = ({ seesInputs = true, left, paths = [] }: Asked = {}) => {
  const view = filterView(names, { seesInputs, covers: coversOf(names, paths), volumePaths: [], left });
  const mounts = view.mounts.map(
    ({ volume, target, isReadOnly }) => `${target} ${short(volume)} ${isReadOnly ? 'ro' : 'rw'}`,
  );
  return { mounts: mounts.toSorted(), home: view.home };
};

describe('what a filter sees', () => {
  it('is a /data of its own, with outputs and logs; with inputs, also what the algorithm left', () => {
    const always = ['/data filter-own rw', '/data/logs logs rw', '/data/outputs outputs rw', '/etc filter-etc ro'];
    expect(seen({ seesInputs: false })).to.deep.equal({ mounts: always, home: '/data/scratch' });
    expect(seen().mounts).to.deep.equal([...always, '/data/inputs inputs ro', '/data/left data ro'].toSorted());
  });

  it('has the volumes of the algorithm where that had them: what is not outputs, only to be read', () => {
    const paths = ['/cache', '/data/inputs/more', '/data/outputs/more', '/data/own'];
    expect(seen({ paths }).mounts).to.include.members([
      '/data/inputs/more i1 ro',
      '/data/left/own s3 ro',
      '/data/outputs/more v2 rw',
    ]);
    expect(seen({ seesInputs: false, paths }).mounts.join()).not.to.match(/ (i1|s3|v0) /);
  });

  it('is less where volumes of its own were cleared away: no empty ones pass for what there was', () => {
    expect(seen({ left: [data, inputs, outputs, logs, scratch, etc] })).to.deep.equal({
      mounts: [
        '/data data ro',
        '/data/inputs inputs ro',
        '/data/logs logs rw',
        '/data/outputs outputs rw',
        '/etc filter-etc ro',
      ],
      home: '/tmp',
    });
  });

  it('is what the release before made, where that has provisioned the job', () => {
    const { in: before, beside } = names.volumesOfBefore;
    const left = [before, outputs, logs, scratch, beside, etc];
    const kept = ['/data/logs logs rw', '/data/outputs outputs rw', '/etc filter-etc ro'];
    expect(seen({ left }).mounts).to.deep.equal(['/data in ro', ...kept, '/data/transformations beside ro'].toSorted());
    expect(seen({ left, seesInputs: false })).to.deep.equal({ mounts: kept, home: '/tmp' });
  });
});
