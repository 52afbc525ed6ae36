"""The bot of the documentation, the real server, and what may happen to it."""

import os
import signal
import sys
from pathlib import Path

from tests.e2e.running import HOST, Program, ServerCase

# 1,000 take a minute more: CHATD_TEST_QUESTIONS=1000.
QUESTIONS = int(os.environ.get("CHATD_TEST_QUESTIONS", "80"))

ASKER = Path(__file__).with_name("asker.py")
DOCUMENT = Path(__file__).parents[2] / "docs" / "extending.rst"


class BotTests(ServerCase):
    """Nothing is lost, and nothing is answered twice."""

    def python(self, *words: str) -> Program:
        """Run a program that is a client."""
        config = {"XDG_CONFIG_HOME": str(self.folder / "config")}
        return self.run_it(sys.executable, *words, environ=config)

    def bot(self) -> Program:
        """The bot, as it stands in the document."""
        lines = DOCUMENT.read_text("utf-8").split(".. timebot.py\n\n::\n\n")[1]
        body = lines.split("\n\nRun it with")[0]
        source = "".join(line[4:] + "\n" for line in body.splitlines())
        (self.folder / "timebot.py").write_text(source, "utf-8")
        where = f"{HOST}:{self.port}"
        return self.python("timebot.py", where, "--memory", "timebot.memory")

    def test_killed(self) -> None:
        """The server is killed, and then the bot: each question has one answer."""
        server = self.start("--limits-throttle=false")
        cho = self.enter("cho")
        bot = self.bot()
        cho.expect("timebot has joined the chat.")
        self.enter("dan").expect("timebot: Hello dan! Ask me for the time with !time.")
        asker = self.python(str(ASKER), f"{HOST}:{self.port}", str(QUESTIONS))
        asker.expect("asking")
        asker.expect("a quarter")
        server.process.send_signal(signal.SIGKILL)
        server.end()
        server = self.start("--limits-throttle=false")
        # The bot, too, once it is back and answers.
        cho = self.enter("cho")
        cho.expect("timebot: It is ")
        bot.process.kill()
        bot.end()
        bot = self.bot()
        asker.expect("heard ")
        self.assertEqual(asker.expect("\n").strip(), f"{QUESTIONS}, kept {QUESTIONS}")
        self.assertEqual(asker.end(), 0)
