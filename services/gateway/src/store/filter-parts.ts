/** A filter of jobs as conditions of SQL, PURE: one part leads, by an index that has its rows in order; the others are told apart row by row. */
import type { SqlValue } from './db.ts';

/** What filters name beside jobs. */
export interface FilterParts {
  readonly documentId?: string;
  readonly agreementId?: string;
  readonly owner?: string;
  readonly environment?: string;
}

/** A condition, and what stands for its question marks. */
export type Part = readonly [condition: string, values: readonly SqlValue[]];

export interface Parts {
  readonly lead: Part;
  readonly rest: readonly Part[];
}

const ALL: Part = ['1', []];

/** The narrowest part leads; those of an owner on a document have an index of their own. */
export function partsOf({ documentId, agreementId, owner, environment }: FilterParts): Parts {
  const isOfBoth = agreementId === undefined && owner !== undefined && documentId !== undefined;
  const parts: readonly (Part | undefined)[] = [
    part('agreement_id = ?', agreementId),
    isOfBoth ? ['owner = ? and document_id = ?', [owner, documentId]] : part('owner = ?', owner),
    isOfBoth ? undefined : part('document_id = ?', documentId),
    part('environment = ?', environment),
  ];
  const [lead = ALL, ...rest] = parts.filter((each) => each !== undefined);
  return { lead, rest };
}

const part = (condition: string, value: string | undefined): Part | undefined =>
  value === undefined ? undefined : [condition, [value]];

export const conditionOf = (parts: readonly Part[]): string =>
  parts.map(([condition]) => condition).join(' and ') || '1';
export const valuesOf = (parts: readonly Part[]): readonly SqlValue[] => parts.flatMap(([, values]) => values);
