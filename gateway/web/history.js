/**
 * The history of places (IRCv3 chathistory): what was missed, and the pages that a person scrolls to. Pure.
 *
 * A place that was joined catches up first: the pages AFTER the last line shown, or the LATEST where nothing was; what
 * comes live meanwhile waits. A place has one request on its way at a time; the answer is known by its target.
 */

import { Presence, positionOf, timeReference } from "./places.js";
import { fold } from "./irc.js";

const BACKLOG = 60; // lines on coming to a place first
const PAGE = 100;
const MISSED_PAGES = 20; // more were missed than anyone reads: the latest, and older ones on scrolling
const END_TAG = "draft/chathistory-end";
const ANSWER_WITHIN_MS = 10_000;
const TRY_AGAIN_MS = 2_000; // for history that could not be had just now

const SUBCOMMANDS = { missed: "AFTER", latest: "LATEST", older: "BEFORE", newer: "AFTER", around: "AROUND" };

export class History {
  /**
   * @param {import("./exchange.js").Exchange} exchange
   * @param {Map<string, import("./places.js").Place>} places
   * @param {{showOnce: Function, onPage: Function}} speech
   */
  constructor(exchange, places, speech) {
    this.exchange = exchange;
    this.places = places;
    this.speech = speech;
    this.pageLimit = PAGE;
  }

  /** Takes a place that was just joined, for the first time or again. */
  begin(place, now) {
    place.presence = Presence.CATCHING_UP;
    if (!this.exchange.registration.hasHistory) this.finish(place, now);
    else this.ask(place, place.position ? "missed" : "latest", now);
  }

  /** Asks for lines around an entry; false where the place waits for an answer already, or there is no history. */
  askAround(place, kind, entry, now) {
    if (place.asked || place.presence !== Presence.READY || !this.exchange.registration.hasHistory) return false;
    // Without a msgid by time, whose whole millisecond is excluded; what is there already is not shown again.
    const near = kind === "older" ? entry.at + 1 : entry.at - 1;
    this.ask(place, kind, now, entry.msgid ? `msgid=${entry.msgid}` : timeReference(near));
    return true;
  }

  ask(place, kind, now, reference = kind === "latest" ? "*" : place.reference) {
    place.asked = { kind, at: now };
    place.tryAgainAt = 0;
    this.exchange.send("CHATHISTORY", [SUBCOMMANDS[kind], place.name, reference, String(this.limitOf(kind))]);
  }

  limitOf(kind) {
    return Math.min(kind === "latest" ? BACKLOG : PAGE, this.pageLimit);
  }

  /** @param {import("./batches.js").Batch} batch */
  onBatch(batch, now) {
    const place = this.places.get(fold(batch.target));
    const kind = place?.asked?.kind;
    if (!kind) return;
    place.asked = null;
    if (kind === "missed") {
      this.onMissed(place, batch, now);
    } else {
      this.speech.onPage(place, kind, batch.lines, this.isLast(batch, kind), now);
      if (place.presence === Presence.CATCHING_UP) this.finish(place, now);
    }
  }

  /** Whether nothing is left behind a page in the direction that was asked for. */
  isLast(batch, kind) {
    return batch.opening.tags.has(END_TAG) || batch.lines.length < this.limitOf(kind);
  }

  /** Asks for the next page, until one is the last, brings nothing new, or reaches what came live. */
  onMissed(place, batch, now) {
    let hasNews = false;
    let meetsLive = false;
    for (const message of batch.lines) {
      place.position = positionOf(message, now);
      meetsLive ||= place.holds(message);
      hasNews = this.speech.showOnce(place, message, now) || hasNews;
    }
    place.pages += 1;
    if (!hasNews || meetsLive || this.isLast(batch, "missed")) this.finish(place, now);
    else this.ask(place, place.pages < MISSED_PAGES ? "missed" : "latest", now);
  }

  /** FAIL CHATHISTORY: again where it failed, by time where the msgid was not known; else on without, and say so. */
  onRefused(params, now) {
    const named = new Set(params.map(fold));
    const asking = [...this.places.values()].filter((place) => place.asked);
    for (const place of asking.some(({ key }) => named.has(key))
      ? asking.filter(({ key }) => named.has(key))
      : asking) {
      this.refuse(place, params[1] === "MESSAGE_ERROR", params.at(-1), now);
    }
  }

  refuse(place, isPassing, reason, now) {
    const { kind } = place.asked;
    if (place.presence === Presence.READY) {
      place.asked = null;
      this.exchange.emit("page-refused", { place: place.key, kind });
    } else if (isPassing && place.mayTryAgain()) {
      place.tryAgainAt = now + TRY_AGAIN_MS;
    } else if (!isPassing && kind === "missed" && place.fallsBackToTime()) {
      this.ask(place, kind, now);
    } else {
      this.finish(place, now, kind === "missed" && place.isRoom ? reason : "");
    }
  }

  tick(place, now) {
    if (!place.asked) return;
    if (place.tryAgainAt) {
      if (now >= place.tryAgainAt) this.ask(place, place.asked.kind, now);
    } else if (now - place.asked.at >= ANSWER_WITHIN_MS) {
      this.refuse(place, false, "the gateway does not answer", now);
    }
  }

  finish(place, now, problem = "") {
    place.asked = null;
    if (problem) this.exchange.tell(`What you missed in ${place.name} may be lacking here: ${problem}`, place.key);
    for (const message of place.releaseHeld()) this.speech.showOnce(place, message, now);
    this.exchange.emit("caught-up", { place: place.key });
  }
}
