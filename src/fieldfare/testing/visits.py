"""A visit of a real browser to the console: its page, and everything it complained of."""

from dataclasses import dataclass

from playwright.sync_api import Page

from fieldfare.testing.sites import PASSWORD


@dataclass(frozen=True, slots=True)
class Visit:
    """complaints: what the console said and what scripts threw, content security included."""

    page: Page
    address: str
    complaints: list[str]

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def sign_in(self, name: str) -> None:
        self.open("/sign-in")
        self.page.fill("input[name=name]", name)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)
