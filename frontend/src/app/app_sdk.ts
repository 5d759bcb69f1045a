// The official class for the pages of apps, as a global name: for %%mcp_app --sdk, which puts this bundle into the page.

import { App, applyDocumentTheme, applyHostFonts, applyHostStyleVariables } from "@modelcontextprotocol/ext-apps";

Object.assign(globalThis, { App, applyDocumentTheme, applyHostFonts, applyHostStyleVariables });
