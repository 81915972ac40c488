// Writes the CEL conformance cases of the npm package @bufbuild/cel-spec as one JSON file a section, the layout that
// tests/conformance/cel_spec.cc reads. Usage: node cel_spec_from_npm.mjs PACKAGE_FOLDER OUT_FOLDER
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, outFolder] = process.argv.slice(2);
if (!packageFolder || !outFolder) {
  console.error("usage: node cel_spec_from_npm.mjs PACKAGE_FOLDER OUT_FOLDER");
  process.exit(2);
}
const { tests } = await import(pathToFileURL(join(resolve(packageFolder), "dist/esm/testdata/conformance.js")));
mkdirSync(outFolder, { recursive: true });
let cases = 0;
for (const file of tests.suites) {
  const section = (file.suites ?? []).map((s) => ({ name: s.name, test: (s.tests ?? []).map((t) => t.original) }));
  cases += section.reduce((sum, s) => sum + s.test.length, 0);
  writeFileSync(join(outFolder, `${file.name}.json`), JSON.stringify({ name: file.name, section }, null, 1) + "\n");
}
console.error(`${cases} cases in ${tests.suites.length} files`);
if (cases === 0) process.exit(1);
