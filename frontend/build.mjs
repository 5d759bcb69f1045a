// Make the bundles in mcp_notebook/widgets/. They are committed, so that only their authors need Node.
// With --check, compare instead, and fail if a committed file is not what the sources give.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const englishOnly = {
  name: "english-only",
  setup(build) {
    build.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: 'export { default as en } from "./en.js";' }));
  },
};

const outputs = new Map([
  ["frontend.js", { entryPoints: ["src/main.tsx"], bundle: true, format: "esm", jsx: "automatic", jsxImportSource: "preact" }],
  // Sent to the page when it first shows an app. Of zod's messages, which nobody sees, one language is enough.
  ["app_bridge.js", { entryPoints: ["src/app/bridge.ts"], bundle: true, format: "esm", plugins: [englishOnly] }],
  ["frontend.css", { entryPoints: ["src/style.css"], bundle: true }],
]);
const checking = process.argv.includes("--check");

for (const [name, options] of outputs) {
  const made = await build({
    ...options,
    absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
    target: ["chrome107", "firefox104", "safari16"],
    minify: true,
    charset: "utf8",
    legalComments: "none",
    write: false,
  });
  const bundle = made.outputFiles[0].text;
  const path = fileURLToPath(new URL(`../mcp_notebook/widgets/${name}`, import.meta.url));
  if (!checking) {
    await writeFile(path, bundle);
    console.log(`${name}: ${(Buffer.byteLength(bundle) / 1000).toFixed(1)} kB`);
  } else if ((await readFile(path, "utf8").catch(() => "")) !== bundle) {
    console.error(`mcp_notebook/widgets/${name} is not what frontend/src gives. Run \`make frontend\`, and commit the file.`);
    process.exitCode = 1;
  }
}
