import { expect } from 'chai';
import { createProgressLine } from '../../../scripts/demo/progress-line.ts';
import { reportLines } from '../../../scripts/demo/report.ts';

describe('the progress line', () => {
  const drawn = (columns?: number) => {
    let text = '';
    const line = createProgressLine({ write: (more) => (text += more), ...(columns === undefined ? {} : { columns }) });
    line.add('Warming up', 3.4);
    line.add('Job started', 12);
    line.add('Job completed', 345.6);
    line.end();
    return text;
  };

  it('grows by each status and its time', () => {
    expect(drawn()).to.equal('  Warming up 3 ms → Job started 12 ms → Job completed 346 ms\n');
  });

  it('breaks before the terminal ends', () => {
    expect(drawn(44)).to.equal('  Warming up 3 ms → Job started 12 ms →\n  Job completed 346 ms\n');
  });
});

describe('the report', () => {
  const report = {
    question: '',
    answer: 'Here.',
    wetDayMm: 1,
    years: 2,
    cities: [
      {
        city: 'A',
        rainMmAYear: 5,
        wetDaysAYear: 6,
        months: [
          { month: 'Jan', wetDays: 6 },
          { month: 'Feb', wetDays: 3 },
        ],
      },
    ],
  };

  it('draws bars to the scale of the longest, on any terminal', () => {
    const lines = reportLines(report, { hasUnicode: false });
    expect(lines)
      .to.include(`Jan    6.0 ${'#'.repeat(24)}`)
      .and.include(`Feb    3.0 ${'#'.repeat(12)}`);
    expect(lines).to.include('year  6 days, 5 mm');
    expect(lines.at(-1)).to.equal('Here.');
  });
});
