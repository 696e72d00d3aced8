/** The settings that this browser stores: the person's name and preferences, conversations, read markers, drafts. */

const KEY = "hubbub";
const PASSWORD_KEY = "hubbub-password";
const READ_LIMIT = 200; // conversations
const DRAFTS_LIMIT = 50;

const DEFAULTS = {
  name: "",
  theme: "auto", // or "light", "dark"
  notifies: false,
  sendsTyping: true,
  showsMemberChanges: true,
  /** @type {string[]} */
  conversations: [],
  /** @type {Record<string, number>} casefolded name -> the time of the last entry that was read */
  readAt: {},
  /** @type {Record<string, string>} casefolded name -> a text that was not sent */
  drafts: {},
  /** @type {string[]} casefolded nicks whose messages are not shown */
  ignored: [],
};

/** @typedef {typeof DEFAULTS} Settings */

let isOfTab = false; // the settings belong to this tab alone, for as long as it is open

/**
 * Load the settings. A value that cannot be read counts as not set.
 * @returns {Settings}
 */
export function load() {
  try {
    isOfTab = sessionStorage.getItem(KEY) !== null;
    const stored = JSON.parse((isOfTab ? sessionStorage : localStorage).getItem(KEY) ?? "{}");
    const usable = Object.entries(DEFAULTS).filter(([name, value]) => typeof stored[name] === typeof value);
    return { ...structuredClone(DEFAULTS), ...Object.fromEntries(usable.map(([name]) => [name, stored[name]])) };
  } catch {
    return structuredClone(DEFAULTS);
  }
}

/** Save the settings for this tab alone from now on: another tab of this browser has its own name. */
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
    // Storage is full or forbidden: the page works without it.
  }
}

/** The network's password, which is stored for as long as this tab is open; "" if there is none. */
export function loadPassword() {
  try {
    return sessionStorage.getItem(PASSWORD_KEY) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} password */
export function savePassword(password) {
  try {
    sessionStorage.setItem(PASSWORD_KEY, password);
  } catch {
    // The page asks for it again after a reload.
  }
}
