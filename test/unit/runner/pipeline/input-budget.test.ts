import { expect } from 'chai';
import { createIntake } from '../../../../services/runner/src/pipeline/input-budget.ts';

const intakeOf = (files: number | undefined) => {
  const told: string[] = [];
  const meter = { add: (bytes: number) => told.push(`+${bytes}`), expect: (bytes: number) => told.push(`of ${bytes}`) };
  return { intake: createIntake({ maxBytes: 2_000_000_000, files, meter }), told };
};

describe('what a job takes in', () => {
  it('is told with a total once the size of every file is known', () => {
    const { intake, told } = intakeOf(2);
    intake.watcher.opened(10);
    intake.watcher.passed(10);
    intake.watcher.opened(5);
    intake.watcher.passed(5);
    expect(told).to.deep.equal(['+10', 'of 15', '+5']);
  });

  it('is told without one where a size, or how many there are, is unknown', () => {
    for (const files of [2, undefined]) {
      const { intake, told } = intakeOf(files);
      intake.watcher.opened(10);
      intake.watcher.opened(undefined);
      intake.watcher.passed(3);
      expect(told).to.deep.equal(['+3']);
    }
  });

  it('leaves less for the files that follow', () => {
    const { intake } = intakeOf(2);
    intake.watcher.passed(1_500_000_000);
    const { leftBytes, exceeded } = intake.allowance();
    expect(leftBytes).to.equal(500_000_000);
    expect(exceeded().message).to.equal('all files of the job together are larger than 2 GB, the most this node takes');
  });
});
