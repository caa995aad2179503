// Which city is the rainy one? Reads daily weather and counts, month by month, how much rain falls and on how many days.
// Runs in a container without network: it sees its inputs, and what it writes to /data/outputs becomes the results.
const { existsSync, readFileSync, writeFileSync } = require('node:fs');

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const { wetDayMm = 0.25 } = readCustomData();
const days = readDays();
const cities = [...new Set(days.map((day) => day.city))];
const years = new Set(days.map((day) => day.year)).size;
console.log(`read ${days.length} days of ${cities.join(' and ')}, ${years} years`);

const report = { question: 'Which city is the rainy one?', wetDayMm, years, cities: cities.map(summaryOf) };
report.answer = answerOf(report.cities.toSorted((a, b) => b.wetDaysAYear - a.wetDaysAYear));
console.log(report.answer);

writeFileSync('/data/outputs/rain.json', `${JSON.stringify(report, undefined, 2)}\n`);
writeFileSync('/data/outputs/rain.svg', chart(report));
console.log('wrote rain.json and rain.svg');

function readCustomData() {
  const path = '/data/inputs/algoCustomData.json';
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}

function readDays() {
  const [did] = JSON.parse(process.env.DIDS);
  const [, ...rows] = readFileSync(`/data/inputs/${did.replace('did:op:', '')}/0`, 'utf8')
    .trim()
    .split('\n');
  return rows.map((row) => {
    const [city, date, precipitation, tempMax, tempMin] = row.split(',');
    const [year, month] = date.split('-').map(Number);
    return { city, year, month, rainMm: Number(precipitation), meanC: (Number(tempMax) + Number(tempMin)) / 2 };
  });
}

function summaryOf(city) {
  const own = days.filter((day) => day.city === city);
  const isWet = (day) => day.rainMm >= wetDayMm;
  const months = MONTHS.map((month, index) => {
    const inMonth = own.filter((day) => day.month === index + 1);
    return {
      month,
      rainMm: round(sum(inMonth, 'rainMm') / years),
      wetDays: round(inMonth.filter(isWet).length / years),
      meanC: round(sum(inMonth, 'meanC') / inMonth.length),
    };
  });
  console.log(`${city}: ${months.length} months counted`);
  return {
    city,
    rainMmAYear: round(sum(own, 'rainMm') / years),
    wetDaysAYear: round(own.filter(isWet).length / years),
    months,
  };
}

function answerOf([wetter, drier]) {
  const daysMore = percentMore(wetter.wetDaysAYear, drier.wetDaysAYear);
  const rainMore = percentMore(wetter.rainMmAYear, drier.rainMmAYear);
  const exceptions = wetter.months.filter(({ wetDays }, index) => wetDays < drier.months[index].wetDays);
  const but = exceptions.length > 0 ? ` But not in ${exceptions.map(({ month }) => month).join(', ')}.` : '';
  return `${wetter.city}: rain on ${daysMore} more days than in ${drier.city}, and ${rainMore} more of it in all.${but}`;
}

function percentMore(more, less) {
  return `${Math.round((100 * more) / less - 100)} %`;
}

function chart({ cities: shown }) {
  const colours = ['#3b6ea5', '#c8792b'];
  const tallest = Math.max(...shown.flatMap(({ months }) => months.map(({ wetDays }) => wetDays)));
  const bars = shown.flatMap(({ months }, place) =>
    months.map(({ wetDays }, month) => {
      const height = (200 * wetDays) / tallest;
      return `<rect x="${40 + month * 48 + place * 18}" y="${240 - height}" width="16" height="${height}" fill="${colours[place]}"/>`;
    }),
  );
  const labels = MONTHS.map((month, index) => `<text x="${58 + index * 48}" y="258">${month}</text>`);
  const legend = shown.map(
    ({ city }, place) => `<text x="${140 + place * 200}" y="20" fill="${colours[place]}">${city}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 280" font-family="sans-serif" font-size="13" text-anchor="middle">
${[...legend, ...bars, ...labels].join('\n')}
<text x="320" y="276" font-size="11">days with rain, mean of ${years} years</text>
</svg>
`;
}

function sum(rows, key) {
  return rows.reduce((total, row) => total + row[key], 0);
}

function round(number) {
  return Math.round(number * 10) / 10;
}
