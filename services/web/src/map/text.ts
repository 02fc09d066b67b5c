/** Words on the map. As text: Leaflet takes strings for HTML. */
export function text(words: string): HTMLElement {
  const element = document.createElement("span");
  element.textContent = words;
  return element;
}
