"""Taking out of a log line what does not belong there: secrets, addresses, people's data.

Our own code does not log them. Exceptions of libraries quote what they were given.
"""

import re

HIDDEN = "[…]"
PATTERNS = [
    # mongodb://user:password@host, smtp://… and the like: the host stays.
    (re.compile(r"(\w[\w+.-]*://)[^\s/@\"']+@"), rf"\1{HIDDEN}@"),
    # Query strings may carry anything.
    (re.compile(r"(/[^\s?\"'<>()]*)\?[^\s\"'<>)]+"), rf"\1?{HIDDEN}"),
    (re.compile(r"[^\s@\"'<>(),;:=\[\]]+@[^\s@\"'<>(),;:\[\]]+\.[A-Za-z]{2,}"), HIDDEN),
    (re.compile(r"\bseg_[A-Za-z0-9_-]{8,}"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (
        re.compile(
            r"(?i)([\"']?\b(?:\w*password|passwd|pwd|clave|\w*secret\w*|\w*token|sessionid)\b"
            r"[\"']?\s*[=:]\s*)(?:'[^']*'|\"[^\"]*\"|[^\s,;&)}]+)"
        ),
        rf"\1{HIDDEN}",
    ),
    # What MongoDB quotes of a document that it refuses.
    (re.compile(r"(dup key: )\{.*?\}"), rf"\1{HIDDEN}"),
    (re.compile(r"(['\"]keyValue['\"]: )\{.*?\}"), rf"\1{HIDDEN}"),
    # gunicorn: who sent something that is no request, and the address of one that broke off.
    (re.compile(r"\bip=\S+"), f"ip={HIDDEN}"),
    (re.compile(r"(Error handling request) \S+"), r"\1"),
]


def scrub(text: str) -> str:
    """Return a text of a log without credentials, query strings, tokens and e-mail addresses."""
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text
