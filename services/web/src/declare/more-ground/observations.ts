/** Intensity observations as rows of longitude, latitude, intensity. Pure. */
import type { Schemas } from "../../api/answers";

export type Observation = Schemas["IntensityObservation"];

/** The service's limit, and what 2,000 rows with many columns may take. */
export const OBSERVATIONS_MAX = 2000;
export const FILE_BYTES_MAX = 2 ** 20;

export interface RowFault {
  /** As an editor counts lines; 0 for all rows together. */
  row: number;
  code: "values" | "number" | "lon" | "lat" | "swapped" | "intensity" | "heading" | "tooMany";
  found: string;
}

export interface Rows {
  observations: Observation[];
  /** The row of each observation. */
  rows: number[];
  faults: RowFault[];
}

const HEADINGS = [
  ["lon", "lng", "long", "longitude", "lon_deg", "x", "经度", "东经"],
  ["lat", "latitude", "lat_deg", "y", "纬度", "北纬"],
  ["intensity", "mmi", "cdi", "value", "烈度"],
];
const ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];

/** Every row that says something is an observation or a fault. A first row without any number names the columns. */
export function observationsOf(text: string): Rows {
  const found: Rows = { observations: [], rows: [], faults: [] };
  let columns: number[] | null = null;
  let isFirst = true;
  text.split(/\r\n|\r|\n/).forEach((line, index) => {
    const cells = cellsOf(line);
    if (cells.every((cell) => cell === "")) return;
    const row = index + 1;
    if (isFirst && !/\d/.test(line.normalize("NFKC")) && cells.every((cell) => intensityOf(cell) === null)) {
      columns = HEADINGS.map((names) => cells.findIndex((cell) => names.includes(cell.toLowerCase())));
      if (columns.includes(-1)) found.faults.push({ row, code: "heading", found: line.trim() });
    } else if (!columns?.includes(-1)) add(found, row, columns?.map((at) => cells[at] ?? "") ?? cells, line.trim());
    isFirst = false;
  });
  if (found.observations.length > OBSERVATIONS_MAX) {
    found.faults.push({ row: 0, code: "tooMany", found: String(found.observations.length) });
  }
  return found;
}

function add(found: Rows, row: number, cells: string[], line: string): void {
  const [lonText = "", latText = "", intensityText = ""] = cells;
  const [lon_deg, lat_deg, intensity] = [degreesOf(lonText), degreesOf(latText), intensityOf(intensityText)];
  const fault = (code: RowFault["code"], what: string) => found.faults.push({ row, code, found: what });
  if (cells.length !== 3) fault("values", line);
  else if (lon_deg === null) fault("number", lonText);
  else if (lat_deg === null) fault("number", latText);
  else if (Math.abs(lat_deg) > 90) fault(Math.abs(lon_deg) <= 90 ? "swapped" : "lat", latText);
  else if (Math.abs(lon_deg) > 180) fault("lon", lonText);
  else if (intensity === null || intensity < 1 || intensity > 12) fault("intensity", intensityText);
  else {
    found.observations.push({ lat_deg, lon_deg, intensity });
    found.rows.push(row);
  }
}

/** By commas, semicolons or tabs where there are some, else by blanks. Full-width signs are the same as plain ones. */
function cellsOf(line: string): string[] {
  const plain = line
    .normalize("NFKC")
    .replace(/^\uFEFF/, "")
    .replace(/、/g, ",")
    .trim();
  const cells = /[,;\t]/.test(plain) ? plain.split(/[,;\t]/) : plain.split(/\s+/);
  return cells.map((cell) =>
    cell
      .trim()
      .replace(/^"(.*)"$/, "$1")
      .trim(),
  );
}

function degreesOf(cell: string): number | null {
  const text = cell.replace(/[°EN]$/i, "");
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

/** 8, 8.5, VIII and 8度 are intensities. */
function intensityOf(cell: string): number | null {
  const text = cell.replace(/度$/, "").toUpperCase();
  if (ROMAN.includes(text)) return ROMAN.indexOf(text) + 1;
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}
