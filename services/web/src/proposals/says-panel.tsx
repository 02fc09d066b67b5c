/** What a source says, all in all and message by message. */
import { ExerciseMark, LevelMark } from "../ui/field";
import { civilTime } from "../words/time";
import { fill, useSpeech, wordFor } from "../words/words";
import { type Message, type Picture, type Proposal, titlesOf } from "./model";

export function SaysPanel({ proposal }: { proposal: Proposal }) {
  const { words, language } = useSpeech();
  const wording = words.proposing;
  const { picture } = proposal;
  return (
    <section class="card">
      <h2>{wording.says}</h2>
      <dl>
        <Said what={wording.source}>{proposal.source}</Said>
        <Said what={words.kind}>{wordFor(words.kinds, picture.kind)}</Said>
        <Said what={words.level}>
          {picture.level ? (
            <>
              {picture.level} · {wordFor(words.levels, picture.level)}
            </>
          ) : (
            wording.notSaid
          )}
        </Said>
        {picture.level_reason && <Said what={wording.levelAssumed}>{picture.level_reason[language]}</Said>}
        <Said what={words.occurredAt}>
          {picture.occurred_at ? civilTime(picture.occurred_at, language) : wording.notSaid}
        </Said>
        <Measures picture={picture} />
      </dl>
    </section>
  );
}

function Said({ what, children }: { what: string; children: preact.ComponentChildren }) {
  return (
    <>
      <dt>{what}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Measures({ picture }: { picture: Picture }) {
  const { words, number } = useSpeech();
  const wording = words.proposing;
  const where = [...picture.area_names, ...picture.area_codes];
  return (
    <>
      {picture.magnitude !== null && <Said what={wording.magnitude}>{number(picture.magnitude)}</Said>}
      {picture.intensity_max !== null && <Said what={wording.intensityMax}>{number(picture.intensity_max)}</Said>}
      <Said what={wording.areaNames}>{where.length > 0 ? where.join(" · ") : wording.notSaid}</Said>
      {Object.entries(picture.exposure)
        .sort(([a], [b]) => Number(b) - Number(a))
        .map(([intensity, people]) => (
          <Said key={intensity} what={fill(wording.exposed, { intensity })}>
            {number(people)}
          </Said>
        ))}
      {picture.notes.length > 0 && <Said what={wording.notes}>{picture.notes.join(" · ")}</Said>}
    </>
  );
}

/** The newest first: what has changed is what a reader looks for. */
export function MessagesPanel({ messages }: { messages: readonly Message[] }) {
  const { words } = useSpeech();
  return (
    <section class="card">
      <h2>{fill(words.proposing.messages, { count: messages.length })}</h2>
      <ol class="plain messages" reversed>
        {[...messages].reverse().map((one) => (
          <MessageLine key={one.received_at + one.message.identifier} {...one} />
        ))}
      </ol>
    </section>
  );
}

function MessageLine({ source, received_at, message }: Message) {
  const { words, titled, language } = useSpeech();
  const wording = words.proposing;
  return (
    <li>
      <div>
        {message.level && <LevelMark level={message.level} />}{" "}
        <strong>{titled(titlesOf(message)) || wordFor(words.kinds, message.kind)}</strong>{" "}
        {message.exercise && <ExerciseMark label={words.exercise} />}
      </div>
      <div class="hint">
        {wordFor(wording.actions, message.action)} · {wording.receivedAt}{" "}
        <time dateTime={received_at}>{civilTime(received_at, language)}</time>
        {message.sent_at && (
          <>
            {" "}
            · {wording.sentAt} <time dateTime={message.sent_at}>{civilTime(message.sent_at, language)}</time>
          </>
        )}
      </div>
      <div class="hint">
        {source} · {message.sender}
        {message.identifier && ` · ${message.identifier}`}
      </div>
      <dl>
        <Measures picture={message} />
      </dl>
    </li>
  );
}
