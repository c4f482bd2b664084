"""How an error reaches the user: an expected one as its sentence, a bug with its traceback."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from typing import Any, TypeVar, cast

import grpc

from ..errors import MismatchedCreateError, OmiseLinksError, UncertainCreateError

Method = TypeVar("Method", bound=Callable[..., Any])


def answers(method: Method) -> Method:
    """Turn the exceptions of a method of the protocol into its errors.

    After ``UNKNOWN`` the engine takes it that something may have been done; after
    ``FAILED_PRECONDITION`` that nothing was (``resourceStateAndError`` of its provider_plugin.go).
    """

    @functools.wraps(method)
    def wrapper(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except (UncertainCreateError, MismatchedCreateError) as error:
            code, text = grpc.StatusCode.UNKNOWN, str(error)
        except OmiseLinksError as error:
            code, text = grpc.StatusCode.FAILED_PRECONDITION, str(error)
        except Exception:  # a bug: gRPC would send its message without the traceback
            code, text = grpc.StatusCode.UNKNOWN, traceback.format_exc()
        return context.abort(code, text)

    return cast(Method, wrapper)
