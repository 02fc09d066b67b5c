/** What else may be known of the ground: folded, so that the plain form stays short, and open where something is wrong. */
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import type { Session } from "../../session/session";
import { FaultsContext } from "../../ui/field";
import { fill, useSpeech } from "../../words/words";
import type { Draft } from "../draft";
import type { PartProps } from "../page";
import { GROUND_FIELDS } from "../shown";
import { ContoursField } from "./contours-field";
import { observationsOf } from "./observations";
import { ObservationsField } from "./observations-field";
import { ParentField } from "./parent-field";
import type { Aim } from "./venues";
import { VenuesField } from "./venues-field";

export interface GroundProps extends PartProps {
  session: Session;
  aim: Aim | null;
  onAim: (aim: Aim | null) => void;
}

export function MoreGround(props: GroundProps) {
  const { words } = useSpeech();
  const faults = useContext(FaultsContext);
  const [isOpen, setOpen] = useState(false);
  const isWrong = [...faults.keys()].some((where) => GROUND_FIELDS.some((field) => where.startsWith(field)));
  const wasOpened = useRef(false);
  wasOpened.current ||= isOpen;
  useEffect(() => {
    if (isWrong) setOpen(true);
  }, [isWrong]);
  return (
    <details class="card more-ground" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {words.moreGround.title} <Counted draft={props.draft} />
      </summary>
      {wasOpened.current && (
        <>
          <p class="hint">{words.moreGround.lead}</p>
          <ContoursField {...props} />
          <ObservationsField {...props} />
          <VenuesField {...props} />
          <ParentField {...props} />
        </>
      )}
    </details>
  );
}

/** What is in it, also while it is folded: all of it will be declared. */
function Counted({ draft }: { draft: Draft }) {
  const { words, number } = useSpeech();
  const { counts } = words.moreGround;
  const said = [
    [counts.contours, draft.contours?.contours.length ?? 0],
    [counts.observations, observationsOf(draft.observations).observations.length],
    [counts.venues, draft.venues.length],
    [counts.parent, draft.parent?.exercise === draft.exercise ? 1 : 0],
  ] as const;
  const shown = said.filter(([, count]) => count > 0);
  if (shown.length === 0) return null;
  return <span class="counted">{shown.map(([text, count]) => fill(text, { count: number(count) })).join(" · ")}</span>;
}
