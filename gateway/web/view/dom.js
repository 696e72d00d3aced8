/** Making elements. What is given as a child is text or an element, never HTML. */

export const byId = (id) => document.getElementById(id);

/**
 * @param {string} tag with its classes, as in "span.name.hue-3"
 * @param {Record<string, unknown>} [properties] `onclick` and the like are listeners, the rest attributes; null is none
 * @param {(Node | string)[]} children
 */
export function make(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** A drawing of index.html. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Sets a text if it is another one: what did not change is not drawn, nor read out, again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The first letter of a name that is one. */
export const initial = (name) => (name.match(/[\p{L}\p{N}]/u)?.[0] ?? "?").toUpperCase();
