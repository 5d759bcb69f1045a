// The board of a class: how far each learner is, and where the class needs help.

import { useEffect, useRef, useState } from "preact/hooks";
import { useInSight, useSecondsSince } from "../parts/watched";
import type { Surface } from "../surface";
import { Help } from "./help";
import { JoiningView, useJoining } from "./joining";
import { Matrix } from "./matrix";
import { announced, type Chapter, count, listed, ORDERS, type Order, passedOf, type Row, totals } from "./standing";

const LOOK_EVERY = 10_000;

interface About {
  chapters: Chapter[];
  predictions: number;
}

export function BoardView({ surface }: { surface: Surface }) {
  const { chapters, predictions } = surface.about as About;
  const { state } = surface;
  const rows: Row[] = state.rows ?? [];
  useInSight(surface);
  const since = useSecondsSince(state.version, LOOK_EVERY);
  const [text, setText] = useState("");
  const [order, setOrder] = useState<Order>("name");
  const [chosen, setChosen] = useState<number>();
  const { joining, wrong, toggle } = useJoining(surface);
  const words = useAnnounced(rows);
  if (state.closed) {
    return (
      <p class="mcpnb-banner" role="status">
        {state.closed}
      </p>
    );
  }
  const found = listed(rows, text, order, chosen);
  const passed = rows.reduce((sum, { work }) => sum + passedOf(work), 0);
  const of = rows.length * chapters.reduce((sum, { exercises }) => sum + exercises.length, 0);
  return (
    <section class="mcpnb mcpnb-ui mcpnb-board" aria-label="class board" data-lm-suppress-shortcuts="true">
      <header class="mcpnb-header">
        <h4 class="jp-toc-ignore">Class board</h4>
        <span class="chip">
          <span aria-hidden="true">·</span> {count(rows.length, "learner")}
        </span>
        {rows.length > 0 && (
          <span class="chip good">
            <span aria-hidden="true">✓</span> {passed.toLocaleString("en")} of {of.toLocaleString("en")} exercises passed
          </span>
        )}
        <span class="mcpnb-tools">
          {rows.length > 0 && (
            <>
              <input type="search" aria-label="Search learners" placeholder="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
              <select aria-label="order" value={order} onChange={(event) => setOrder(event.currentTarget.value as Order)}>
                {Object.entries(ORDERS).map(([name, words]) => (
                  <option value={name}>{words}</option>
                ))}
              </select>
            </>
          )}
          <button type="button" class={rows.length || joining ? "" : "mcpnb-primary"} aria-expanded={Boolean(joining)} onClick={toggle}>
            {joining ? "Hide the code" : "How to join"}
          </button>
        </span>
      </header>
      <p role="status" class="mcpnb-unseen">
        {words}
      </p>
      {wrong && (
        <p class="mcpnb-wrong" role="alert">
          <span aria-hidden="true">✗ </span>
          {wrong}
        </p>
      )}
      {joining && <JoiningView joining={joining} />}
      {rows.length ? (
        <>
          <Help chapters={chapters} counted={totals(chapters, rows)} chosen={chosen} choose={(place) => setChosen(place === chosen ? undefined : place)} />
          {found.length ? (
            <Matrix chapters={chapters} predictions={predictions} rows={found} since={since} />
          ) : (
            <p class="dim">{chosen !== undefined && !text ? "Everybody has passed it." : "No learner here has such a name."}</p>
          )}
          {found.length < rows.length && found.length > 0 && (
            <p class="dim mcpnb-note">
              {found.length} of {count(rows.length, "learner")}.
            </p>
          )}
        </>
      ) : (
        <p>
          <b>No learner has reported yet.</b> {joining ? "Show the class what you see above." : "Press “How to join”, and show the class what appears."} Reports
          come in here by themselves.
        </p>
      )}
    </section>
  );
}

const SAID_AFTER = 4_000;

/** Words for those who hear the page, once what came has come to rest: a class can report many times a minute. */
function useAnnounced(rows: Row[]): string {
  const said = useRef(rows);
  const [words, setWords] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => {
      const news = announced(said.current, rows);
      said.current = rows;
      if (news) setWords(news);
    }, SAID_AFTER);
    return () => clearTimeout(timer);
  }, [rows]);
  return words;
}
