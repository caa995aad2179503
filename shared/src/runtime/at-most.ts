/**
 * Options of an `LRUCache` with room for so many entries that takes its room as they come. By `max` alone it takes all of it at once, which
 * for ten thousand is longer than what a small node ever does with them.
 */
export const atMost = (entries: number) => ({ maxSize: entries, sizeCalculation: () => 1 });
