/** What this browser remembers: the person's name and tastes, where they talk, and how far they have read. */

const KEY = "hubbub";
const READ_LIMIT = 200; // places

const DEFAULTS = {
  name: "",
  theme: "auto", // or "light", "dark"
  notifies: false,
  tellsTyping: true,
  showsMoves: true,
  /** @type {string[]} */
  places: [],
  /** @type {Record<string, number>} place -> the time of the last line read */
  readAt: {},
};

/** @typedef {typeof DEFAULTS} Settings */

/** @returns {Settings} what cannot be read counts as never set. */
export function load() {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const isSame = (name) => typeof stored[name] === typeof DEFAULTS[name];
    const names = Object.keys(DEFAULTS).filter((name) => name in stored && isSame(name));
    return { ...structuredClone(DEFAULTS), ...Object.fromEntries(names.map((name) => [name, stored[name]])) };
  } catch {
    return structuredClone(DEFAULTS);
  }
}

/** @param {Settings} settings */
export function save(settings) {
  const newest = Object.entries(settings.readAt).sort(([, a], [, b]) => b - a);
  settings.readAt = Object.fromEntries(newest.slice(0, READ_LIMIT));
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Storage is full or forbidden: the page works without.
  }
}
