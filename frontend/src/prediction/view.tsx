// A question with options: one is chosen before the next cell runs, and compared with the answer afterwards.

import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Refused, type Surface } from "../surface";

/** A part of a text, and whether it is code. */
type Span = [text: string, code: boolean];

interface About {
  question: Span[];
  options: { letter: string; words: Span[] }[];
  /** What to do, in words. */
  choose: string;
}

/** What the kernel sends when the next cell has run, and not earlier. */
interface Outcome {
  right: number;
  words: string;
  because: Span[];
  /** Words to a learner who has not chosen; "" to others. */
  advice: string;
}

export function PredictionView({ surface }: { surface: Surface }) {
  const about = surface.about as About;
  const outcome: Outcome | undefined = surface.state.outcome;
  const element = useRef<HTMLElement>(null);
  const [wrong, setWrong] = useState("");
  // What was clicked last, until the kernel has it: it can be busy.
  const [clicked, setClicked] = useState<number>();
  const chosen: number | null = outcome ? surface.state.chosen : (clicked ?? surface.state.chosen);
  useKeptFocus(element, Boolean(outcome));

  const choose = async (option: number) => {
    setClicked(option);
    setWrong("");
    try {
      await surface.ask("choose", { option });
    } catch (error) {
      setWrong(error instanceof Refused ? error.message : String(error));
    }
    setClicked((latest) => (latest === option ? undefined : latest));
  };
  return (
    <section ref={element} class="mcpnb mcpnb-ui mcpnb-prediction" aria-label="prediction">
      {outcome ? <Compared about={about} chosen={chosen} right={outcome.right} /> : <Choice about={about} chosen={chosen} choose={choose} />}
      {/* Always there, because a screen reader announces only what changes in it. */}
      <div role="status" class="mcpnb-outcome">
        {outcome ? (
          <>
            <p>
              <b>{outcome.words}</b>
            </p>
            <p>
              <Words spans={outcome.because} />
            </p>
            {outcome.advice && <p class="dim">{outcome.advice}</p>}
          </>
        ) : (
          <p class="dim">{chosen === null ? about.choose : `You predict ${about.options[chosen]!.letter}. Now run the next cell. Until then, you can change it.`}</p>
        )}
      </div>
      {wrong && !outcome && (
        <p class="mcpnb-wrong" role="alert">
          <span aria-hidden="true">✗ </span>Not kept: {wrong}
        </p>
      )}
    </section>
  );
}

/** Keep the focus in the card when the buttons that had it go. Otherwise it takes none, so that a click leaves the keys to the notebook. */
function useKeptFocus(element: { current: HTMLElement | null }, revealed: boolean): void {
  const within = element.current?.contains(document.activeElement);
  useLayoutEffect(() => {
    const card = element.current;
    if (!card || !revealed || !within) return;
    card.tabIndex = -1;
    card.focus({ preventScroll: true });
    card.addEventListener("blur", () => card.removeAttribute("tabindex"), { once: true });
  }, [revealed]);
}

interface ChoiceProps {
  about: About;
  chosen: number | null;
  choose: (option: number) => void;
}

function Choice({ about, chosen, choose }: ChoiceProps) {
  const name = useMemo(() => `mcpnb-${Math.random().toString(36).slice(2)}`, []);
  return (
    <fieldset>
      <legend>
        <Question about={about} />
      </legend>
      <div class="mcpnb-options">
        {about.options.map(({ letter, words }, option) => (
          <label key={letter} class={option === chosen ? "on" : ""}>
            <input type="radio" name={name} checked={option === chosen} onChange={() => choose(option)} />
            <b>{letter}</b>
            <span class="mcpnb-words">
              <Words spans={words} />
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** The same options, which cannot be chosen any more. */
function Compared({ about, chosen, right }: { about: About; chosen: number | null; right: number }) {
  return (
    <>
      <Question about={about} />
      <ul class="mcpnb-options" role="list">
        {about.options.map(({ letter, words }, option) => (
          <li key={letter} class={option === right ? "right" : option === chosen ? "wrong" : "other"}>
            <b>{letter}</b>
            <span class="mcpnb-words">
              <Words spans={words} />
            </span>
            <Remark yours={option === chosen} right={option === right} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Remark({ yours, right }: { yours: boolean; right: boolean }) {
  if (!yours && !right) return null;
  const words = !yours ? "right" : right ? "your prediction: right" : "your prediction: not right";
  return (
    <span class={`chip ${right ? "good" : "bad"}`}>
      <span aria-hidden="true">{right ? "✓" : "✗"}</span> {words}
    </span>
  );
}

function Question({ about }: { about: About }) {
  return (
    <h4 class="jp-toc-ignore">
      <span class="dim">Prediction: </span>
      <Words spans={about.question} />
    </h4>
  );
}

function Words({ spans }: { spans: Span[] }) {
  return <>{spans.map(([text, code]) => (code ? <code>{text}</code> : text))}</>;
}
