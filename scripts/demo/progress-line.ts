/** One line that grows as a job goes on: each status with the milliseconds since the order was sent. */

interface Out {
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressLine {
  add(status: string, elapsedMs: number): void;
  end(): void;
}

const INDENT = '  ';
const SEPARATOR = ' → ';

/** Only ever appends, so that it reads the same on a terminal, in a file and in a pipe; breaks where the terminal ends. */
export function createProgressLine(out: Out): ProgressLine {
  const width = out.columns ?? Number.POSITIVE_INFINITY;
  let used = 0;
  const write = (text: string) => {
    out.write(text);
    used += text.length;
  };
  return {
    add(status, elapsedMs) {
      const text = `${status} ${Math.round(elapsedMs)} ms`;
      if (used === 0) write(INDENT + text);
      else if (used + SEPARATOR.length + text.length < width) write(SEPARATOR + text);
      else {
        out.write(`${SEPARATOR.trimEnd()}\n`);
        used = 0;
        write(INDENT + text);
      }
    },
    end() {
      if (used > 0) out.write('\n');
    },
  };
}
