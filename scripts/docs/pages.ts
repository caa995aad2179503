/** The files that are made from the code, by their place in the repository. */
import { configurationPage } from './configuration.ts';
import { errorsPage } from './errors.ts';
import { exampleFile } from './example.ts';
import { lifecycleDrawing } from './lifecycle-drawing.ts';
import { lifecyclePage } from './lifecycle.ts';

export const PAGES: Readonly<Record<string, () => string>> = {
  'docs/configuration.md': configurationPage,
  'docs/errors.md': errorsPage,
  'docs/lifecycle.md': lifecyclePage,
  'docs/lifecycle.svg': lifecycleDrawing,
  'capstan.example.yaml': exampleFile,
};
