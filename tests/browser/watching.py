"""What goes wrong on a page without anybody asking: errors, refused resources, exceptions."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import Page

# A policy violation is an error of the console only in some cases: here always.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@dataclass
class Watch:
    """Collects the problems of pages; a test says before which it provokes."""

    seen: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Listen to what this page says from now on."""
        page.add_init_script(REPORT_VIOLATIONS)
        page.on("pageerror", lambda error: self.seen.append(f"exception: {error}"))
        page.on(
            "console",
            lambda message: (
                self.seen.append(f"{message.type}: {message.text}")
                if message.type in {"error", "warning"}
                else None
            ),
        )

    def expect(self, pattern: str) -> None:
        """Accept problems that match, for instance the 503 that a test provokes."""
        self.expected.append(pattern)

    def problems(self) -> list[str]:
        """Return what nobody expected."""
        return [
            said for said in self.seen if not any(re.search(one, said) for one in self.expected)
        ]
