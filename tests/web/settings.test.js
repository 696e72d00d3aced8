import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

class FakeStorage {
  values = new Map();
  isForbidden = false;

  getItem(key) {
    if (this.isForbidden) throw new Error("forbidden");
    return this.values.get(key) ?? null;
  }

  setItem(key, value) {
    if (this.isForbidden) throw new Error("forbidden");
    this.values.set(key, value);
  }
}

const { keepInTab, load, loadPassword, save, savePassword } = await import("../../gateway/web/settings.js");

beforeEach(() => {
  for (const name of ["localStorage", "sessionStorage"]) {
    Object.defineProperty(globalThis, name, { value: new FakeStorage(), configurable: true });
  }
  load(); // of no tab
});

test("settings that are not set, or of another type, have their defaults", () => {
  localStorage.setItem("hubbub", JSON.stringify({ name: "anna", notifies: "yes", unknown: 1 }));
  const settings = load();
  assert.deepEqual([settings.name, settings.notifies, settings.sendsTyping], ["anna", false, true]);
  assert.equal("unknown" in settings, false);
  localStorage.setItem("hubbub", "no JSON");
  assert.equal(load().name, "");
});

test("what is saved is loaded, with the newest read markers and drafts", () => {
  const settings = load();
  for (let n = 0; n < 300; n += 1) settings.readAt[`#${n}`] = n;
  for (let n = 0; n < 60; n += 1) settings.drafts[`#${n}`] = n % 2 ? "text" : "";
  for (let n = 60; n < 120; n += 1) settings.drafts[`#${n}`] = "text";
  save(settings);
  const { readAt, drafts } = load();
  assert.deepEqual([Object.keys(readAt).length, Math.min(...Object.values(readAt))], [200, 100]);
  assert.deepEqual([Object.keys(drafts).length, "#69" in drafts, "#70" in drafts], [50, false, true]);
});

test("the settings of a tab with its own name do not change those of the browser", () => {
  const settings = load();
  save({ ...settings, name: "anna" });
  keepInTab();
  save({ ...settings, name: "anna_2" });
  assert.equal(JSON.parse(localStorage.getItem("hubbub")).name, "anna");
});

test("a tab that was reloaded has its own settings again", () => {
  save({ ...load(), name: "anna" });
  sessionStorage.setItem("hubbub", JSON.stringify({ name: "anna_2" }));
  assert.equal(load().name, "anna_2");
});

test("the password is stored for the tab only", () => {
  assert.equal(loadPassword(), "");
  savePassword("open sesame");
  assert.equal(loadPassword(), "open sesame");
  assert.equal(localStorage.values.size, 0);
});

test("the page works where storage is forbidden", () => {
  localStorage.isForbidden = sessionStorage.isForbidden = true;
  const settings = load();
  save(settings);
  savePassword("x");
  assert.deepEqual([settings.name, loadPassword()], ["", ""]);
});
