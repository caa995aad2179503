/** Numbers, times and ids as people read them, PURE. */

const STEPS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** In powers of 1,000, as the API counts. */
export function bytes(count: number): string {
  let value = count;
  let step = 0;
  while (value >= 999.5 && step < STEPS.length - 1) {
    value /= 1_000;
    step += 1;
  }
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${STEPS[step] ?? ''}`;
}

/** 420 ms, 8.4 s, 3 min 05 s, 2 h 07 min, 4 d 3 h. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(ms < 9_950 ? 1 : 0)} s`;
  const s = Math.round(ms / 1_000);
  if (s < 3_600) return `${Math.floor(s / 60)} min${rest(two(s % 60), 's')}`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h${rest(two(Math.floor((s % 3_600) / 60)), 'min')}`;
  return `${Math.floor(s / 86_400)} d${rest(String(Math.floor((s % 86_400) / 3_600)), 'h')}`;
}

/** How long something takes that is not over: in whole seconds, so that it counts evenly. */
export function elapsed(ms: number): string {
  return ms < 60_000 ? `${Math.floor(Math.max(0, ms) / 1_000)} s` : duration(Math.floor(ms / 1_000) * 1_000);
}

/** The time of day, in local time, with milliseconds; what one reads off a timeline. */
export function clockTime(ms: number): string {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

export function dayAndTime(ms: number): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The beginning and the end of something long: enough to tell two apart. */
export function short(id: string): string {
  const text = id.replace(/^did:op:/, '');
  return text.length <= 14 ? text : `${text.slice(0, 8)}…${text.slice(-4)}`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** The parts of a text that terminals colour, without what tells them to. */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the escape character is what such sequences begin with
  return text.replaceAll(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '').replaceAll('\r\n', '\n');
}

/** A time of the API, Unix seconds, in milliseconds. */
export function msOf(time: number | string | null): number | undefined {
  if (time === null) return undefined;
  return typeof time === 'number' ? time * 1_000 : Date.parse(time);
}

const rest = (value: string, unit: string) => (Number(value) === 0 ? '' : ` ${value} ${unit}`);
const two = (value: number) => String(value).padStart(2, '0');
