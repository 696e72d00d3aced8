"""Attacks on a real gateway, and their effect on innocent users: `make attacks`, `python -m tests.attacks [NAME...]`.

Each attack runs on a separate gateway process with the default limits and a real Redis. Twelve innocent users of the
same gateway measure in a separate process how long their PINGs and their messages take. The gateway's
`hubbub_longest_turn_seconds` shows its longest turn. A row fails if an innocent user's 99th percentile is over 200 ms
or a turn is over 100 ms. `--write` puts the rows into the table of docs/security.md.

To add an attack, add one file `attack_NAME.py` to this package; no list has to be edited:

    from tests.attacks.stage import Stage, attack

    SECONDS = 15.0

    @attack("thirty clients change their away message in 100 rooms")
    def away(stage: Stage) -> None:
        attackers = [stage.attacker(f"eve{number}") for number in range(30)]  # registered; setting up is not measured
        ...
        stage.begin()                        # the innocent users are measured from here to the function's end
        stage.flood(attackers, lambda at, count: f"AWAY :{count}", SECONDS)
        stage.note("what else the row should say")        # optional

The function's name is the attack's. Rules:

- An attacker connects from an address that counts (`address=`, by default 198.51.100.1; the gateway trusts the
  harness's PROXY header): loopback has no limits by address.
- An attack is limited in time and count, and ends in less than a minute.
- `@attack(text, settings="flood_burst = 5")` gives the gateway a file of settings, if the attack needs one.
- `stage.raw(address)` is a socket that has sent its PROXY header only; `stage.metric(name)` reads /metrics;
  `stage.redis` is a redis-py client of the gateway's Redis. `stage.gateway`, `stage.network` are those of
  tests/network/harness.py.
"""
