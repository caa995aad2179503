import { expect } from 'chai';
import { createMailbox } from '../../../scripts/parts/mailbox.ts';

const aMailbox = (keep = 10) => createMailbox<number>({ name: 'numbers', keep, show: String });
const isEven = (number: number) => (number % 2 === 0 ? number : undefined);
const messageOf = (work: Promise<unknown>) =>
  work.then(
    () => 'it did not fail',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

describe('a mailbox', () => {
  it('finds what has arrived already', async () => {
    const mailbox = aMailbox();
    mailbox.put(1);
    mailbox.put(2);
    expect(await mailbox.first({ match: isEven, what: 'even number', limitMs: 1_000 })).to.equal(2);
  });

  it('waits for what arrives later', async () => {
    const mailbox = aMailbox();
    const found = mailbox.first({ match: isEven, what: 'even number', limitMs: 1_000 });
    mailbox.put(3);
    mailbox.put(4);
    expect(await found).to.equal(4);
  });

  it('names what did not come, and shows what did', async () => {
    const mailbox = aMailbox();
    mailbox.put(7);
    const message = await messageOf(mailbox.first({ match: isEven, what: 'even number', limitMs: 5 }));
    expect(message).to.equal('numbers: no even number within 0.005 s. The last of it:\n  7');
  });

  it('tells who waits, and who comes later, that nothing more will come', async () => {
    const mailbox = aMailbox();
    const waiting = messageOf(mailbox.first({ match: isEven, what: 'even number', limitMs: 1_000 }));
    mailbox.end('closed');
    const later = messageOf(mailbox.first({ match: isEven, what: 'even number', limitMs: 1_000 }));
    expect(await waiting).to.equal('numbers: closed, before even number. The last of it:');
    expect(await later).to.equal(await waiting);
  });

  it('keeps only the last ones', () => {
    const mailbox = aMailbox(2);
    for (const number of [1, 2, 3]) mailbox.put(number);
    expect(mailbox.items()).to.deep.equal([2, 3]);
  });
});
