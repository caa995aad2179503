/** docs/lifecycle.svg: the status table as a picture, PURE. Downwards the way of a job, to the right its endings. */
import { STATUS, STATUS_ROWS, type StatusRow } from '@capstan/shared/contract/status';

const WIDTH = 1048;
const TOP = 92;
const STEP = { x: 120, width: 236, height: 50 } as const;
const SIDE = { x: 428, width: 282, height: 38, gap: 8 } as const;
const EVER = { x: 768, width: 252 } as const;
const ROW_GAP = 30;

type Kind = 'step' | 'done' | 'asked' | 'failed';

interface Placed {
  readonly row: StatusRow;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The drawing. What the table says decides what is where; only sizes and colours are said here. */
export function lifecycleDrawing(): string {
  const steps = STATUS_ROWS.filter((row) => row.endsFromRank === undefined).toSorted((a, b) => a.rank - b.rank);
  const lastRank = steps.at(-1)?.rank ?? 0;
  const endings = STATUS_ROWS.filter((row) => row.endsFromRank !== undefined && row.code !== STATUS.completed.code);
  const { placed, bottom } = placeSteps(steps, endings);
  const sides = placed.flatMap((step) =>
    placeSides(
      step,
      endings.filter((row) => endsAt(row, step.row, lastRank)),
    ),
  );
  const ever = placeEver(
    endings.filter((row) => row.endsFromRank === lastRank),
    placed,
  );
  const done: Placed = { row: STATUS.completed, x: STEP.x, y: bottom, width: STEP.width, height: STEP.height };
  const height = bottom + STEP.height + 36;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title about">`,
    '<title id="title">The way of a job</title>',
    `<desc id="about">${[...steps, STATUS.completed].map(({ text }) => text).join(', then ')}; or one of the endings to the right.</desc>`,
    STYLE,
    `<rect class="paper" width="${WIDTH}" height="${height}" rx="14"/>`,
    ...headings(),
    ...arrowsDown([...placed, done]),
    ...newAttempt(placed),
    ...sides.map(({ from, to }) => branch(from, to)),
    ...bracket(placed, ever),
    ...[...placed, done, ...sides.map(({ to }) => to), ...ever].map(box),
    '</svg>',
    '',
  ].join('\n');
}

const endsAt = (row: StatusRow, step: StatusRow, lastRank: number) =>
  row.endsFromRank === step.rank && step.rank !== lastRank;

function placeSteps(steps: readonly StatusRow[], endings: readonly StatusRow[]) {
  const lastRank = steps.at(-1)?.rank ?? 0;
  let y = TOP;
  const placed = steps.map((row): Placed => {
    const beside = endings.filter((ending) => endsAt(ending, row, lastRank)).length;
    const space = Math.max(STEP.height, beside * (SIDE.height + SIDE.gap) - SIDE.gap);
    const step = { row, x: STEP.x, y: y + (space - STEP.height) / 2, width: STEP.width, height: STEP.height };
    y += space + ROW_GAP;
    return step;
  });
  return { placed, bottom: y };
}

function placeSides(from: Placed, rows: readonly StatusRow[]) {
  return column(rows, { ...SIDE, middle: middleOf(from) }).map((to) => ({ from, to }));
}

function placeEver(rows: readonly StatusRow[], steps: readonly Placed[]): readonly Placed[] {
  const [first, last] = [steps[0], steps.at(-1)];
  return first && last ? column(rows, { ...EVER, middle: (middleOf(first) + middleOf(last)) / 2 }) : [];
}

interface Column {
  readonly x: number;
  readonly width: number;
  readonly middle: number;
}

function column(rows: readonly StatusRow[], { x, width, middle }: Column): readonly Placed[] {
  const { height, gap } = SIDE;
  const top = middle - (rows.length * (height + gap) - gap) / 2;
  return rows.map((row, index) => ({ row, x, y: top + index * (height + gap), width, height }));
}

const middleOf = ({ y, height }: Placed) => y + height / 2;

function headings(): readonly string[] {
  return [
    `<text class="head" x="${STEP.x}" y="48">The way of a job</text>`,
    `<text class="note" x="${STEP.x}" y="70">downwards, never back</text>`,
    `<text class="head" x="${SIDE.x}" y="48">Endings up to a step</text>`,
    `<text class="note" x="${SIDE.x}" y="70">from it, or any before it</text>`,
    `<text class="head" x="${EVER.x}" y="48">Endings at any time</text>`,
    `<text class="note" x="${EVER.x}" y="70">from every status before an ending</text>`,
  ];
}

function arrowsDown(boxes: readonly Placed[]): readonly string[] {
  return boxes.slice(1).map((to, index) => {
    const from = boxes[index] ?? to;
    const x = from.x + from.width / 2;
    return arrow(`M${x} ${from.y + from.height} V${to.y - 7}`, { x, y: to.y, turn: 90 });
  });
}

function branch(from: Placed, to: Placed): string {
  const [startX, startY, endX, endY] = [from.x + from.width, middleOf(from), to.x - 7, middleOf(to)];
  const bend = (startX + endX) / 2;
  return arrow(`M${startX} ${startY} C${bend} ${startY} ${bend} ${endY} ${endX} ${endY}`, {
    x: to.x,
    y: endY,
    turn: 0,
  });
}

/** One line down along all steps, and from it a twig to each ending that may follow any of them. */
function bracket(steps: readonly Placed[], ever: readonly Placed[]): readonly string[] {
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last) return [];
  const x = EVER.x - 22;
  const [top, bottom] = [first.y, last.y + last.height];
  return [
    `<path class="line" d="M${x - 10} ${top} Q${x} ${top} ${x} ${top + 12} V${bottom - 12} Q${x} ${bottom} ${x - 10} ${bottom}"/>`,
    ...ever.map((to) => arrow(`M${x} ${middleOf(to)} H${to.x - 7}`, { x: to.x, y: middleOf(to), turn: 0 })),
  ];
}

/** From any step on the runner back to its first one. */
function newAttempt(steps: readonly Placed[]): readonly string[] {
  const [first, last] = [steps.find(({ row }) => row.code === STATUS.started.code), steps.at(-1)];
  if (!first || !last) return [];
  const x = STEP.x - 34;
  const [top, bottom] = [middleOf(first), middleOf(last)];
  const middle = (top + bottom) / 2;
  return [
    `<path class="line dashed" d="M${STEP.x} ${bottom} H${x + 12} Q${x} ${bottom} ${x} ${bottom - 12} V${top + 12} Q${x} ${top} ${x + 12} ${top} H${STEP.x - 7}"/>`,
    tip({ x: STEP.x, y: top, turn: 0 }),
    `<text class="note" text-anchor="middle" transform="translate(${x - 28} ${middle}) rotate(-90)"><tspan x="0">the engine lost the container:</tspan><tspan x="0" dy="17">a new attempt, three at most</tspan></text>`,
  ];
}

interface Tip {
  readonly x: number;
  readonly y: number;
  readonly turn: number;
}

const arrow = (path: string, end: Tip) => `<path class="line" d="${path}"/>${tip(end)}`;
const tip = ({ x, y, turn }: Tip) =>
  `<path class="tip" d="M0 0 L-9 -4.5 L-9 4.5 Z" transform="translate(${x} ${y}) rotate(${turn})"/>`;

function kindOf({ code, endsFromRank }: StatusRow): Kind {
  if (endsFromRank === undefined) return 'step';
  if (code === STATUS.completed.code) return 'done';
  return code === STATUS.stopped.code || code === STATUS.deleted.code ? 'asked' : 'failed';
}

function box({ row, x, y, width, height }: Placed): string {
  const kind = kindOf(row);
  const round = kind === 'step' ? 9 : height / 2;
  const baseline = y + height / 2 + 5;
  return [
    `<g class="${kind}"><rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${round}"/>`,
    `<text class="code" x="${x + 40}" y="${baseline}" text-anchor="end">${row.code}</text>`,
    `<text class="text" x="${x + 50}" y="${baseline}">${row.text}</text></g>`,
  ].join('');
}

/** Light, and dark where the reader's screen is. */
const STYLE = `<style>
  svg { font: 14px system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
  .paper { fill: #fbfbfa; stroke: #e3e3e0; }
  .head { font-weight: 650; font-size: 15px; fill: #23262b; }
  .note { font-size: 12.5px; fill: #6b7078; }
  .code { font-weight: 700; }
  .line { fill: none; stroke: #9aa0a8; stroke-width: 1.6; }
  .dashed { stroke-dasharray: 5 5; }
  .tip { fill: #9aa0a8; }
  .step rect { fill: #e8f0fb; stroke: #6f9bd8; } .step text { fill: #173a6b; }
  .done rect { fill: #e2f4e6; stroke: #5bab70; } .done text { fill: #14522a; }
  .asked rect { fill: #eeeef0; stroke: #9fa4ad; } .asked text { fill: #3a3f47; }
  .failed rect { fill: #fcebe8; stroke: #dc8d80; } .failed text { fill: #7c2417; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #16181c; stroke: #2c3037; }
    .head { fill: #e8eaed; } .note { fill: #9aa1ab; }
    .line { stroke: #6d747e; } .tip { fill: #6d747e; }
    .step rect { fill: #1b2c45; stroke: #4c78b5; } .step text { fill: #cfe1fb; }
    .done rect { fill: #17351f; stroke: #4a9460; } .done text { fill: #c5efd0; }
    .asked rect { fill: #2a2d33; stroke: #6e757f; } .asked text { fill: #d5d9df; }
    .failed rect { fill: #40201b; stroke: #a8594c; } .failed text { fill: #f9d3cb; }
  }
</style>`;
