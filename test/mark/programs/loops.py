"""Like ring.py, but closes the ring behind it when both of its successors have died, and has a helper."""
import subprocess
import sys

import ring


class Peer(ring.Peer):
    patience = 1

    def bury(self, dead):
        try:
            super().bury(dead)
        except OSError:
            self.pair(self.before_me(), self.id)


# One that outlives its parent, in a session of its own. The word finds it again.
sleeper = [sys.executable, "-c", "import time; time.sleep(300)", sys.argv.pop(1)]
subprocess.Popen(sleeper, start_new_session=True)
ring.main(Peer)
