// Make the bundles in mcp_notebook/, and the notices of the packages in them. They are committed, so that only their
// authors need Node. With --check, compare instead, and fail if a committed file is not what the sources give.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const NOTICES = "THIRD_PARTY_LICENSES";

// Of zod's messages, which nobody sees, one language is enough.
const englishOnly = {
  name: "english-only",
  setup(build) {
    build.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: 'export { default as en } from "./en.js";' }));
  },
};

const outputs = new Map([
  ["widgets/frontend.js", { entryPoints: ["src/main.tsx"], format: "esm", jsx: "automatic", jsxImportSource: "preact" }],
  // Sent to the page when it first shows an app.
  ["widgets/app_bridge.js", { entryPoints: ["src/app/bridge.ts"], format: "esm", plugins: [englishOnly] }],
  // Put into the pages of apps, which leave the project: so it has the notices within.
  ["server/views/app_sdk.js", { entryPoints: ["src/app/app_sdk.ts"], format: "iife", plugins: [englishOnly], noticed: true }],
  ["widgets/frontend.css", { entryPoints: ["src/style.css"] }],
]);
const here = fileURLToPath(new URL(".", import.meta.url));
const checking = process.argv.includes("--check");

/** The packages that have a part in a bundle: by the text of their license, the lines that name them. */
async function licensesOf({ inputs }) {
  const names = new Set(Object.keys(inputs).flatMap((path) => path.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []));
  const found = new Map();
  for (const name of [...names].sort()) {
    const folder = `${here}node_modules/${name}/`;
    const { version, license } = JSON.parse(await readFile(`${folder}package.json`, "utf8"));
    const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
    if (!file || !license) throw new Error(`${name} has no license to name: do not bundle it.`);
    const text = (await readFile(folder + file, "utf8")).trim();
    found.set(text, [...(found.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  return found;
}

const inWords = (licenses) => [...licenses].map(([text, names]) => `${names.join("\n")}\n\n${text}\n`).join(`\n${"-".repeat(80)}\n\n`);

async function put(name, text) {
  const path = fileURLToPath(new URL(`../mcp_notebook/${name}`, import.meta.url));
  if (!checking) {
    await writeFile(path, text);
    console.log(`${name}: ${(Buffer.byteLength(text) / 1000).toFixed(1)} kB`);
  } else if ((await readFile(path, "utf8").catch(() => "")) !== text) {
    console.error(`mcp_notebook/${name} is not what frontend/ gives. Run \`make frontend\`, and commit the file.`);
    process.exitCode = 1;
  }
}

const all = new Map();
for (const [name, { noticed, ...options }] of outputs) {
  const { outputFiles, metafile } = await build({
    ...options,
    absWorkingDir: here,
    bundle: true,
    target: ["chrome107", "firefox104", "safari16"],
    minify: true,
    charset: "utf8",
    legalComments: "none", // all notices are in one file
    metafile: true,
    write: false,
  });
  const own = await licensesOf(Object.values(metafile.outputs)[0]);
  for (const [text, names] of own) all.set(text, [...new Set([...(all.get(text) ?? []), ...names])]);
  await put(name, (noticed ? `/*!\n${inWords(own)}*/\n` : "") + outputFiles[0].text);
}
await put(NOTICES, `The bundles of mcp_notebook have parts of these packages of npm.\n\n${inWords(all)}`);
