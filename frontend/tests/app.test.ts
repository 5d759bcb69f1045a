// @vitest-environment happy-dom
// The frames around an app, as HTML. What a browser makes of them is tested in JupyterLab.

import { describe, expect, it } from "vitest";
import { makeFrame, page, proxy } from "../src/app/sandbox";
import { look } from "../src/app/theme";

const POLICY = `default-src 'none'; img-src data: "x"`;

describe("the frames of an app", () => {
  it("have a null origin, and may neither open windows nor leave the page", () => {
    const frame = makeFrame(POLICY, "app ui://a");
    expect(frame.getAttribute("sandbox")).toBe("allow-scripts allow-forms");
    expect(frame.getAttribute("allow")).toBeNull();
    expect(proxy(POLICY)).toContain(`setAttribute("sandbox", "allow-scripts allow-forms")`);
  });

  it("begin with the policy, so that nothing in the page comes before it", () => {
    const quoted = `content="default-src 'none'; img-src data: &quot;x&quot;"`;
    for (const html of [proxy(POLICY), page("<!doctype html><html><head><script>early()</script>", POLICY)]) {
      expect(html.indexOf(quoted)).toBeGreaterThan(0);
      expect(html.indexOf(quoted)).toBeLessThan(html.indexOf("<script"));
    }
  });

  it("leave the page of the app as it is after the policy", () => {
    const html = `<!doctype html><p title="a&b">é</p>`;
    expect(page(html, POLICY).endsWith(html)).toBe(true);
  });
});

describe("the look that an app is told", () => {
  it("follows the theme of JupyterLab", () => {
    document.body.dataset.jpThemeLight = "false";
    expect(look(document.body).theme).toBe("dark");
    document.body.dataset.jpThemeLight = "true";
    const told = look(document.body);
    expect(told.theme).toBe("light");
    expect(Object.keys(told.styles.variables)).toContain("--color-background-primary");
    expect(document.body.children).toHaveLength(0);
  });
});
