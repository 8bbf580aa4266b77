"""Made-up messages to a help desk: the team that should answer them is to be found from what they say.

A grammar: a message is a greeting, one or two sentences about a problem, some about nothing in particular, and an end.
Channels differ in how people write there, and so in how hard the team is to tell.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

PROBLEMS = {
    "billing": (
        "I was charged twice for my {product}",
        "the invoice for the {product} shows a wrong amount",
        "my card was declined although there is money on it",
        "I have not received the refund for the {product} yet",
        "the discount code was not taken off the price",
        "please send me a receipt with the VAT number of our company",
    ),
    "delivery": (
        "the {product} has not arrived",
        "tracking says the parcel with the {product} is still in the depot",
        "the courier left my {product} with a neighbour I do not know",
        "half of my order is missing from the box",
        "can I change the address before the {product} is shipped",
        "the parcel was sent to my old address",
    ),
    "repair": (
        "the {product} does not turn on any more",
        "the screen of the {product} flickers",
        "there is a crack in the {product}",
        "the battery of my {product} is empty after an hour",
        "the {product} makes a loud noise and gets hot",
        "since the update the {product} restarts every few minutes",
    ),
    "account": (
        "I cannot log in to my account",
        "the link to reset my password does not work",
        "please change the e-mail address of my account",
        "I want to cancel my subscription and delete my account",
        "somebody else seems to use my account",
        "the code to confirm the login never comes",
    ),
}
NEW_PROBLEMS = {
    "billing": ("paying with the app wallet failed", "the instalments in the app are wrong"),
    "delivery": ("the locker did not open with the code", "the drone dropped my {product} in the garden"),
    "repair": ("the {product} will not pair with the hub", "the {product} lost its firmware"),
    "account": ("the passkey on my phone is not accepted", "the face login rejects me"),
}
"""What people begin to write about when the data drift."""

VAGUE = (
    "something is wrong with my order",
    "there is a problem with the {product}",
    "the {product} is not what I expected",
    "nobody has answered my last message about the {product}",
)
"""Says nothing about the team."""

ASIDES = (
    "I have been a customer for years",
    "I called twice already",
    "this is really annoying",
    "I need it for work",
    "my colleague had the same some weeks ago",
    "I bought the {product} in May",
)
PRODUCTS = ("laptop", "phone", "printer", "headset")


@dataclass(frozen=True)
class Channel:
    """How people write there."""

    share: float
    greetings: tuple[str, ...]
    endings: tuple[str, ...]
    vague: float
    """How often the problem is not told."""
    asides: int
    """At most."""
    misspelt: float
    """Share of the words."""


CHANNELS = {
    "email": Channel(
        0.5, ("Hello,", "Dear team,", "Good morning,"), ("Kind regards", "Thank you"), 0.02, 3, 0.01
    ),
    "chat": Channel(0.35, ("hi", "hey", ""), ("thx", "pls help", ""), 0.08, 1, 0.06),
    "phone": Channel(0.15, ("um hello", "yes hi so"), ("okay bye", "right thanks"), 0.20, 2, 0.12),
}
"""What is said on the phone is written down by a machine, which mishears."""


def write_data(folder: Path, answers: Mapping[str, Any]) -> None:
    """Write `messages.csv`, with as many `rows` as the answers say."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "messages.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("text", "channel", "product", "team"))
        writer.writerows(messages(int(answers["rows"])))


def messages(
    rows: int, *, seed: int = 7, label_noise: float = 0.03, channel_effect: float = 1.0, drift: float = 0.0
) -> Iterator[tuple[str, str, str, str]]:
    """Text, channel, product and team of each message; the same ones for the same arguments.

    `label_noise` is the share of messages that a wrong team is named for. With a `channel_effect` of 0 chat and phone
    are as easy as e-mail, with 2 twice as hard. `drift` is the share of problems that earlier data do not have.
    """
    random = Random(seed)
    teams, names, shares = tuple(PROBLEMS), tuple(CHANNELS), [channel.share for channel in CHANNELS.values()]
    for _ in range(rows):
        [name] = random.choices(names, shares)
        product, team = random.choice(PRODUCTS), random.choice(teams)
        text = _message(random, team, CHANNELS[name], channel_effect, drift).format(product=product)
        named = random.choice(teams) if random.random() < label_noise else team
        yield text, name, product, named


def _message(random: Random, team: str, channel: Channel, effect: float, drift: float) -> str:
    easiest = CHANNELS["email"]
    vague = easiest.vague + effect * (channel.vague - easiest.vague)
    misspelt = easiest.misspelt + effect * (channel.misspelt - easiest.misspelt)
    sentences = random.sample(ASIDES, random.randint(0, channel.asides))
    for _ in range(random.choice((1, 1, 2))):
        known = NEW_PROBLEMS if random.random() < drift else PROBLEMS
        problem = random.choice(VAGUE if random.random() < vague else known[team])
        sentences.insert(random.randint(0, len(sentences)), problem)
    words = (
        f"{random.choice(channel.greetings)} {'. '.join(sentences)}. {random.choice(channel.endings)}".split()
    )
    return " ".join(_misspelt(random, word) if random.random() < misspelt else word for word in words)


def _misspelt(random: Random, word: str) -> str:
    """Two neighbouring letters change places. Where the product's name comes, and short words, stay."""
    if len(word) < 4 or "{" in word:
        return word
    place = random.randrange(len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
