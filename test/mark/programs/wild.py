"""Does what no program should. What it does is the first word, or goes by the peer, for "each"."""
import os
import signal
import subprocess
import sys
import time

kind, peer = sys.argv[1], sys.argv[4]
EACH = {"2": "hangs", "4": "forks", "5": "floods", "8": "fills", "9": "unended", "14": "ends", "19": "kills"}
if kind == "each":
    kind = EACH.get(peer, "hangs")
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)

if kind == "floods":
    while True:
        sys.stdout.write(f"Ping requests sent to Peers {peer} and {time.time()}\n" * 1000)
elif kind == "forks":
    # Out of its session, with nothing left of its environment, its parent gone. The word finds it again.
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            sleeper = [sys.executable, "-c", "import time; time.sleep(300)", sys.argv[2]]
            subprocess.Popen(sleeper, env={}, start_new_session=True, cwd="/")
            os._exit(0)
# At pipes it is only silent: which of the two is noticed first is not to be left to the machine.
elif kind == "bursts" and peer == "2" and sys.stdout.isatty():
    for _ in range(9):
        os.fork()
elif kind == "fills":
    with open("filled", "wb") as target:
        while True:
            target.write(b"x" * 1_000_000)
elif kind == "ends":
    sys.exit(f"peer {peer}: no idea what to do")
elif kind == "kills":
    subprocess.call(["pkill", "-9", "-f", "p2p mark"])
elif kind == "unended":
    sys.stdout.write("Ping requests sent to Peers 14 and 19")
    sys.stdout.flush()
time.sleep(300)
