/** Sizes in bytes. Settings, answers and messages count as disks do, in thousands; what is cut into blocks and parts counts in 1,024s. */
export const MB = 1_000_000;
export const GB = 1_000_000_000;
export const MIB = 1_048_576;
