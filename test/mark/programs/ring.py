"""The assignment's ring as a student might hand it in: pings by UDP, all else by TCP, a thread for each."""
import os
import socket
import sys
import threading
import time

HOST, BASE = "127.0.0.1", 12000


def say(line):
    print(line)


class Peer:
    patience = 3

    def __init__(self, peer, interval):
        self.id, self.interval = peer, interval
        self.next, self.before, self.heard = [], [], {}
        self.lock = threading.RLock()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((HOST, BASE + peer))
        self.tcp = socket.socket()
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind((HOST, BASE + peer))
        self.tcp.listen(64)

    def run(self, typed):
        for work in (self.answer, self.listen, self.ping):
            threading.Thread(target=work, daemon=True).start()
        for line in typed:
            self.typed(line.split())
        threading.Event().wait()

    # Pings, and what their absence says.

    def ping(self):
        while len(self.next) < 2:
            time.sleep(0.02)
        while True:
            with self.lock:
                first, second = self.next
                say(f"Ping requests sent to Peers {first} and {second}")
                for place, peer in enumerate(self.next):
                    self.udp.sendto(f"ping {self.id} {place}".encode(), (HOST, BASE + peer))
                patience = max(self.patience, 3 * self.interval)
                dead = [p for p in self.next if time.time() - self.heard.get(p, time.time()) > patience]
            if dead:
                self.bury(dead[0])
            time.sleep(self.interval)

    def answer(self):
        while True:
            try:
                kind, peer, place = self.udp.recvfrom(1024)[0].decode().split()
            except ConnectionError:
                continue
            peer = int(peer)
            if kind == "ping":
                say(f"Ping request message received from Peer {peer}")
                if peer not in self.before:
                    self.before = (self.before + [peer])[-2:]
                self.udp.sendto(f"pong {self.id} {place}".encode(), (HOST, BASE + peer))
            else:
                say(f"Ping response received from Peer {peer}")
                self.heard[peer] = time.time()

    def bury(self, dead):
        other = [peer for peer in self.next if peer != dead][0]
        say(f"Peer {dead} is no longer alive")
        if dead == self.next[0]:
            self.pair(other, int(self.ask(other, "first")))
        else:
            # It may not have noticed yet.
            while (after := int(self.ask(other, "first"))) == dead:
                time.sleep(0.05)
            self.pair(other, after)

    def pair(self, first, second, words="My new"):
        with self.lock:
            self.next, self.heard = [first, second], {}
        say(f"{words} first successor is Peer {first}")
        say(f"{words} second successor is Peer {second}")

    # Messages: one line to a connection, and perhaps one back.

    def ask(self, peer, *words):
        with socket.create_connection((HOST, BASE + peer), 5) as link:
            link.sendall((" ".join(map(str, words)) + "\n").encode())
            return link.makefile().readline().strip()

    def listen(self):
        while True:
            link, _ = self.tcp.accept()
            threading.Thread(target=self.serve, args=(link,), daemon=True).start()

    def serve(self, link):
        with link, link.makefile("rwb") as stream:
            kind, *words = stream.readline().decode().split()
            if kind == "first":
                stream.write(f"{self.next[0]}\n".encode())
                return
            stream.write(b"ok\n")
            stream.flush()
            if kind == "file":
                self.take(words[0], int(words[1]), stream)
            else:
                getattr(self, kind)(*words)

    def owns(self, key):
        start = self.before_me()
        return start < key <= self.id or (start >= self.id and (key > start or key <= self.id))

    def before_me(self):
        return min(self.before, key=lambda peer: (self.id - peer) % 256)

    def typed(self, words):
        if not words:
            return
        if words[0].lower() == "quit":
            for peer in self.before:
                self.ask(peer, "departed", self.id, *self.next)
            os._exit(0)
        {"store": self.store, "request": self.asked}[words[0].lower()](words[1])

    def departed(self, peer, first, second):
        say(f"Peer {peer} will depart from the network")
        if self.next[0] == int(peer):
            self.pair(int(first), int(second))
        else:
            self.pair(self.next[0], int(first))

    def store(self, file):
        if self.owns(int(file) % 256):
            say(f"Store {file} request accepted")
        else:
            say(f"Store {file} request forwarded to my successor")
            self.ask(self.next[0], "store", file)

    def asked(self, file):
        say(f"File request for {file} has been sent to my successor")
        self.ask(self.next[0], "request", file, self.id)

    def request(self, file, origin):
        if not self.owns(int(file) % 256):
            say(f"Request for File {file} has been received, but the file is not stored here")
            self.ask(self.next[0], "request", file, origin)
            return
        say(f"File {file} is stored here")
        say(f"Sending file {file} to Peer {origin}")
        with open(f"{file}.pdf", "rb") as source:
            content = source.read()
        with socket.create_connection((HOST, BASE + int(origin))) as link:
            link.sendall(f"file {file} {self.id}\n".encode())
            link.makefile().readline()
            link.sendall(content)
        say("The file has been sent")

    def take(self, file, peer, stream):
        say(f"Peer {peer} had File {file}")
        say(f"Receiving File {file} from Peer {peer}")
        with open(f"received_{file}.pdf", "wb") as target:
            target.write(stream.read())
        say(f"File {file} received")

    def enter(self, peer):
        peer = int(peer)
        last = self.next[0] < self.id
        if not (self.id < peer < self.next[0] or last and (peer > self.id or peer < self.next[0])):
            say(f"Peer {peer} Join request forwarded to my successor")
            self.ask(self.next[0], "enter", peer)
            return
        say(f"Peer {peer} Join request received")
        after = self.next
        self.pair(peer, after[0])
        self.ask(self.before_me(), "change", self.id, peer)
        self.ask(peer, "accepted", *after)

    def change(self, first, second):
        say("Successor Change request received")
        self.pair(int(first), int(second))

    def accepted(self, first, second):
        say("Join request has been accepted")
        self.pair(int(first), int(second), "My")


def main(kind=Peer):
    command, peer, *others, interval = sys.argv[1:]
    me = kind(int(peer), float(interval))
    if command == "init":
        me.next = [int(other) for other in others]
    else:
        threading.Timer(0.1, lambda: me.ask(int(others[0]), "enter", me.id)).start()
    me.run(sys.stdin)


if __name__ == "__main__":
    main()
