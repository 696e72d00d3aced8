/** Elements. A child is a text or an element, never HTML. */

/**
 * An element of index.html.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [_kind] its class, if its own properties are used
 * @returns {T}
 */
export const byId = (id, _kind) => /** @type {T} */ (document.getElementById(id));

/**
 * The element at the target of an event, or around it, that matches a selector.
 * @param {Event} event
 * @param {string} selector
 */
export const targetOf = ({ target }, selector) =>
  target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest(selector)) : null;

/** The element that has the focus. */
export const focused = () => /** @type {HTMLElement | null} */ (document.activeElement);

/**
 * @param {string} tag with its classes, as in "span.name.hue-3"
 * @param {Record<string, string | boolean | null | (() => void)>} [properties] `onclick` and the like are listeners,
 *   the others are attributes; null and false leave one out
 * @param {(Node | string)[]} children
 */
export function make(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/**
 * Set a text if it is another one: a text that did not change is not drawn, nor read out, again.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * The first letter or digit of a name.
 * @param {string} name
 */
export const initial = (name) => (name.match(/[\p{L}\p{N}]/u)?.[0] ?? "?").toUpperCase();
