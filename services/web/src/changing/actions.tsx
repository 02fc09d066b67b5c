/** What may be done to an incident: one form at a time. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Incident } from "../api/answers";
import type { Briefs } from "../incidents/briefs";
import { SameIncidents } from "../incidents/same";
import type { Session } from "../session/session";
import { fill, useSpeech } from "../words/words";
import { AreaForm } from "./area-form";
import { DifferentForm } from "./different-form";
import { CloseForm, ReopenForm } from "./ending-forms";
import type { ChangeProps } from "./form";
import { LevelForm } from "./level-form";
import { MergeForm } from "./merge-form";
import { NeedsForm } from "./needs-form";
import { PhaseForm } from "./phase-form";

const OPEN = ["level", "phase", "needs", "area", "merge", "close"] as const;
type What = (typeof OPEN)[number] | "reopen";
type Acting = { what: What | "different"; other: string | null };

interface ActionsProps {
  session: Session;
  incident: Incident;
  briefs: Briefs;
  again: () => void;
}

export function mayChange(session: Session): boolean {
  return session.roles.includes("duty-officer");
}

export function Actions({ session, incident, briefs, again }: ActionsProps) {
  const { words } = useSpeech();
  const [acting, setActing] = useState<Acting | null>(null);
  const [done, setDone] = useState("");
  const pressed = useRef<HTMLElement | null>(null);
  useEffect(() => {
    if (acting === null) pressed.current?.focus({ preventScroll: true });
  }, [acting]);
  const act = (what: Acting["what"], other: string | null = null) => {
    pressed.current = document.activeElement as HTMLElement | null;
    setDone("");
    setActing({ what, other });
  };
  const form: ChangeProps = {
    session,
    incident,
    briefs,
    again,
    onCancel: () => setActing(null),
    onDone: (what) => {
      setActing(null);
      setDone(fill(words.changing.done, { what }));
      again();
    },
  };
  const beside = (other: string) =>
    acting?.what === "different" && acting.other === other ? (
      <DifferentForm {...form} other={other} />
    ) : (
      <div class="buttons">
        <button type="button" onClick={() => act("merge", other)}>
          {words.changing.mergeThis}
        </button>
        <button type="button" onClick={() => act("different", other)}>
          {words.changing.different}
        </button>
      </div>
    );
  const shown: readonly What[] = incident.state === "open" ? OPEN : mayGoOn(incident) ? ["reopen"] : [];
  return (
    <>
      <SameIncidents incident={incident} briefs={briefs} beside={beside} />
      {(shown.length > 0 || acting) && (
        <section class={incident.exercise ? "card drill" : "card"} data-testid="actions">
          <h2>{words.changing.title}</h2>
          <div class="buttons">
            {shown.map((what) => (
              <button
                key={what}
                type="button"
                aria-expanded={acting?.what === what}
                class={what === "close" ? "danger-quiet" : ""}
                onClick={() => (acting?.what === what ? setActing(null) : act(what))}
              >
                {words.changing[what]}
              </button>
            ))}
          </div>
          <p class="hint">{words.changing.hint}</p>
          {acting && acting.what !== "different" && (
            <FormOf key={acting.what + acting.other} acting={acting} form={form} />
          )}
        </section>
      )}
      <p role="status" class={done ? "notice good" : "visually-hidden"}>
        {done}
      </p>
    </>
  );
}

function mayGoOn(incident: Incident): boolean {
  return incident.merged_into === null && incident.continued_as === null;
}

function FormOf({ acting, form }: { acting: Acting; form: ChangeProps }) {
  switch (acting.what) {
    case "level":
      return <LevelForm {...form} />;
    case "phase":
      return <PhaseForm {...form} />;
    case "needs":
      return <NeedsForm {...form} />;
    case "area":
      return <AreaForm {...form} />;
    case "merge":
      return <MergeForm {...form} chosen={acting.other} />;
    case "close":
      return <CloseForm {...form} />;
    case "reopen":
      return <ReopenForm {...form} />;
    case "different":
      return null;
  }
}
