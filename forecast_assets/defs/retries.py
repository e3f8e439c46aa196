"""Which failed steps are tried again: those whose error passes by itself, after longer and longer waits.

Not a ``retry_policy`` of the asset: Dagster applies that to every error, bad data included, and to a run that somebody
or its time limit has stopped: the step would begin anew.
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
    """Decorator of an asset's function, whose first argument is the context: transient errors are tried again."""

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
    """Ask Dagster to run the step again where the error is transient; all other errors go on as they are."""
    try:
        yield
    except (dg.Failure, dg.RetryRequested):
        raise
    except Exception as error:
        if not is_transient(error):
            raise
        wait = policy.calculate_delay(attempts_before + 1)
        raise dg.RetryRequested(max_retries=policy.max_retries, seconds_to_wait=wait) from error
