/** What this browser remembers: the person's name and tastes, where they talk, and how far they have read. */

const KEY = "hubbub";
const PASSWORD_KEY = "hubbub-password";
const READ_LIMIT = 200; // places
const DRAFTS_LIMIT = 50;

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
  /** @type {Record<string, string>} place -> what is written there and not sent */
  drafts: {},
  /** @type {string[]} folded nicks whose messages are not shown */
  ignored: [],
};

/** @typedef {typeof DEFAULTS} Settings */

let isOfTab = false; // these are one tab's own, for as long as it is open

/** @returns {Settings} what cannot be read counts as never set. */
export function load() {
  try {
    isOfTab = sessionStorage.getItem(KEY) !== null;
    const stored = JSON.parse((isOfTab ? sessionStorage : localStorage).getItem(KEY) ?? "{}");
    const isSame = (name) => typeof stored[name] === typeof DEFAULTS[name];
    const names = Object.keys(DEFAULTS).filter((name) => name in stored && isSame(name));
    return { ...structuredClone(DEFAULTS), ...Object.fromEntries(names.map((name) => [name, stored[name]])) };
  } catch {
    return structuredClone(DEFAULTS);
  }
}

/** Keeps what is saved from now on for this tab alone: another one of this browser has a name of its own. */
export function keepInTab() {
  isOfTab = true;
}

/** @param {Settings} settings */
export function save(settings) {
  const newest = Object.entries(settings.readAt).sort(([, a], [, b]) => b - a);
  settings.readAt = Object.fromEntries(newest.slice(0, READ_LIMIT));
  const drafts = Object.entries(settings.drafts).filter(([, draft]) => draft);
  settings.drafts = Object.fromEntries(drafts.slice(-DRAFTS_LIMIT));
  try {
    (isOfTab ? sessionStorage : localStorage).setItem(KEY, JSON.stringify(settings));
  } catch {
    // Storage is full or forbidden: the page works without.
  }
}

/** The network's password, which is kept for as long as this tab is open; "" where there is none. */
export function loadPassword() {
  try {
    return sessionStorage.getItem(PASSWORD_KEY) ?? "";
  } catch {
    return "";
  }
}

export function savePassword(password) {
  try {
    sessionStorage.setItem(PASSWORD_KEY, password);
  } catch {
    // It is asked for again after a reload.
  }
}
