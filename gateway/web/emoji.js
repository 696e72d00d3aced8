/** Emoji by their names, ":tada:", which are the same in the terminal client. Pure. */

// The most used come first. The terminal client knows all of Unicode's; these are few enough not to slow the page down.
const NAMED = `
  +1 👍, -1 👎, heart ❤️, tada 🎉, joy 😂, smile 😄, eyes 👀, wave 👋, fire 🔥, rocket 🚀, pray 🙏, thinking_face 🤔,
  thumbsup 👍, thumbsdown 👎, clap 👏, ok_hand 👌, muscle 💪, raised_hands 🙌, 100 💯, white_check_mark ✅,
  heavy_check_mark ✔️, x ❌, warning ⚠️, question ❓, exclamation ❗, bulb 💡, bug 🐛, wrench 🔧, hammer 🔨, memo 📝,
  pushpin 📌, link 🔗, lock 🔒, key 🔑, bell 🔔, star ⭐, star2 🌟, sparkles ✨, sunglasses 😎, wink 😉, blush 😊, grin 😁,
  grinning 😀, laughing 😆, sweat_smile 😅, rolling_on_the_floor_laughing 🤣, slightly_smiling_face 🙂, heart_eyes 😍,
  kissing_heart 😘, yum 😋, stuck_out_tongue 😛, zany_face 🤪, nerd_face 🤓, partying_face 🥳, smirk 😏, unamused 😒,
  face_with_rolling_eyes 🙄, grimacing 😬, relieved 😌, sleeping 😴, mask 😷, exploding_head 🤯, cry 😢, sob 😭, scream 😱,
  angry 😠, rage 😡, confused 😕, worried 😟, flushed 😳, skull 💀, ghost 👻, alien 👽, robot 🤖, poop 💩, cat 🐱, dog 🐶,
  coffee ☕, tea 🍵, beer 🍺, beers 🍻, wine_glass 🍷, pizza 🍕, cake 🍰, cookie 🍪, apple 🍎, banana 🍌, sun ☀️, moon 🌔,
  cloud ☁️, umbrella ☂️, snowflake ❄️, zap ⚡, rainbow 🌈, ocean 🌊, broken_heart 💔, yellow_heart 💛, green_heart 💚,
  blue_heart 💙, purple_heart 💜, black_heart 🖤, point_up ☝️, point_down 👇, point_left 👈, point_right 👉,
  crossed_fingers 🤞, handshake 🤝, raised_hand ✋, fist ✊, see_no_evil 🙈, hear_no_evil 🙉, speak_no_evil 🙊,
  hugging_face 🤗, no_entry ⛔, construction 🚧, hourglass ⌛, alarm_clock ⏰, calendar 📆, chart_with_upwards_trend 📈,
  computer 💻, keyboard ⌨️, phone ☎️, email ✉️, package 📦, gift 🎁, balloon 🎈, trophy 🏆, soccer ⚽, musical_note 🎵,
  art 🎨, book 📖, books 📚, pencil2 ✏️, scissors ✂️, paperclip 📎, moneybag 💰, gem 💎, crown 👑, dart 🎯, game_die 🎲,
  checkered_flag 🏁, arrow_up ⬆️, arrow_down ⬇️, arrow_left ⬅️, arrow_right ➡️, recycle ♻️
`;
const BY_NAME = new Map(
  NAMED.trim()
    .split(/,\s*/)
    .map((pair) => /** @type {[string, string]} */ (pair.split(" "))),
);
const CODE_OR_NAME = /```[^]*?(?:```|$)|`[^`\n]+`|:([a-z0-9_+-]+):/g;

/**
 * Replace the names of emoji, but not in code. Other texts between colons stay, as in "10:30:45".
 * @param {string} text
 */
export const withEmoji = (text) => text.replace(CODE_OR_NAME, (found, name) => BY_NAME.get(name) ?? found);

/**
 * The names and emoji that match a part of a name, those that begin with it first.
 * @param {string} part
 */
export function emojiLike(part) {
  const wanted = part.toLowerCase();
  const found = [...BY_NAME].filter(([name]) => name.includes(wanted));
  return [...found.filter(([name]) => name.startsWith(wanted)), ...found.filter(([name]) => !name.startsWith(wanted))];
}
