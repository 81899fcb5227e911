"""What whoever makes a client can choose."""

import dataclasses
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """See `malonewatch.http.HTTPClient`; `user_agent` is what the requests are signed with."""

    user_agent: str
    per_host: int
    body_limit: int
    redirect_limit: int
    resolver: Callable[[], Any] | None
    ssl: Any
    is_public: Callable[[str], bool] | None
