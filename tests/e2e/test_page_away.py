"""The page while nobody looks at it, or it cannot be reached."""

import time

from tests.e2e.browsing import PHONE, PageCase, Window
from tests.e2e.running import HOST, PASSWORD, wait_until
from tests.e2e.sending import Sender


class AwayTests(PageCase):
    """Whoever was elsewhere misses nothing."""

    def numbers(self, window: Window) -> list[int]:
        """The numbers that a robot said, as the page shows them."""
        said = [text.split() for text in window.messages()]
        return [int(words[1]) for words in said if words[0] == "number"]

    def test_long(self) -> None:
        """
        Who missed more than is sent at once sees what was last said; the rest comes on
        reading up, without a gap and nothing twice.
        """
        self.start("--limits-throttle=false")
        cable = self.cable()
        ann = self.window(cable=cable)
        ann.enter("ann", "register")
        ann.say("before")
        ann.wait(lambda: not ann.text(".sending"), "it is not sent")
        cable.cut()
        ann.find("#banner")
        many = 2_100
        robot = Sender(self.port, many, 10_000)
        wait_until(lambda: robot.said == many, lambda: f"only {robot.said} were said")
        cable.mend()
        ann.js("document.getElementById('now').click()")
        ann.come_in()
        ann.expect(f"number {many - 1}")
        for _ in range(4):
            first = self.numbers(ann)[0]
            ann.js("document.getElementById('log').scrollTop = 0")
            ann.wait(lambda was=first: self.numbers(ann)[0] < was, "no more comes")
        shown = self.numbers(ann)
        self.assertEqual(shown, [*range(shown[0], many)])

        ann.click("#search")
        ann.fill("#dialog input", "before")
        ann.press("\n", selector="#dialog input")
        ann.click("#dialog .row")
        ann.expect("number 9")
        messages = ann.messages()
        at = messages.index("before")
        self.assertEqual(
            messages[at : at + 11], ["before", *(f"number {n}" for n in range(10))]
        )
        self.assert_sound(ann)

    def test_notified(self) -> None:
        """Who allows it is told by the browser of what is for them, and no more."""
        self.start()
        ann = self.window()
        ann.enter("ann")
        ann.js(_NOTIFICATIONS, "denied")
        ann.click("#account")
        ann.click("#notify")
        ann.expect("does not allow it", "#dialog")
        self.assertFalse(ann.js("return document.getElementById('notify').checked"))
        ann.js(_NOTIFICATIONS, "granted")
        ann.click("#notify")
        ann.wait(lambda: ann.js("return localStorage['chatd-notify'] === 'on'"), "off")
        ann.click("#dialog [aria-label=Close]")
        cho = self.nc("cho")
        cho.type("ann: she is looking")
        ann.expect("she is looking")
        ann.js("document.hasFocus = () => false")
        cho.type("for all", "ann: are you there?", "/msg ann psst")
        ann.expect("cho\n1", "#talks")
        self.assertEqual(
            ann.js("return self.shown"),
            [["cho in #lobby", "ann: are you there?"], ["cho", "psst"]],
        )
        ann.js("self.last.onclick()")
        ann.expect("psst")
        self.assert_sound(ann)

    def test_saved(self) -> None:
        """The log of a room is saved as text, all of it."""
        self.start("--limits-throttle=false")
        robot = Sender(self.port, 300, 3_000)
        wait_until(lambda: robot.said == 300, lambda: f"{robot.said} of 300 are said")
        cho = self.nc("cho")
        cho.type("/me waves")
        ann = self.window()
        ann.enter("ann")
        folder = str(self.folder)
        ann.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)
        ann.click("#log-file")
        path = self.folder / "lobby.txt"
        wait_until(path.exists, lambda: "it is not saved")
        lines = path.read_text().splitlines()
        stamp = r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] "
        for number in range(300):
            self.assertRegex(lines[number], f"{stamp}robot: number {number}$")
        self.assertRegex(lines[300], rf"{stamp}\* cho waves$")
        self.assertEqual(len(lines), 301)

    def test_elsewhere(self) -> None:
        """What is read in one browser is not unread in another."""
        self.start()
        windows = desk, phone = self.window(), self.window(PHONE)
        desk.enter("ann", "register")
        phone.enter("ann", "login")
        for window in windows:
            window.say("/join ops")
            window.expect("#ops", "#title")
        cho = self.nc("cho")
        cho.type("news", "ann: really")
        for window in windows:
            window.wait(lambda w=window: w.driver.title.startswith("(1) "), "not told")
        desk.click("#rooms li:first-child button")
        desk.expect("ann: really")
        phone.wait(lambda: phone.driver.title.startswith("#ops"), phone.driver.title)
        self.assert_sound(*windows)

    def test_tabs(self) -> None:
        """Who logs out in one tab of a browser is out in the others."""
        self.start()
        ann = self.window()
        ann.enter("ann", "register")
        (first,) = ann.driver.window_handles
        ann.driver.switch_to.new_window("tab")
        try:
            ann.go(self.address)
            ann.come_in()
            ann.click("#account")
            ann.click("#dialog section:last-child button")
            ann.find("#name")
        finally:
            ann.driver.close()
            ann.driver.switch_to.window(first)
        ann.find("#name")
        self.assertEqual(ann.text("#log"), "")
        ann.enter("ann", "login")
        self.assert_sound(ann)

    def test_new_password(self) -> None:
        """
        Who changes the password comes back after a cut all the same; so does another
        tab of the browser, which throws nobody out.
        """
        self.start()
        cable = self.cable()
        ann = self.window(cable=cable)
        ann.enter("ann", "register")
        (first,) = ann.driver.window_handles
        ann.driver.switch_to.new_window("tab")
        second = ann.driver.current_window_handle
        try:
            ann.go(f"http://{HOST}:{cable.port}/")
            ann.come_in()
            ann.driver.switch_to.window(first)
            ann.click("#account")
            ann.fill("#password-current-password", PASSWORD)
            ann.fill("#password-new-password", "another-good-secret")
            ann.press("\n", selector="#password-new-password")
            ann.expect("It is changed", "#dialog")
            ann.click("#dialog [aria-label=Close]")
            ann.driver.switch_to.window(second)
            ann.expect("was changed", "#banner")
            ann.click("#now")
            ann.come_in()
            ann.expect("ann", "#account")
        finally:
            ann.driver.close()
            ann.driver.switch_to.window(first)
        cable.cut()
        ann.find("#banner")
        cable.mend()
        ann.click("#now")
        ann.come_in()
        ann.say("here again")
        ann.wait(lambda: not ann.text(".sending"), "it is not sent")
        self.assert_sound(ann)

    def test_cut_while_sending(self) -> None:
        """
        What was said when the connection broke is said once, as /me as well; where
        nothing is kept one is told that it may have been.
        """
        self.start()
        ann = self.window()
        ann.enter("ann")
        cho = self.nc("cho")
        ann.js(_CUT_AFTER, "kite")
        for line in ("flies a kite", "/me has a kite"):
            ann.say(line)
            ann.find("#now").click()
            ann.come_in()
            ann.wait(lambda: not ann.text(".state"), "it is not sent")
        cho.expect("* ann has a kite\r\n")
        ann.say("the end")
        cho.expect("ann: the end\r\n")
        self.assertEqual(cho.heard.count("a kite"), 2)
        self.assertEqual(ann.text("#log").count("a kite"), 2)
        ann.say("/join ops")
        ann.expect("#ops", "#title")
        ann.say("/history off")
        ann.expect("what is said is not kept", "#topic")
        ann.say("another kite")
        ann.find("#now").click()
        ann.expect("Perhaps not sent: look before you retry.", ".failed")
        self.assert_sound(ann)

    def test_next_guest(self) -> None:
        """
        What is said in private with a guest ends when the guest leaves: the next of
        that name is somebody else, and is told nothing of it.
        """
        self.start()
        ema = self.window()
        ema.enter("ema", "register")
        harry = self.nc("harry")
        harry.type("/pm ema it is me")
        ema.click("#talks button")
        ema.expect("it is me")
        ema.say("good to hear")
        harry.expect("good to hear")
        harry.type("/quit")
        ema.expect("harry has left", "#log")
        ema.expect("harry was a guest and has left", "#topic")
        ema.wait(lambda: ema.js("return text.matches(':disabled')"), "one can write")
        other = self.nc("harry")
        other.type("/pm ema hello there")
        ema.expect("harry\n1", "#talks")
        self.assertEqual(ema.messages(), ["it is me", "good to hear"])
        self.assertTrue(ema.js("return text.matches(':disabled')"))
        self.assertEqual(ema.text("#talks .name").split(), ["harry", "harry"])
        ema.js("[...document.querySelectorAll('#talks .name')].at(-1).click()")
        ema.expect("hello there")
        self.assertEqual(ema.messages(), ["hello there"])
        ema.say("who are you?")
        other.expect("who are you?")
        self.assertNotIn("good to hear", other.heard)

        ema.click("#search")
        ema.fill("#dialog input", "good to hear")
        ema.press("\n", selector="#dialog input")
        ema.click("#dialog .row")
        ema.expect("good to hear", ".found")
        self.assertEqual(ema.messages(), ["it is me", "good to hear"])

        ema.wait(lambda: not ema.text(".state"), "it is not sent")
        time.sleep(1.8)  # what was read is told a moment later
        ema.driver.refresh()
        ema.come_in()
        ema.click("#talks button")
        ema.expect("who are you?")
        self.assertEqual(ema.messages(), ["hello there", "who are you?"])
        self.assertEqual(ema.text("#talks .name").split(), ["harry"])
        other.type("/quit")
        ema.expect("harry has left", "#log")
        ema.click("#rooms button")
        third = self.nc("harry")
        third.type("/pm ema the third", "/quit")
        ema.expect("harry\n1", "#talks")
        ema.driver.refresh()
        ema.come_in()
        ema.click("#talks button")
        ema.expect("the third")
        self.assertEqual(ema.messages(), ["the third"])
        self.assertTrue(ema.js("return text.matches(':disabled')"))
        self.assert_sound(ema)

    def test_turned(self) -> None:
        """Who reads the latest words still sees them when the phone is turned."""
        self.start("--limits-throttle=false")
        robot = Sender(self.port, 60, 3_000)
        wait_until(lambda: robot.said == 60, lambda: f"{robot.said} of 60 are said")
        ann = self.window(PHONE)
        ann.enter("ann")
        ann.say("long " * 100)
        ann.wait(lambda: not ann.text(".sending"), "it is not sent")
        below = (
            "const log = document.getElementById('log');"
            "return log.scrollHeight - log.scrollTop - log.clientHeight"
        )
        for size in ((844, 390), PHONE, (700, 500), PHONE):
            ann.look(size)
            ann.wait(lambda: ann.js(below) < 5, f"it is hidden at {size}")
        ann.js("document.getElementById('log').scrollBy(0, -300)")
        ann.find("#down")
        ann.look((844, 390))
        ann.find("#down")


# The connection breaks when a word was sent.
_CUT_AFTER = """
const [word] = arguments;
const { send } = WebSocket.prototype;
WebSocket.prototype.send = function (data) {
  send.call(this, data);
  const { do: what, line, text } = JSON.parse(data);
  if (/say|command/.test(what) && (line ?? text).includes(word)) {
    if ((self.cuts ??= new Set()).has(line ?? text)) return;
    self.cuts.add(line ?? text);
    this.close();
  }
};
"""

_NOTIFICATIONS = """
const [answer] = arguments;
self.shown = [];
self.Notification = class {
  static permission = answer;
  static requestPermission = async () => answer;
  constructor(title, { body }) {
    self.shown.push([title, body]);
    self.last = this;
  }
  close() {}
};
"""
