"""What an operation of the API needs of a token. Every operation says so; a test holds them to it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from fabrica.kit.errors import NotAllowed

Operation = TypeVar("Operation", bound=Callable[..., Any])


def needs(scope: str) -> Callable[[Operation], Operation]:
    """Mark an operation with the scope it needs; 403 for a token without it. A browser session has every scope."""

    def mark(operation: Operation) -> Operation:
        @wraps(operation)
        def checked(request: Any, *args: Any, **kwargs: Any) -> Any:
            if scope not in request.scopes:
                raise NotAllowed(
                    _("This token may not do that: it lacks the scope '%(scope)s'.") % {"scope": scope},
                    todo=_("Make a token with that scope on your account page."),
                )
            return operation(request, *args, **kwargs)

        checked.scope = scope  # type: ignore[attr-defined]
        return checked  # type: ignore[return-value]

    return mark
