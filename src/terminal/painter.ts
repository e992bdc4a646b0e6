/**
 * A terminal that is painted on as a whole: frames of lines on its second screen, each over the one before. What it
 * was like comes back at the end, and at the end of this process whatever ends it: of one that was killed, a small
 * shell that waits beside it sees to that. Only what shows a live view loads this.
 */
import { writeSync } from "node:fs";
import ansi from "ansi-escapes";
import { createLogUpdate } from "log-update";
import { outlive } from "./tty.ts";

const ENTER =
  ansi.enterAlternativeScreen + ansi.cursorHide + ansi.eraseScreen + ansi.cursorTo(0, 0);
const LEAVE = ansi.endSynchronizedOutput + ansi.cursorShow + ansi.exitAlternativeScreen;

export class Painter {
  private update = createLogUpdate(process.stdout, { showCursor: true });
  private isOn = false;
  private guard: Guard | null = null;
  private readonly onExit = (): void => this.leave();

  /** Takes the terminal: the second screen, without a cursor, and each key as it is pressed. */
  enter(): void {
    if (this.isOn) return;
    this.isOn = true;
    outlive(process.stdin);
    const saved = modes();
    process.stdin.setRawMode(true);
    this.guard ??= guardOf(saved, modes());
    process.on("exit", this.onExit);
    process.on("uncaughtExceptionMonitor", this.onExit);
    write(ENTER);
  }

  /** @param lines not wider than the terminal, and fewer than it has rows */
  paint(lines: readonly string[]): void {
    if (this.isOn) this.update(lines.join("\n"));
  }

  /** The terminal has another size: nothing of what is on it is where it was. */
  reset(): void {
    if (!this.isOn) return;
    this.update = createLogUpdate(process.stdout, { showCursor: true });
    write(ansi.eraseScreen + ansi.cursorTo(0, 0));
  }

  /** Gives the terminal back for a while, as for Ctrl-Z. */
  leave(): void {
    if (!this.isOn) return;
    this.isOn = false;
    process.off("exit", this.onExit);
    process.off("uncaughtExceptionMonitor", this.onExit);
    process.stdin.setRawMode(false);
    write(LEAVE);
    this.update = createLogUpdate(process.stdout, { showCursor: true });
  }

  /** Gives it back for good. */
  close(): void {
    this.leave();
    this.guard?.dismiss();
    this.guard = null;
  }
}

/** At once, so that it is out before whatever comes next. */
function write(text: string): void {
  try {
    writeSync(1, text);
  } catch {
    // It is gone, or takes no more: the next frame, or nobody, will miss it.
  }
}

/** How the terminal takes what is typed, in the words of stty(1); empty where that cannot be told. */
function modes(): string {
  try {
    const { stdout } = Bun.spawnSync(["stty", "-g"], { stdin: "inherit", stderr: "ignore" });
    return stdout.toString().trim();
  } catch {
    return "";
  }
}

type Guard = { dismiss(): void };

/**
 * It reads until this process ends. If that was not its wish, the screen is given back; the modes too, unless somebody
 * has set them since, as many shells do.
 */
const GUARD = `exec 3<&1
read -r word
[ "$word" = over ] && exit
printf %s "$3"
[ "$(stty -g <&3)" = "$2" ] && stty "$1" <&3
printf '%s\\r\\n' "p2p was killed; the terminal is as it was."`;

/** A shell in a session of its own, so that nothing that is pressed here ends it. */
function guardOf(saved: string, raw: string): Guard | null {
  if (saved === "") return null;
  try {
    const shell = Bun.spawn(["sh", "-c", GUARD, "p2p-guard", saved, raw, LEAVE], {
      stdin: "pipe",
      stdout: "inherit",
      stderr: "ignore",
      detached: true,
    });
    shell.unref();
    return {
      dismiss: () => {
        shell.stdin.write("over\n");
        void shell.stdin.end();
      },
    };
  } catch {
    return null;
  }
}
