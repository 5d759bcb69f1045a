// How the notebook looks, in the words that the protocol has for apps.

const VARIABLES: [name: string, css: string][] = [
  ["--color-background-primary", "var(--jp-layout-color1, var(--vscode-editor-background, Canvas))"],
  ["--color-background-secondary", "var(--jp-layout-color2, var(--vscode-sideBar-background, Canvas))"],
  ["--color-background-tertiary", "var(--jp-layout-color3, var(--vscode-input-background, Canvas))"],
  ["--color-background-inverse", "var(--jp-inverse-layout-color1, CanvasText)"],
  ["--color-background-info", "var(--jp-info-color3, #bbdefb)"],
  ["--color-background-danger", "var(--jp-error-color3, #ffcdd2)"],
  ["--color-background-success", "var(--jp-success-color3, #c8e6c9)"],
  ["--color-background-warning", "var(--jp-warn-color3, #ffe0b2)"],
  ["--color-text-primary", "var(--jp-content-font-color1, var(--vscode-foreground, CanvasText))"],
  ["--color-text-secondary", "var(--jp-content-font-color2, var(--vscode-descriptionForeground, GrayText))"],
  ["--color-text-tertiary", "var(--jp-content-font-color2, var(--vscode-descriptionForeground, GrayText))"],
  ["--color-text-inverse", "var(--jp-ui-inverse-font-color1, Canvas)"],
  ["--color-text-info", "var(--jp-info-color1, #1565c0)"],
  ["--color-text-danger", "var(--jp-error-color1, #b00020)"],
  ["--color-text-success", "var(--jp-success-color1, #2e7d32)"],
  ["--color-text-warning", "var(--jp-warn-color1, #b26a00)"],
  ["--color-border-primary", "var(--jp-border-color1, var(--vscode-panel-border, #bbb))"],
  ["--color-border-secondary", "var(--jp-border-color2, var(--vscode-panel-border, #ccc))"],
  ["--color-border-tertiary", "var(--jp-border-color3, var(--vscode-panel-border, #ddd))"],
  ["--color-ring-primary", "var(--jp-brand-color1, var(--vscode-focusBorder, #1565c0))"],
];
const PLAIN: { [name: string]: string } = {
  "--font-weight-normal": "400",
  "--font-weight-medium": "500",
  "--font-weight-semibold": "600",
  "--font-weight-bold": "700",
  "--border-radius-xs": "2px",
  "--border-radius-sm": "4px",
  "--border-radius-md": "4px",
  "--border-radius-lg": "6px",
  "--border-radius-xl": "8px",
  "--border-radius-full": "9999px",
  "--border-width-regular": "1px",
};

/** Whether the page around an element is dark. */
function isDark(element: Element): boolean {
  const named = document.body.dataset.jpThemeLight ?? element.closest<HTMLElement>("[data-jp-theme-light]")?.dataset.jpThemeLight;
  if (named) return named === "false";
  if (document.body.classList.contains("vscode-dark") || document.documentElement.getAttribute("theme") === "dark") return true;
  return document.body.classList.contains("vscode-light") ? false : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** The theme and the variables for an app beside this element, with the values that they have there. */
export function look(element: Element): { theme: "light" | "dark"; styles: { variables: Record<string, string> } } {
  const probe = document.createElement("span");
  probe.style.display = "none";
  element.append(probe);
  const variables: Record<string, string> = { ...PLAIN };
  for (const [name, css] of VARIABLES) {
    probe.style.color = css;
    variables[name] = getComputedStyle(probe).color;
  }
  const fonts: [string, string][] = [
    ["--font-sans", "var(--jp-content-font-family, var(--vscode-font-family, sans-serif))"],
    ["--font-mono", "var(--jp-code-font-family, var(--vscode-editor-font-family, monospace))"],
  ];
  for (const [name, css] of fonts) {
    probe.style.fontFamily = css;
    variables[name] = getComputedStyle(probe).fontFamily;
  }
  const size = parseFloat(getComputedStyle(element).fontSize) || 13;
  for (const [name, factor] of [["xs", 0.85], ["sm", 0.92], ["md", 1], ["lg", 1.15]] as const) {
    variables[`--font-text-${name}-size`] = `${(size * factor).toFixed(1)}px`;
    variables[`--font-text-${name}-line-height`] = "1.5";
  }
  for (const [name, factor] of [["xs", 1], ["sm", 1.1], ["md", 1.2], ["lg", 1.4], ["xl", 1.7], ["2xl", 2], ["3xl", 2.4]] as const) {
    variables[`--font-heading-${name}-size`] = `${(size * factor).toFixed(1)}px`;
    variables[`--font-heading-${name}-line-height`] = "1.3";
  }
  probe.remove();
  return { theme: isDark(element) ? "dark" : "light", styles: { variables } };
}

/** Call a function whenever the look of the page changes; returns a function that ends this. */
export function onLook(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  for (const element of [document.body, document.documentElement]) {
    observer.observe(element, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class", "theme", "style"] });
  }
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    media.removeEventListener("change", changed);
  };
}
