// Drive forms of the committed bundle for tests in Python: one line of JSON in, one out.
import { createInterface } from "node:readline";
import { Form, matches } from "../../mcp_notebook/widgets/frontend.js";

const forms = new Map();

function look({ node, mode, typed, option, variant, long, why, canUnset, canBeNull, canBeEmpty, place: { name, required } }) {
  return { node, mode, typed, option, variant, long, why, canUnset, canBeNull, canBeEmpty, name, required };
}

const ACTIONS = {
  new: ({ description }, id) => void forms.set(id, new Form(description)),
  fill: ({ text }, id) => forms.get(id).fill(text),
  draft: (_, id) => forms.get(id).draft(),
  told: ({ draft, problems }, id) => forms.get(id).told(draft, problems),
  problems: (_, id) => forms.get(id).problems(),
  act: ({ place, name, args }, id) => {
    const field = forms.get(id).whole.at(place);
    return field[name](...args) ?? null;
  },
  look: ({ place }, id) => look(forms.get(id).whole.at(place)),
  shown: (_, id) => [...forms.get(id).whole.shown()].map(look),
  count: (_, id) => [...forms.get(id).whole.shown()].length,
  matches: ({ pattern, text }) => matches(pattern, text),
  drop: (_, id) => void forms.delete(id),
};

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  let answer;
  try {
    answer = { ok: ACTIONS[message.do](message, message.form) ?? null };
  } catch (error) {
    answer = { error: `${error.name}: ${error.message}`, stack: error.stack };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
