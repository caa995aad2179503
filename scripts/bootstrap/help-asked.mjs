/** Whether the words of a command ask for its usage only. What stands behind `--` is no option. */
export function isAskedForHelp(args) {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).some((word) => word === '--help' || word === '-h');
}
