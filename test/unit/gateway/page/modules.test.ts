import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { pageModules } from '../../../../services/gateway/src/http/page-modules.ts';
import { ENTRY_PATH, pageAssets } from '../../../../services/gateway/src/http/routes/page.ts';

/** What the page may weigh, compressed. */
const MOST_SCRIPT_BYTES = 44_000;

describe("the page's modules", () => {
  const assets = pageAssets();
  const scripts = [...assets].filter(([, { type }]) => type === 'text/javascript');

  it('import only what is served', () => {
    for (const [path, { bytes }] of scripts) {
      for (const [, specifier = ''] of bytes.toString().matchAll(/^(?:import|export)\b[^;'"]*?\bfrom '([^']+)'/gm)) {
        expect(assets.has(new URL(specifier, `http://node${path}`).pathname), `${path}: ${specifier}`).to.equal(true);
      }
    }
  });

  it('are all named by the page, which has nothing inline', () => {
    const page = assets.get('/ui')?.bytes.toString() ?? '';
    for (const [path] of scripts) expect(page).to.contain(`href="${path.slice(1)}"`);
    expect(page).to.contain(`src="${ENTRY_PATH.slice(1)}"`);
    expect(page).not.to.match(/<script(?![^>]* src=)|<style| style=| on[a-z]+=/);
  });

  it('are asked for by addresses that hold below any path', () => {
    for (const [path, { bytes }] of assets)
      expect(bytes.toString(), path).not.to.match(/(?:from |src=|href=|import\()['"]\//);
  });

  it('are small', () => {
    const total = scripts.reduce((sum, [, { zipped }]) => sum + zipped.length, 0);
    expect(total).to.be.lessThan(MOST_SCRIPT_BYTES);
  });

  it('may not import what no browser finds', () => {
    const folder = mkdtempSync(join(tmpdir(), 'capstan-page-'));
    try {
      writeFileSync(join(folder, 'main.ts'), "import { Type } from 'typebox';\nexport const x: number = Type;\n");
      expect(() => pageModules(pathToFileURL(join(folder, 'main.ts')))).to.throw(
        'imports typebox, which no browser finds',
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
