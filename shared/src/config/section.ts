/** What sections of the configuration have in common: no setting that nobody knows, and one may leave out a whole section. */
export const strict = { additionalProperties: false } as const;

export const section = (description: string) => ({ ...strict, default: {}, description });
