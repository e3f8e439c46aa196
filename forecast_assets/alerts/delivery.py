"""Draining the outbox: in order per channel, not too fast, again after a failure, and nothing lost.

Before each post a record says that it begins. If its outcome is never recorded (the process was killed, the storage
failed), the message is left alone for ``LEASE_SECONDS`` and then counts as *unclear*: the card may be in the channel.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from forecast_assets.alerts import messages as states
from forecast_assets.alerts.messages import Message, Messages
from forecast_assets.alerts.teams import AGAIN, SENT, UNCLEAR, Answer, NoAddress, post_card, variable_of, webhook_of
from forecast_assets.config.secret_store import forget_secret

# Teams takes 4 requests a second, from all senders together.
SECONDS_BETWEEN_POSTS = 0.5
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 30.0, 1_800.0
LONGEST_RETRY_AFTER_SECONDS = 86_400.0
# Far beyond the 2 x 10 s that a post may take: only a dead or a suspended process is overtaken.
LEASE_SECONDS = 300.0
REPEAT, HOLD = "repeat", "hold"


@dataclass
class Delivered:
    """What a drain did and what it left: messages sent; per channel what waits, what is parked, what is wrong."""

    sent: list[str] = field(default_factory=list)
    newly_parked: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    parked: dict[str, int] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def wait_seconds(attempts: int, draw: float, retry_after_seconds: float = 0.0) -> float:
    """How long to wait after the n-th attempt that was not accepted.

    30 s doubled with each attempt up to 30 minutes, of which a random half is taken off so that senders do not come
    back together; never less than what the other side asked for (up to a day).

    Args:
        attempts: Attempts so far, at least 1.
        draw: Random number in [0, 1).
        retry_after_seconds: What the answer asked for.
    """
    full = min(FIRST_WAIT_SECONDS * 2.0 ** min(attempts - 1, 30), LONGEST_WAIT_SECONDS)
    return max(full * (1 - draw / 2), min(retry_after_seconds, LONGEST_RETRY_AFTER_SECONDS))


class Delivery:
    """Sends the messages of an outbox.

    Args:
        messages: What is to be sent.
        payload: What is posted, from a message's content and how it is sent (``repeat``, ``parked``, ``now``).
        after_unclear: ``repeat``: an unclear message is sent again with a note; ``hold``: it is parked.
        address: The webhook of a channel; raises NoAddress.
        post: Sends a payload to an address.
        sleep: Waits for seconds.
        draw: Random number in [0, 1).
    """

    def __init__(
        self,
        messages: Messages,
        payload: Callable[..., dict[str, Any]],
        after_unclear: str = REPEAT,
        address: Callable[[str], SecretStr] = webhook_of,
        post: Callable[[SecretStr, dict[str, Any]], Answer] = post_card,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._messages, self._payload, self._after_unclear = messages, payload, after_unclear
        self._address, self._post, self._sleep, self._draw = address, post, sleep, draw
        self._clock = messages.clock
        self._not_before: datetime | None = None

    def drain(self, budget_seconds: float) -> Delivered:
        """Send what is due, channels in turn, until nothing is or the time is used up."""
        end = self._clock() + timedelta(seconds=budget_seconds)
        done = Delivered()
        queues = self._messages.unfinished()
        addresses = self._addresses(queues, done)
        begun: set[str] = set()
        active = list(addresses)
        while active and self._clock() < end:
            for channel in list(active):
                if self._clock() >= end or not self._send_next(
                    channel, queues[channel], addresses[channel], begun, done
                ):
                    active.remove(channel)
        for channel, queue in queues.items():
            parked = sum(message.what == states.PARKED for message in queue)
            for count, into in ((parked, done.parked), (len(queue) - parked, done.waiting)):
                if count:
                    into[channel] = count
        return done

    def _addresses(self, queues: Mapping[str, list[Message]], done: Delivered) -> dict[str, SecretStr]:
        addresses = {}
        for channel in queues:
            try:
                addresses[channel] = self._address(channel)
            except NoAddress as error:
                done.problems[channel] = str(error)
        return addresses

    def _send_next(
        self, channel: str, queue: list[Message], address: SecretStr, begun: set[str], done: Delivered
    ) -> bool:
        """Send the first message that is not parked, if it is due; False if the channel has to wait."""
        place = next((at for at, message in enumerate(queue) if message.what != states.PARKED), None)
        if place is None:
            return False
        message = self._settled(queue[place], done)
        if message is None:
            return False
        queue[place] = message
        if message.what == states.PARKED:
            return True
        if message.next_at and self._clock() < message.next_at:
            done.problems[channel] = (
                f"{message.state.get('reason', '')}; next attempt {message.next_at:%Y-%m-%d %H:%M:%S}"
            )
            return False
        self._keep_the_pace(message, begun)
        content = self._messages.content(message)
        parked = sum(other.what == states.PARKED for other in queue)
        try:
            payload = self._payload(content, repeat=message.unclear > 0, parked=parked, now=self._clock())
        except (KeyError, TypeError, ValueError) as error:
            return self._park_unreadable(queue, place, error, done)
        attempt = self._messages.advance(message, states.ATTEMPT, attempts=message.attempts + 1)
        if attempt is None:
            return False  # Another process sends it.
        self._not_before = self._clock() + timedelta(seconds=SECONDS_BETWEEN_POSTS)
        after = self._record(attempt, self._post(address, payload))
        if after is None:
            return False
        queue[place] = after
        if after.what == states.SENT:
            done.sent.append(queue.pop(place).name)
        elif after.what == states.PARKED:
            # The webhook may have been renewed in the vault: the next card asks for it anew.
            forget_secret(variable_of(channel))
            done.newly_parked[after.name] = after.state["reason"]
        else:
            done.problems[channel] = f"{after.state['reason']}; next attempt {after.next_at:%Y-%m-%d %H:%M:%S}"
        return after.what in (states.SENT, states.PARKED)

    def _park_unreadable(self, queue: list[Message], place: int, error: Exception, done: Delivered) -> bool:
        """Set a message aside that cannot be drawn, such as one of a later release: those behind it go on."""
        reason = f"the card cannot be drawn: {type(error).__name__}: {error}"
        parked = self._messages.advance(queue[place], states.PARKED, reason=reason)
        if parked is None:
            return False
        queue[place] = parked
        done.newly_parked[parked.name] = reason
        return True

    def _settled(self, message: Message, done: Delivered) -> Message | None:
        """A message whose attempt has an outcome; None while that may still come from another process."""
        if message.what != states.ATTEMPT:
            return message
        age = self._clock() - datetime.fromisoformat(message.state["at"])
        if age < timedelta(seconds=LEASE_SECONDS):
            done.problems[message.channel] = f"{message.name} is being sent by another process"
            return None
        settled = self._record(message, Answer(UNCLEAR, "the process that sent it ended before the answer"), wait=False)
        if settled is not None and settled.what == states.PARKED:
            done.newly_parked[settled.name] = settled.state["reason"]
        return settled

    def _record(self, attempt: Message, answer: Answer, *, wait: bool = True) -> Message | None:
        """Write what came of an attempt; None if another process took the message over meanwhile."""
        if answer.outcome == SENT:
            return self._messages.advance(attempt, states.SENT, reason=answer.reason)
        unclear = attempt.unclear + (answer.outcome == UNCLEAR)
        if answer.outcome == AGAIN or (answer.outcome == UNCLEAR and self._after_unclear == REPEAT):
            seconds = wait_seconds(attempt.attempts, self._draw(), answer.retry_after_seconds) if wait else 0.0
            next_at = (self._clock() + timedelta(seconds=seconds)).isoformat()
            what = states.RETRY if answer.outcome == AGAIN else states.UNCLEAR
            return self._messages.advance(attempt, what, reason=answer.reason, unclear=unclear, next_at=next_at)
        return self._messages.advance(attempt, states.PARKED, reason=answer.reason, unclear=unclear)

    def _keep_the_pace(self, message: Message, begun: set[str]) -> None:
        """Wait until half a second has passed since the last post of this process, and of others to the channel."""
        if message.channel not in begun:
            begun.add(message.channel)
            last = self._messages.last_sign_of(message.channel, message.number)
            if last is not None:
                by_others = last + timedelta(seconds=SECONDS_BETWEEN_POSTS)
                self._not_before = max(self._not_before or by_others, by_others)
        if self._not_before is not None:
            seconds = (self._not_before - self._clock()).total_seconds()
            if seconds > 0:
                # The clock of another machine may be ahead: never wait longer than the pace asks for.
                self._sleep(min(seconds, SECONDS_BETWEEN_POSTS))
