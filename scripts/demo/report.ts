/** The demo algorithm's result as a person likes to see it, PURE. */
import { Type, type Static } from 'typebox';
import { compileStrict } from '@capstan/shared/schema/validate';

const MonthSchema = Type.Object({ month: Type.String(), wetDays: Type.Number() });
const ReportSchema = Type.Object({
  question: Type.String(),
  answer: Type.String(),
  wetDayMm: Type.Number(),
  years: Type.Number(),
  cities: Type.Array(
    Type.Object({
      city: Type.String(),
      rainMmAYear: Type.Number(),
      wetDaysAYear: Type.Number(),
      months: Type.Array(MonthSchema),
    }),
  ),
});
export type Report = Static<typeof ReportSchema>;

export const parseReport = compileStrict("result of the demo's algorithm", ReportSchema);

const BAR_WIDTH = 24;

/** A row a month, a bar a city, the totals below. */
export function reportLines({ answer, wetDayMm, years, cities }: Report, { hasUnicode }: { hasUnicode: boolean }) {
  const most = Math.max(...cities.flatMap(({ months }) => months.map(({ wetDays }) => wetDays)));
  const bar = (days: number) => (hasUnicode ? '█' : '#').repeat(Math.round((BAR_WIDTH * days) / most));
  const cell = (text: string) => text.padEnd(BAR_WIDTH + 7);
  const row = (label: string, texts: readonly string[]) => `${label.padEnd(6)}${texts.map(cell).join('')}`.trimEnd();
  const months = cities[0]?.months.map(({ month }) => month) ?? [];
  return [
    `days with rain (${wetDayMm} mm or more), mean of ${years} years`,
    '',
    row(
      '',
      cities.map(({ city }) => city),
    ),
    ...months.map((month, place) =>
      row(
        month,
        cities.map((city) => {
          const days = city.months[place]?.wetDays ?? 0;
          return `${days.toFixed(1).padStart(4)} ${bar(days)}`;
        }),
      ),
    ),
    row(
      'year',
      cities.map((city) => `${city.wetDaysAYear} days, ${city.rainMmAYear} mm`),
    ),
    '',
    answer,
  ];
}
