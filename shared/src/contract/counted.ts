/** A number with its noun, PURE: "1 job", "2 jobs". The page has its own, for a module more is one that every visitor waits for. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
