"""Retries of failed steps whose error is transient, after longer and longer waits.

A ``retry_policy`` of the asset would not do. Dagster applies it to every error, bad data included, and to a run that a
person or its time limit has stopped.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from forecast_assets.storage.transient_errors import is_transient

# After about 5, 10, 20 and 40 s: a service that is restarted is back within a minute or two, and a run's slot is not
# held for longer. Jitter keeps forty markets from asking again at the same moment.
RETRIES = dg.RetryPolicy(max_retries=4, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)


def with_retries(policy: dg.RetryPolicy = RETRIES) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator of an asset's function, whose first argument is the context: it retries transient errors."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def generating(context: dg.AssetExecutionContext, *arguments: Any, **named: Any) -> Iterator[Any]:
                with transient_errors_again(context.retry_number, policy):
                    yield from function(context, *arguments, **named)

            return generating

        @functools.wraps(function)
        def returning(context: dg.AssetExecutionContext, *arguments: Any, **named: Any) -> Any:
            with transient_errors_again(context.retry_number, policy):
                return function(context, *arguments, **named)

        return returning

    return decorate


@contextmanager
def transient_errors_again(attempts_before: int, policy: dg.RetryPolicy = RETRIES) -> Iterator[None]:
    """Request a retry of the step if the error is transient; other errors pass through."""
    try:
        yield
    except (dg.Failure, dg.RetryRequested):
        raise
    except Exception as error:
        if not is_transient(error):
            raise
        wait = policy.calculate_delay(attempts_before + 1)
        raise dg.RetryRequested(max_retries=policy.max_retries, seconds_to_wait=wait) from error
