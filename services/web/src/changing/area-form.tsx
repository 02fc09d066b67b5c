/** Revising the area: the place in any form, how far it reaches, magnitude, area codes; with a look at whom it reaches. */
import { useMemo, useState } from "preact/hooks";
import type { Declared } from "../api/answers";
import type { Draft } from "../declare/draft";
import { AreaCodesField, PlaceFields } from "../declare/place-fields";
import { PreviewPanel } from "../declare/preview-panel";
import { groundOf, usePreviewOf } from "../declare/use-preview";
import { DecimalField } from "../ui/decimal-field";
import { useSpeech } from "../words/words";
import {
  type AreaDraft,
  areaDraft,
  areaKey,
  areaPreview,
  hasReach,
  isQuake,
  revision,
  shownFields,
  withPart,
} from "./area-draft";
import { ChangeForm, type ChangeProps } from "./form";
import { useSender } from "./use-sender";

export function AreaForm(props: ChangeProps) {
  const { words, language } = useSpeech();
  const { incident, session } = props;
  const [area, setArea] = useState<AreaDraft>(() => areaDraft(incident));
  const [reason, setReason] = useState("");
  const says = { ...words, nothingChanged: words.changing.nothingChanged };
  const sender = useSender<Pick<Declared, "problems">>(session, `/incidents/${incident.incident_id}/area`, {
    onDone: ({ problems }) =>
      props.onDone(
        [words.changing.reviseArea, ...problems.map((one) => (language === "zh" ? one.what_zh : one.what))].join(" · "),
      ),
    onConflict: props.again,
  });
  const look = async () => areaPreview(area, incident, area.isAnew ? await groundOf(session, area.draft) : null, says);
  const preview = usePreviewOf(session, areaKey(area), look, sender.tell);
  const change = (part: Partial<Draft>) => setArea((before) => withPart(before, part, incident));
  const kept = useMemo(
    () => (area.isAnew ? null : { place: incident.place, radiusM: incident.radius_m }),
    [area.isAnew, incident.place, incident.radius_m],
  );
  return (
    <ChangeForm
      {...props}
      title={words.changing.titles.area}
      fields={shownFields(area)}
      sender={sender}
      reason={reason}
      onReason={setReason}
      check={() => revision(area, incident, says).findings}
      submit={words.changing.reviseArea}
      onSubmit={() => sender.send({ ...revision(area, incident, says).request, reason })}
    >
      <div class="columns">
        <AreaFields {...props} area={area} onArea={setArea} change={change} />
        <PreviewPanel
          draft={area.draft}
          change={change}
          session={session}
          preview={preview}
          kept={kept}
          hint={words.changing.previewHint}
        />
      </div>
    </ChangeForm>
  );
}

interface FieldsProps extends ChangeProps {
  area: AreaDraft;
  onArea: (area: AreaDraft) => void;
  change: (part: Partial<Draft>) => void;
}

function AreaFields({ incident, session, area, onArea, change }: FieldsProps) {
  const { words } = useSpeech();
  const { draft } = area;
  const place = { draft, change, session, codesHint: words.changing.codesHint };
  const isFelt = [incident.intensity_contours, incident.intensity_observations, incident.venues].some(
    (one) => one?.length,
  );
  return (
    <div>
      <p class="hint">{words.changing.areaEffect}</p>
      {isFelt && <p class="notice">{words.changing.groundStays}</p>}
      <PlaceStays area={area} onArea={onArea} />
      {area.isAnew ? <PlaceFields {...place} /> : <AreaCodesField {...place} />}
      <div class="side-by-side">
        {hasReach(area) && (
          <DecimalField
            label={words.changing.radius}
            pointer="/radius_m"
            hint={words.changing.radiusHint}
            value={area.reachKm}
            onValue={(value) => onArea({ ...area, reachKm: value })}
          />
        )}
        {isQuake(draft) && (
          <DecimalField
            label={words.magnitude}
            pointer="/magnitude"
            hint={words.changing.magnitudeHint}
            value={draft.magnitude}
            onValue={(value) => change({ magnitude: value })}
          />
        )}
      </div>
    </div>
  );
}

function PlaceStays({ area, onArea }: { area: AreaDraft; onArea: (area: AreaDraft) => void }) {
  const { words } = useSpeech();
  return (
    <div class="choices" role="radiogroup" aria-label={words.changing.place}>
      <strong>{words.changing.place}</strong>
      {[false, true].map((isAnew) => (
        <label key={String(isAnew)} class="choice">
          <input
            type="radio"
            name="place-anew"
            checked={area.isAnew === isAnew}
            onChange={() => onArea({ ...area, isAnew })}
          />
          {isAnew ? words.changing.placeAnew : words.changing.placeStays}
        </label>
      ))}
    </div>
  );
}
