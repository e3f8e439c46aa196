"""Sending the messages of the outbox: in order per channel, at a limited rate, repeated after failures, none lost.

A record is written before each post. If its outcome is never recorded (the process was killed, the storage failed), the
message waits for ``LEASE_SECONDS`` and then counts as *unclear*: the card may be in the channel.
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
from forecast_assets.alerts.teams import RETRY, SENT, UNCLEAR, NoAddress, PostResult, post_card, variable_of, webhook_of
from forecast_assets.config.secret_store import forget_secret

# Teams accepts 4 requests a second from all senders together.
SECONDS_BETWEEN_POSTS = 0.5
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 30.0, 1_800.0
LONGEST_RETRY_AFTER_SECONDS = 86_400.0
# Far beyond the 2 x 10 s that a post may take: only a dead or a suspended process is overtaken.
LEASE_SECONDS = 300.0
REPEAT, HOLD = "repeat", "hold"


@dataclass
class DispatchResult:
    """Result of a drain: messages sent; per channel the messages that wait, those that are parked, and the problem."""

    sent: list[str] = field(default_factory=list)
    newly_parked: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    parked: dict[str, int] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def wait_seconds(attempts: int, draw: float, retry_after_seconds: float = 0.0) -> float:
    """Return the seconds to wait after the n-th attempt that was not accepted.

    30 s, doubled with each attempt up to 30 minutes, less a random share of up to a half: senders must not return
    together. Never less than the server asked for (up to a day).

    Args:
        attempts: Attempts so far, at least 1.
        draw: Random number in [0, 1).
        retry_after_seconds: Time that the response asked for.
    """
    full = min(FIRST_WAIT_SECONDS * 2.0 ** min(attempts - 1, 30), LONGEST_WAIT_SECONDS)
    return max(full * (1 - draw / 2), min(retry_after_seconds, LONGEST_RETRY_AFTER_SECONDS))


class Dispatcher:
    """Sends the messages of an outbox.

    Args:
        messages: Messages of the outbox.
        payload: Builds the payload of a message from its content and ``repeat``, ``parked`` and ``now``.
        after_unclear: ``repeat``: an unclear message is sent again with a note; ``hold``: it is parked.
        address: Returns the webhook of a channel; raises NoAddress.
        post: Sends a payload to an address.
        sleep: Waits for seconds.
        draw: Returns a random number in [0, 1).
    """

    def __init__(
        self,
        messages: Messages,
        payload: Callable[..., dict[str, Any]],
        after_unclear: str = REPEAT,
        address: Callable[[str], SecretStr] = webhook_of,
        post: Callable[[SecretStr, dict[str, Any]], PostResult] = post_card,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._messages, self._payload, self._after_unclear = messages, payload, after_unclear
        self._address, self._post, self._sleep, self._draw = address, post, sleep, draw
        self._clock = messages.clock
        self._not_before: datetime | None = None

    def drain(self, budget_seconds: float) -> DispatchResult:
        """Send the messages that are due, channels in turn, until none is left or the time is used up."""
        end = self._clock() + timedelta(seconds=budget_seconds)
        result = DispatchResult()
        queues = self._messages.unfinished()
        result.newly_parked.update(self._messages.newly_unreadable)
        self._messages.newly_unreadable.clear()
        addresses = self._addresses(queues, result)
        begun: set[str] = set()
        active = list(addresses)
        while active and self._clock() < end:
            for channel in list(active):
                if self._clock() >= end or not self._sent_next(
                    channel, queues[channel], addresses[channel], begun, result
                ):
                    active.remove(channel)
        for channel, queue in queues.items():
            parked = sum(message.status == states.PARKED for message in queue)
            for count, into in ((parked, result.parked), (len(queue) - parked, result.waiting)):
                if count:
                    into[channel] = count
        return result

    def _addresses(self, queues: Mapping[str, list[Message]], result: DispatchResult) -> dict[str, SecretStr]:
        addresses = {}
        for channel in queues:
            try:
                addresses[channel] = self._address(channel)
            except NoAddress as error:
                result.problems[channel] = str(error)
        return addresses

    def _sent_next(
        self, channel: str, queue: list[Message], address: SecretStr, begun: set[str], result: DispatchResult
    ) -> bool:
        """Call ``_send_next``; a file of one channel that cannot be read or written stops no other channel."""
        try:
            return self._send_next(channel, queue, address, begun, result)
        except (OSError, ValueError, LookupError, TypeError) as error:
            result.problems[channel] = f"{type(error).__name__}: {error}"
            return False

    def _send_next(
        self, channel: str, queue: list[Message], address: SecretStr, begun: set[str], result: DispatchResult
    ) -> bool:
        """Send the first message that is not parked, if it is due; return False if the channel has to wait."""
        position = next((index for index, message in enumerate(queue) if message.status != states.PARKED), None)
        if position is None:
            return False
        message = self._settled(queue[position], result)
        if message is None:
            return False
        queue[position] = message
        if message.status == states.PARKED:
            return True
        if message.next_at and self._clock() < message.next_at:
            result.problems[channel] = (
                f"{message.state.get('reason', '')}; next attempt {message.next_at:%Y-%m-%d %H:%M:%S}"
            )
            return False
        self._limit_rate(message, begun)
        parked = sum(other.status == states.PARKED for other in queue)
        try:
            content = self._messages.content(message)
            payload = self._payload(content, repeat=message.unclear > 0, parked=parked, now=self._clock())
        except (KeyError, TypeError, ValueError) as error:
            return self._park_unreadable(queue, position, error, result)
        attempt = self._messages.advance(message, states.ATTEMPT, attempts=message.attempts + 1)
        if attempt is None:
            return False  # Another process sends it.
        self._not_before = self._clock() + timedelta(seconds=SECONDS_BETWEEN_POSTS)
        after = self._record(attempt, self._post(address, payload))
        if after is None:
            return False
        queue[position] = after
        if after.status == states.SENT:
            result.sent.append(queue.pop(position).name)
        elif after.status == states.PARKED:
            # The webhook may have been renewed in the vault: the next card fetches it anew.
            forget_secret(variable_of(channel))
            result.newly_parked[after.name] = after.state["reason"]
        else:
            result.problems[channel] = f"{after.state['reason']}; next attempt {after.next_at:%Y-%m-%d %H:%M:%S}"
        return after.status in (states.SENT, states.PARKED)

    def _park_unreadable(self, queue: list[Message], position: int, error: Exception, result: DispatchResult) -> bool:
        """Park a message that cannot be rendered, such as one of a later release: it must not block its channel."""
        reason = f"the card cannot be drawn: {type(error).__name__}: {error}"
        parked = self._messages.advance(queue[position], states.PARKED, reason=reason)
        if parked is None:
            return False
        queue[position] = parked
        result.newly_parked[parked.name] = reason
        return True

    def _settled(self, message: Message, result: DispatchResult) -> Message | None:
        """Return the message with the outcome of its attempt; None while another process may still record it."""
        if message.status != states.ATTEMPT:
            return message
        age = self._clock() - datetime.fromisoformat(message.state["at"])
        if age < timedelta(seconds=LEASE_SECONDS):
            result.problems[message.channel] = f"{message.name} is being sent by another process"
            return None
        unknown = PostResult(UNCLEAR, "the process that sent it ended before the response")
        settled = self._record(message, unknown, wait=False)
        if settled is not None and settled.status == states.PARKED:
            result.newly_parked[settled.name] = settled.state["reason"]
        return settled

    def _record(self, attempt: Message, post: PostResult, *, wait: bool = True) -> Message | None:
        """Write the outcome of an attempt; return None if another process took the message over meanwhile."""
        if post.outcome == SENT:
            return self._messages.advance(attempt, states.SENT, reason=post.reason)
        unclear = attempt.unclear + (post.outcome == UNCLEAR)
        if post.outcome == RETRY or (post.outcome == UNCLEAR and self._after_unclear == REPEAT):
            seconds = wait_seconds(attempt.attempts, self._draw(), post.retry_after_seconds) if wait else 0.0
            next_at = (self._clock() + timedelta(seconds=seconds)).isoformat()
            status = states.RETRY if post.outcome == RETRY else states.UNCLEAR
            return self._messages.advance(attempt, status, reason=post.reason, unclear=unclear, next_at=next_at)
        return self._messages.advance(attempt, states.PARKED, reason=post.reason, unclear=unclear)

    def _limit_rate(self, message: Message, begun: set[str]) -> None:
        """Wait until half a second after the last post of this process, and of others to the channel."""
        if message.channel not in begun:
            begun.add(message.channel)
            last = self._messages.last_record_time(message.channel, message.number)
            if last is not None:
                by_others = last + timedelta(seconds=SECONDS_BETWEEN_POSTS)
                self._not_before = max(self._not_before or by_others, by_others)
        if self._not_before is not None:
            seconds = (self._not_before - self._clock()).total_seconds()
            if seconds > 0:
                # The clock of another machine may be ahead: never wait longer than the rate requires.
                self._sleep(min(seconds, SECONDS_BETWEEN_POSTS))
