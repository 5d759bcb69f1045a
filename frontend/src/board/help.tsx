// Where the class needs help: a bar for each exercise, and the exercises that most have tried without passing.

import { useRef, useState } from "preact/hooks";
import { shown } from "../parts/shown";
import { type Chapter, type Total, whereToHelp } from "./standing";

const NAMED = 3;

interface Props {
  chapters: Chapter[];
  counted: Total[];
  chosen: number | undefined;
  choose: (place: number) => void;
}

export function Help({ chapters, counted, chosen, choose }: Props) {
  const stuck = whereToHelp(counted, NAMED);
  const total = chosen === undefined ? undefined : counted[chosen];
  return (
    <div class="mcpnb-help">
      <p class="mcpnb-where">
        <b>Where to help:</b>{" "}
        {stuck.length
          ? stuck.map((one, index) => (
              <>
                {index > 0 && ", "}
                <button type="button" class="mcpnb-link" aria-pressed={one.place === chosen} onClick={() => choose(one.place)}>
                  {shown(one.number)} {shown(one.title)}
                </button>{" "}
                <span class="dim">({one.tried} tried)</span>
              </>
            ))
          : "nobody has tried an exercise without passing it."}
      </p>
      <Bars chapters={chapters} counted={counted} chosen={chosen} choose={choose} />
      <p class="mcpnb-legend dim">
        <Key kind="passed" /> passed <Key kind="tried" /> tried <Key kind="none" /> not yet
      </p>
      <p class="mcpnb-chosen">
        <span role="status">
          {total && (
            <>
              <b>
                {shown(total.number)} {shown(total.title)}
              </b>
              : {inWords(total)}. Below: who has not passed it.
            </>
          )}
        </span>{" "}
        {total ? (
          <button type="button" class="mcpnb-link" onClick={() => choose(total.place)}>
            Show all learners
          </button>
        ) : (
          <span class="dim">Press a bar to see who has not passed an exercise.</span>
        )}
      </p>
    </div>
  );
}

const Key = ({ kind }: { kind: string }) => <i class={`mcpnb-cell mcpnb-${kind}`} aria-hidden="true" />;

const inWords = ({ passed, tried, notYet }: Total) => `${passed} passed, ${tried} tried, ${notYet} not yet`;

/** Bars side by side, in the order of the course. They are one stop for Tab; the arrow keys go from bar to bar. */
function Bars({ chapters, counted, chosen, choose }: Props) {
  const group = useRef<HTMLDivElement>(null);
  const [stop, setStop] = useState(0);
  const press = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1, Home: -counted.length, End: counted.length }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = Math.min(Math.max(stop + by, 0), counted.length - 1);
    setStop(next);
    group.current?.querySelectorAll("button")[next]?.focus();
  };
  let place = 0;
  return (
    <div ref={group} class="mcpnb-bars" role="toolbar" aria-label="exercises of the class" onKeyDown={press}>
      {chapters.map((chapter) => (
        <div class="mcpnb-group" role="group" aria-label={`chapter ${chapter.number}, ${chapter.title}`} title={chapter.title}>
          <div class="mcpnb-columns">
            {chapter.exercises.map(() => {
              const total = counted[place++]!;
              return <Column total={total} pressed={total.place === chosen} stop={total.place === stop} choose={() => (setStop(total.place), choose(total.place))} />;
            })}
          </div>
          <span class="mcpnb-name dim" aria-hidden="true">
            {shown(chapter.number)}
          </span>
        </div>
      ))}
    </div>
  );
}

function Column({ total, pressed, stop, choose }: { total: Total; pressed: boolean; stop: boolean; choose: () => void }) {
  const of = Math.max(total.passed + total.tried + total.notYet, 1);
  const words = `${total.number} ${total.title}: ${inWords(total)}`;
  return (
    <button type="button" aria-pressed={pressed} aria-label={words} title={words} tabIndex={stop ? 0 : -1} onClick={choose}>
      <i class="mcpnb-tried" style={{ height: `${(100 * total.tried) / of}%` }} />
      <i class="mcpnb-passed" style={{ height: `${(100 * total.passed) / of}%` }} />
    </button>
  );
}
