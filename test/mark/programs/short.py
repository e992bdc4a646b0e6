"""Like ring.py, but with words of its own, and it forgets some."""
import ring


def say(line):
    # Never said.
    if "has been sent" in line and "The file" in line:
        return
    # Said otherwise: case, a prompt and a full stop are no matter, but a wrong word is.
    line = line.replace("is stored here", "is kept here")
    print(f"> {line.upper()}.")


ring.say = say
ring.main()
