/** Asks whom a declaration, or a revised area, would reach. Nothing is kept by it. */
import type { Geometry } from "geojson";
import { useRef, useState } from "preact/hooks";
import type { Preview, PreviewRequest } from "../api/answers";
import { type Finding, Refused } from "../api/client";
import type { Session } from "../session/session";
import { useSpeech } from "../words/words";
import { codesOf, type Draft, previewKey, previewOf, type Said } from "./draft";

export interface PreviewState {
  seen: Preview | null;
  isBusy: boolean;
  /** Whether the form has changed since. */
  isOld: boolean;
  error: unknown;
  look: () => void;
}

type Tell = (findings: Finding[]) => void;

export function usePreview(session: Session, draft: Draft, tell: Tell): PreviewState {
  const { words } = useSpeech();
  const said = async () => previewOf(draft, await groundOf(session, draft), words);
  return usePreviewOf(session, previewKey(draft), said, tell);
}

/** `key` is what decides the preview: another one means that the preview shown is an old one. */
export function usePreviewOf(
  session: Session,
  key: string,
  said: () => Promise<Said<PreviewRequest>>,
  tell: Tell,
): PreviewState {
  const [seen, setSeen] = useState<{ preview: Preview; of: string } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const turn = useRef(0);

  const look = async () => {
    const mine = ++turn.current;
    setBusy(true);
    const outcome = await ask().catch(refusal);
    if (mine !== turn.current) return; // somebody asked again meanwhile
    setBusy(false);
    setError(outcome.error ?? null);
    tell(outcome.findings);
    if (outcome.preview) setSeen({ preview: outcome.preview, of: key });
  };

  const ask = async (): Promise<Outcome> => {
    const { request: body, findings } = await said();
    if (findings.length > 0) return { findings };
    return { findings: [], preview: await session.call<Preview>("/geofencing/preview", { method: "POST", body }) };
  };

  return {
    seen: seen?.preview ?? null,
    isBusy,
    isOld: seen !== null && seen.of !== key,
    error,
    look: () => void look(),
  };
}

interface Outcome {
  findings: Finding[];
  preview?: Preview;
  error?: unknown;
}

function refusal(error: unknown): Outcome {
  const findings = error instanceof Refused ? error.problem.problems : [];
  return findings.length > 0 ? { findings } : { findings, error };
}

interface AreaMeaning {
  areas: { centre?: { lat_deg: number; lon_deg: number } | null; geometry?: Geometry | null }[];
}

/** Where areas or a named place lie; None where the form has coordinates. */
export async function groundOf(session: Session, draft: Draft): Promise<Geometry | null> {
  if (draft.placeForm === "areas") return groundOfCodes(session, codesOf(draft.placeCodes));
  if (draft.placeForm !== "address") return null;
  const meant = draft.meant;
  const boundary = meant?.code ? await groundOfCodes(session, [meant.code]).catch(nothingIfRefused) : null;
  if (boundary || !meant?.position) return boundary;
  return { type: "Point", coordinates: [meant.position.lon_deg, meant.position.lat_deg] };
}

function nothingIfRefused(error: unknown): null {
  if (error instanceof Refused) return null;
  throw error;
}

async function groundOfCodes(session: Session, codes: readonly string[]): Promise<Geometry | null> {
  const meanings = await Promise.all(
    codes.map((code) => session.call<AreaMeaning>(`/registry/areas/${encodeURIComponent(code)}?geometry=true`)),
  );
  const areas = meanings.flatMap((meaning) => meaning.areas);
  const polygons = areas.flatMap(({ geometry }) =>
    geometry?.type === "Polygon"
      ? [geometry.coordinates]
      : geometry?.type === "MultiPolygon"
        ? geometry.coordinates
        : [],
  );
  if (polygons.length > 0) return { type: "MultiPolygon", coordinates: polygons };
  const centre = areas.find((area) => area.centre)?.centre;
  return centre ? { type: "Point", coordinates: [centre.lon_deg, centre.lat_deg] } : null;
}
