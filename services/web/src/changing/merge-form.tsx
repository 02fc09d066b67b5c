/** Merging into another open incident, chosen by what it is called. */
import { useState } from "preact/hooks";
import type { IncidentRow } from "../api/answers";
import { useAsked } from "../ui/asked";
import { LevelMark } from "../ui/field";
import { WentWrong } from "../ui/told";
import { civilTime } from "../words/time";
import { fill, useSpeech } from "../words/words";
import { Choice, type Option } from "./choice";
import { ChangeForm, type ChangeProps } from "./form";
import { called, type Other, othersOf } from "./others";
import { useSender } from "./use-sender";

const LISTED_MAX = 200;
/** From so many on there is a field to find one. */
const MANY = 8;

interface OpenList {
  items: IncidentRow[];
  next_cursor: string | null;
}

/** `chosen` is the one that was pointed at. */
export function MergeForm(props: ChangeProps & { chosen: string | null }) {
  const { words, titled } = useSpeech();
  const { incident, session } = props;
  const [into, setInto] = useState(props.chosen);
  const [reason, setReason] = useState("");
  const open = useAsked(
    (signal) => session.call<OpenList>(`/incidents?state=open&limit=${LISTED_MAX}`, { signal }),
    [incident.changes.length],
  );
  const others = othersOf(incident, withNamed(open.value?.items ?? [], props));
  const chosen = others.find(({ row }) => row.incident_id === into)?.row;
  const title = chosen ? titled(chosen) : "";
  const sender = useSender(session, `/incidents/${incident.incident_id}/merge`, {
    onDone: () => props.onDone(`${words.changing.whats.merged} ${title}`),
    onConflict: () => {
      props.again();
      open.again();
    },
  });
  return (
    <ChangeForm
      {...props}
      title={words.changing.titles.merge}
      fields={["/into"]}
      sender={sender}
      reason={reason}
      onReason={setReason}
      check={() => (chosen ? [] : [{ where: "/into", what: words.changing.chooseOther }])}
      submit={words.changing.mergeNext}
      onSubmit={() => sender.send({ into, reason })}
      grave={{
        ask: fill(words.changing.mergeAsk, { title: titled(incident), into: title }),
        effects: words.changing.mergeEffects,
        confirm: fill(words.changing.mergeConfirm, { title }),
      }}
    >
      <WentWrong error={open.error} />
      {open.value === null && !open.error && <p class="hint">{words.loading}</p>}
      {open.value && <Others others={others} value={into} onChange={setInto} />}
      {open.value?.next_cursor && <p class="hint">{fill(words.changing.listIsLong, { count: LISTED_MAX })}</p>}
    </ChangeForm>
  );
}

/** Likely ones are there even if the list is too long to hold them. */
function withNamed(rows: readonly IncidentRow[], { incident, briefs }: ChangeProps): IncidentRow[] {
  const listed = new Set(rows.map((row) => row.incident_id));
  const likely = incident.may_be_same_as.map((one) => briefs.get(one.incident_id));
  return [...rows, ...likely.filter((one) => one != null).filter((one) => !listed.has(one.incident_id))];
}

interface OthersProps {
  others: readonly Other[];
  value: string | null;
  onChange: (id: string) => void;
}

function Others({ others, value, onChange }: OthersProps) {
  const { words } = useSpeech();
  const [text, setText] = useState("");
  if (others.length === 0) return <p class="notice">{words.changing.noOthers}</p>;
  const shown = called(others, text).map((other) => optionOf(other));
  return (
    <>
      {others.length > MANY && (
        <input
          type="search"
          aria-label={words.changing.find}
          placeholder={words.changing.find}
          value={text}
          onInput={(e) => setText(e.currentTarget.value)}
        />
      )}
      <div class="scrolled">
        <Choice pointer="/into" label={words.changing.mergeInto} options={shown} value={value} onChange={onChange} />
      </div>
    </>
  );
}

function optionOf(other: Other): Option<string> {
  return { value: other.row.incident_id, text: <OtherText other={other} /> };
}

function OtherText({ other: { row, apartKm, isLikely } }: { other: Other }) {
  const { words, titled, number, language } = useSpeech();
  const km = apartKm === null ? "" : ` · ${fill(words.changing.kmAway, { km: number(Math.round(apartKm)) })}`;
  return (
    <>
      <LevelMark level={row.level} /> {titled(row)}
      {isLikely && <strong class="likely"> {words.changing.likely}</strong>}
      <div class="hint">
        {words.kinds[row.kind]} · {civilTime(row.occurred_at, language)}
        {km}
      </div>
    </>
  );
}
