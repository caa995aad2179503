/** What a dataset of a job is called in refusals, PURE: as Ocean Provider has it. */
export const datasetName = (index: number): string => (index === 0 ? 'dataset' : `datasets[${index}]`);
