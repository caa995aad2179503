import { expect } from 'chai';
import type { LogFrame } from '../../../../services/runner/src/docker/ports/containers.ts';
import { createFloodGauge } from '../../../../services/runner/src/logs/flood.ts';

const frame = (at: number, length: number): LogFrame => ({
  stream: 'stdout',
  at: `2026-01-01T00:00:00.${String(at).padStart(9, '0')}Z`,
  bytes: Buffer.alloc(length),
});

describe('a log that is not kept any more', () => {
  const limits = { maxBytes: 1_000, engineBytes: 8_000 };

  it('is a flood when it is ten times as long as is kept', () => {
    const gauge = createFloodGauge(limits);
    expect(gauge.counts([frame(1, 10_000)])).to.equal(false);
    expect(gauge.counts([frame(2, 1)])).to.equal(true);
  });

  it('is one, too, when its many short lines cost the engine as much', () => {
    const gauge = createFloodGauge(limits);
    const lines = Array.from({ length: 2_400 }, (_, index) => frame(index, 1));
    expect(gauge.counts(lines)).to.equal(false);
    expect(gauge.counts(lines.map((one, index) => ({ ...one, at: frame(3_000 + index, 1).at })))).to.equal(true);
  });

  it('is counted once, though it is read from its beginning again', () => {
    const gauge = createFloodGauge(limits);
    const lines = [...Array.from({ length: 9 }, (_, index) => frame(index, 1_000)), frame(9, 1)];
    for (let times = 0; times < 5; times += 1) expect(gauge.counts(lines)).to.equal(false);
  });
});
