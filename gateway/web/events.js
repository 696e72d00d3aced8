/**
 * The events of a session, in the order in which the page shows them. `conversation` is the name of a room or of
 * another person, `at` is in milliseconds since the epoch. tests/client/scripts/session compares the events of both
 * clients.
 *
 * @typedef {import("./entries.js").Entry} Entry
 * @typedef {import("./irc.js").Message} Message
 * @typedef {import("./history.js").PageKind} PageKind
 *
 * Messages:
 * @typedef {{type: "Sent", id: string, target: string, text: string, replyTo: string, replaces: string,
 *   entry: Entry}} Sent it was typed
 *   here; a `Received` with the same `id` confirms it; `replaces`: the id of a longer message that was cut
 * @typedef {{type: "Confirmed", id: string, conversation: string}} Confirmed it has arrived
 * @typedef {{type: "Failed", id: string, target: string, text: string, reason: string,
 *   unsent: import("./outbox.js").UnsentMessage}} Failed it was not delivered, and is not sent again
 * @typedef {{type: "Received", conversation: string, nick: string, text: string, msgid: string, id: string,
 *   entry: Entry}} Received
 * @typedef {{type: "EntryAdded", conversation: string, entry: Entry}} EntryAdded something else to read: a join, a mode
 * @typedef {{type: "Reacted", conversation: string, nick: string, msgid: string, reaction: string, isRemoved: boolean,
 *   at: number}} Reacted
 * @typedef {{type: "Redacted", conversation: string, nick: string, msgid: string, reason: string}} Redacted
 * @typedef {{type: "RedactionPending", conversation: string, nick: string, msgid: string}} RedactionPending by us; it
 *   is sent after some seconds
 * @typedef {{type: "RedactionUndone", conversation: string, msgid: string}} RedactionUndone by us, or the server
 *   rejected it
 * @typedef {{type: "TypingChanged", conversation: string, nick: string, state: string, at: number}} TypingChanged
 * @typedef {{type: "ReadMarkerMoved", conversation: string, at: number}} ReadMarkerMoved
 * @typedef {{type: "ServerNotice", code: string, text: string, conversation: string}} ServerNotice `code`: a numeric,
 *   the code of a FAIL, or "NOTICE"
 * @typedef {{type: "ClientNotice", text: string, conversation: string}} ClientNotice the page about itself;
 *   `conversation` "": the current one
 *
 * Rooms and people:
 * @typedef {{type: "ConversationStarted", conversation: string}} ConversationStarted by another person
 * @typedef {{type: "Joined", conversation: string, nick: string, isMine: boolean}} Joined
 * @typedef {{type: "JoinFailed", conversation: string}} JoinFailed
 * @typedef {{type: "Left", conversation: string, nick: string, by: string, reason: string, isMine: boolean}} Left `by`:
 *   the nick of the person who kicked them
 * @typedef {{type: "Quit", nick: string, reason: string, message: Message, at: number}} Quit
 * @typedef {{type: "Renamed", nick: string, newNick: string, isMine: boolean, message: Message, at: number}} Renamed
 * @typedef {{type: "ProfileChanged", nick: string, isAway: boolean}} ProfileChanged
 * @typedef {{type: "MembersListed", conversation: string, names: string[]}} MembersListed with their prefixes
 * @typedef {{type: "ModesSet", conversation: string, nick: string, modes: string[]}} ModesSet the modes, then their
 *   parameters
 * @typedef {{type: "TopicSet", conversation: string, topic: string, nick: string}} TopicSet
 * @typedef {{type: "Invited", conversation: string, nick: string, invitee: string, isMine: boolean}} Invited `isMine`:
 *   we are the invitee
 *
 * History:
 * @typedef {{type: "HistoryLoaded", conversation: string, kind: PageKind, entries: Entry[],
 *   isLast: boolean}} HistoryLoaded
 * @typedef {{type: "HistoryFailed", conversation: string, kind: PageKind}} HistoryFailed
 * @typedef {{type: "CaughtUp", conversation: string}} CaughtUp
 *
 * The network:
 * @typedef {{type: "ConnectionChanged", state: "connected", nick: string, server: string}} ConnectionChanged
 * @typedef {{type: "LatencyMeasured", latencyMs: number}} LatencyMeasured
 * @typedef {{type: "NetworkNamed", network: string}} NetworkNamed
 * @typedef {{type: "LobbyNamed", conversation: string}} LobbyNamed
 * @typedef {{type: "PasswordRequired", wasRefused: boolean}} PasswordRequired
 * @typedef {{type: "WhoisReceived", card: import("./replies.js").WhoisCard}} WhoisReceived
 * @typedef {{type: "RoomsListed", rooms: import("./replies.js").ListedRoom[]}} RoomsListed
 *
 * @typedef {Sent | Confirmed | Failed | Received | EntryAdded | Reacted | Redacted | RedactionPending | RedactionUndone
 *   | TypingChanged | ReadMarkerMoved | ServerNotice | ClientNotice | ConversationStarted | Joined | JoinFailed | Left
 *   | Quit | Renamed | ProfileChanged | MembersListed | ModesSet | TopicSet | Invited | HistoryLoaded | HistoryFailed
 *   | CaughtUp | ConnectionChanged | LatencyMeasured | NetworkNamed | LobbyNamed | PasswordRequired | WhoisReceived
 *   | RoomsListed} SessionEvent
 */

/** The events that open a conversation where there is none. @type {ReadonlySet<string>} */
export const OPENS_CONVERSATION = new Set(["Sent", "Received", "EntryAdded", "ConversationStarted", "Joined"]);
