import { expect } from 'chai';
import type { Objects } from '@capstan/shared/results/objects';
import { lie, objectsIn, refused } from '../../support/results/asking-hostile-s3.ts';
import { errorXml, listXml, startHostileS3, uploadsXml, type HostileS3 } from '../../support/results/hostile-s3.ts';

const { signal } = new AbortController();
const OURS = 'capstan/job/1/';

let s3: HostileS3;
let objects: Objects;

describe('deleting in an S3 store', () => {
  beforeEach(async () => {
    s3 = await startHostileS3();
    objects = objectsIn(s3);
  });
  afterEach(() => s3[Symbol.asyncDispose]());

  const OTHERS = ['backups/2026', 'capstan/job/2/x', 'capstan/job/10/x', 'capstan/job', `${OURS}../../backups/2026`];

  for (const stray of OTHERS) {
    it(`touches nothing of a list that names ${stray}`, async () => {
      s3.objects.set('backups/2026', Buffer.from('precious'));
      s3.objects.set(`${OURS}a`, Buffer.from('ours'));
      s3.lie = lie('list', () => ({ status: 200, body: listXml([`${OURS}a`, stray]) }));
      expect(await refused(objects.removeFolder('job/1', signal))).to.match(/not asked for/);
      s3.lie = lie('listUploads', () => ({ status: 200, body: uploadsXml([['id', stray]]) }));
      await refused(objects.removeFolder('job/1', signal));
      expect(s3.objects.get('backups/2026')?.toString()).to.equal('precious');
      expect(s3.asked).not.to.include('abort');
    });
  }

  it('is done when all of it is gone, uploads that nobody finished as well', async () => {
    for (let each = 0; each < 1_050; each += 1) s3.objects.set(`${OURS}${each}`, Buffer.from('x'));
    s3.objects.set('capstan/job/10/x', Buffer.from('other'));
    s3.uploads.set('left', `${OURS}large`);
    s3.uploads.set('other', 'capstan/job/10/large');
    await objects.removeFolder('job/1', signal);
    expect([...s3.objects.keys()]).to.deep.equal(['capstan/job/10/x']);
    expect([...s3.uploads.keys()]).to.deep.equal(['other']);
  });

  for (const operation of ['delete', 'abort'] as const) {
    it(`that only says so (${operation}) is asked for a few more times, ever later, and then told`, async () => {
      s3.objects.set(`${OURS}a`, Buffer.from('ours'));
      s3.uploads.set('left', `${OURS}large`);
      s3.undone.add(operation);
      expect(await refused(objects.removeFolder('job/1', signal))).to.match(/still there/);
      expect(s3.asked.filter((each) => each === operation).length).to.be.within(3, 8);
    });
  }

  it('that is done late is waited for', async () => {
    s3.objects.set(`${OURS}a`, Buffer.from('ours'));
    s3.undone.add('delete');
    s3.lie = ({ operation, count }) => {
      if (operation === 'delete' && count === 2) s3.undone.clear();
      return undefined;
    };
    await objects.removeFolder('job/1', signal);
    expect(s3.objects.size).to.equal(0);
  });

  it('ends with a store that lists ever more', async () => {
    s3.lie = (asked) =>
      asked.operation === 'list' ? { status: 200, body: listXml([`${OURS}x${asked.count}`]) } : undefined;
    expect(await refused(objects.removeFolder('job/1', signal))).to.match(/ever more/);
  });

  const SHAPES: Readonly<Record<string, string>> = {
    'no XML': 'gone',
    'half of it': listXml([`${OURS}a`]).slice(0, -20),
    'another document': errorXml('AccessDenied'),
    'a document type with entities': `<!DOCTYPE x [<!ENTITY a "aaaa">]>${listXml([`${OURS}&a;`])}`,
    'an unknown entity': listXml([`${OURS}&nbsp;`]),
    'more elements than a page has': listXml(Array.from({ length: 30_000 }, (_, index) => `${OURS}${index}`)),
    depth: `<ListBucketResult>${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}</ListBucketResult>`,
    'more to come, and nothing now': '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>',
    'entries without a key': '<ListBucketResult><Contents></Contents></ListBucketResult>',
  };
  for (const [what, body] of Object.entries(SHAPES)) {
    it(`is not begun with a list that is ${what}`, async () => {
      s3.objects.set(`${OURS}a`, Buffer.from('ours'));
      s3.lie = lie('list', () => ({ status: 200, body }));
      await refused(objects.removeFolder('job/1', signal));
      expect(s3.asked).not.to.include('delete');
    });
  }
});
